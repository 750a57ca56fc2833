"""``harness validate``: the static rules only."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli.backends import app_option, load_knowledge, read_content, root_option
from harness.errors import ExitCode, FilePlace, UsageError

if TYPE_CHECKING:
    from harness.content import Content, Problem

SCHEMA = 1


@click.command("validate")
@click.argument("paths", nargs=-1, metavar="[PATH]...", type=click.Path(path_type=Path))
@app_option
@root_option
@click.option(
    "--report", "reports", multiple=True, metavar="json=FILE", help="Write the findings. May be given several times."
)
@click.option("-q", "--quiet", is_flag=True, help="Print the summary only.")
def command(
    paths: tuple[Path, ...], apps: tuple[Path, ...], root: Path | None, reports: tuple[str, ...], quiet: bool
) -> int:
    """Check the detections under PATH (default: all of the content) by the static rules.

    A rule can be switched off in a detection, with a reason: harness: {ignore: {rule-id: reason}}.
    """
    from harness.validation.validate import validate

    files = [_json_file(text) for text in reports]
    content = read_content(paths, root)
    if not content.detections and not content.problems:
        raise UsageError("no detection is there", where=FilePlace(paths[0] if paths else content.root))
    problems = validate(content, load_knowledge(apps, content))
    if not quiet:
        for problem in problems:
            click.echo(str(problem))
    errors = sum(problem.severity == "error" for problem in problems)
    click.echo(f"{len(content.detections)} detections, {errors} errors, {len(problems) - errors} warnings")
    for file in files:
        _write(problems, content, file)
    return _code(problems, content)


def _code(problems: list[Problem], content: Content) -> ExitCode:
    """As for tests: what is wrong outweighs what nobody can read, and that outweighs what we cannot decide."""
    from harness.runner.plan import broken_files
    from harness.runner.rules import UNSUPPORTED

    broken = broken_files(content)
    errors = [problem for problem in problems if problem.severity == "error" and problem.file not in broken]
    if any(problem.rule != UNSUPPORTED for problem in errors):
        return ExitCode.FAILED
    if broken:
        return ExitCode.USAGE
    return ExitCode.UNDECIDED if errors else ExitCode.OK


def _json_file(text: str) -> Path:
    name, _, file = text.partition("=")
    if name != "json" or not file:
        raise UsageError(f"{text!r} is not json=FILE", hint="findings are written as JSON only")
    return Path(file)


def _write(problems: list[Problem], content: Content, path: Path) -> None:
    import msgspec

    from harness.runner.subjects import relative

    findings = [
        {
            "rule": problem.rule,
            "severity": problem.severity,
            "file": relative(problem.file, content.root),
            "line": problem.line,
            "message": problem.message,
        }
        for problem in problems
    ]
    document = msgspec.json.format(msgspec.json.encode({"schema": SCHEMA, "findings": findings}), indent=2)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(document + b"\n")
    except OSError as error:
        raise UsageError(f"the report cannot be written: {error.strerror}", where=FilePlace(path)) from error
