"""``harness parity``: the same tests on two Splunks, compared."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.cli.backends import app_option, locator_options, read_content, root_option
from harness.cli.common import read_record
from harness.cli.containers import container_options, say, settings_of
from harness.cli.workers import staff_for
from harness.clock import Clock, SteppedClock, SystemClock
from harness.errors import ExitCode, FilePlace, UsageError
from harness.wording import counted

if TYPE_CHECKING:
    from harness.runner.record import RunRecord
    from harness.runner.setup import Setup
    from harness.runner.subject import PlannedTest


@click.command("parity")
@click.argument("paths", nargs=-1, metavar="DETECTION...", type=click.Path(path_type=Path))
@click.option(
    "--with",
    "other",
    required=True,
    metavar="docker|URL|RECORD",
    help="The Splunk to compare with: one in a container, one at an address, or what a run record tells of one.",
)
@click.option(
    "--backend", default="embedded", show_default=True, metavar="embedded|docker|URL", help="The Splunk to compare."
)
@container_options
@app_option
@root_option
@locator_options
def command(
    paths: tuple[Path, ...],
    other: str,
    backend: str,
    apps: tuple[Path, ...],
    root: Path | None,
    data_root: Path | None,
    offline: bool,
    **container: Any,
) -> int:
    """Run the unit and integration tests of the DETECTIONs on two Splunks and tell where they differ.

    Verdicts, numbers of events and of rows, and the rows themselves are compared, field by field. This is how faithful
    the embedded Splunk is to yours.
    """
    from harness.replay.download import Downloads
    from harness.runner.parity import compare
    from harness.runner.plan import plan_run
    from harness.runner.record import Level
    from harness.runner.setup import Setup

    content = read_content(paths, root)
    plan = plan_run(content, levels=[Level.UNIT, Level.INTEGRATION], named=[path for path in paths if path.is_file()])
    if not any(test.needs_backend for test in plan):
        raise UsageError("there is no test to compare", where=FilePlace(paths[0] if paths else content.root))
    indexes = tuple(sorted({data.index for test in plan for data in test.all_data() if data.index}))

    def setup(name: str) -> Setup:
        settings = settings_of(**container) if name == "docker" else None
        used = apps if name in {"embedded", "docker"} else ()
        return Setup(content, name, used, indexes, Downloads(offline=offline), data_root, settings)

    recorded = Path(other) if Path(other).is_file() or other.endswith(".json") else None
    theirs = read_record(recorded) if recorded is not None else None
    # So that data that is moved in time is moved to the same time on both.
    clock = SteppedClock(SystemClock().now())
    ours = _run(setup(backend), plan, clock)
    if theirs is None:
        theirs = _run(setup(other), plan, clock)
    parity = compare(ours, theirs)
    names = (_name(ours), f"{_name(theirs)}, {other}" if recorded is not None else _name(theirs))
    if not parity.compared:
        raise UsageError(f"{other} has none of these tests")
    last = None
    for item in parity.differences:
        if (item.detection, item.level, item.test) != last:
            last = (item.detection, item.level, item.test)
            click.echo(f"{item.detection} [{item.level}] {item.test}")
        click.echo(f"  {item.what} differs{f': {item.hint}' if item.hint else ''}")
        for name, value in zip(names, (item.left, item.right), strict=True):
            click.echo(f"    {name}: {value}")
    click.echo(
        f"{counted(parity.compared, 'test')} on {names[0]} and {names[1]}: {parity.compared - parity.differing} equal, "
        f"{parity.differing} different, {parity.undecided} without a verdict"
    )
    if parity.differences:
        return ExitCode.FAILED
    return ExitCode.UNDECIDED if parity.undecided else ExitCode.OK


def _run(setup: Setup, plan: list[PlannedTest], clock: Clock) -> RunRecord:
    from harness.runner.events import RunFinished
    from harness.runner.run import run

    tools = setup.tools(report=say)
    tools.clock = clock
    for event in run(plan, tools, workers=staff_for(setup, tools, plan, 1)):
        if isinstance(event, RunFinished):
            return event.record
    raise AssertionError("a run ends with its record")


def _name(record: RunRecord) -> str:
    return f"{record.backend.kind} {record.backend.version}"
