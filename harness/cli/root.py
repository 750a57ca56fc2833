"""The root of the command line, and the one door through which every error and exit code goes."""

from __future__ import annotations

import importlib
import os
import sys
import traceback
from collections.abc import Sequence

import click

from harness import __version__
from harness.errors import ExitCode, HarnessError

COMMANDS = {
    "test": "Test detections: validation, unit, integration.",
    "validate": "Check detections by the static rules only.",
    "explain": "Show where a detection's search loses its rows.",
    "search": "Run SPL over files.",
    "replay": "Send datasets to a Splunk.",
    "fields": "Show what Splunk extracts from a dataset.",
    "serve": "Run the embedded Splunk.",
    "new": "Write the first files of a detection.",
    "lock": "Pin the content of every dataset.",
    "gate": "Decide whether what changed may be released.",
    "record": "Store a Splunk's answers as conformance pages.",
    "parity": "Compare what two Splunks make of the same tests.",
    "up": "Start a Splunk in a container.",
    "list": "List the containers.",
    "down": "Remove the containers.",
    "bake": "Make an image with the apps installed.",
    "report": "Merge run records and write reports.",
    "bench": "Measure how fast the embedded Splunk is here.",
    "version": "Say the version, and what the engine's fidelity rests on.",
}
"""Every subcommand in the order ``--help`` lists them; ``harness/cli/<name>.py`` holds it as ``command``."""


class LazyGroup(click.Group):
    """Lists its commands without importing them."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click calls it so
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click calls it so
        if cmd_name not in COMMANDS:
            return None
        command = importlib.import_module(f"harness.cli.{cmd_name}").command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click calls it so
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 passed, 1 failed, 2 usage or unreadable content, 3 no Splunk, 4 undecided, 130 stopped.",
)
@click.version_option(__version__, prog_name="harness")
def root() -> None:
    """Test Splunk detections: replay attack data, run the search over REST, judge what comes back.

    No Splunk is needed: without --backend the built-in engine answers.
    """


def run(arguments: Sequence[str]) -> int:
    """Run the command line and return its exit code; nothing but a debug run lets an exception out."""
    debug = bool(os.environ.get("HARNESS_DEBUG")) or "-vv" in arguments
    try:
        code = root.main(list(arguments), prog_name="harness", standalone_mode=False)
    except (KeyboardInterrupt, click.Abort):
        return _say("stopped", ExitCode.INTERRUPTED)
    except click.ClickException as error:
        error.show()
        return ExitCode.USAGE
    except HarnessError as error:
        if debug:
            traceback.print_exc()
        return _say(str(error), error.exit_code)
    except BrokenPipeError:
        # The reader went away (harness ... | head). Python would complain again when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.OK
    except Exception as error:  # noqa: BLE001 - the outermost door: a defect of ours is one line too, unless asked for more
        if debug:
            traceback.print_exc()
        return _say(f"internal error: {error!r}\nHARNESS_DEBUG=1 shows where", ExitCode.UNDECIDED)
    return code if isinstance(code, int) else ExitCode.OK


def _say(text: str, code: ExitCode) -> ExitCode:
    click.echo(f"harness: {text}", err=True)
    return code
