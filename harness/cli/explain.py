"""``harness explain DETECTION``: where a search loses its rows, and what came nearest."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli.backends import app_option, backend_option, locator_options, read_content, root_option
from harness.cli.common import exit_code, is_terminal
from harness.errors import FilePlace, UsageError
from harness.wording import counted

if TYPE_CHECKING:
    from harness.content import Content, Detection
    from harness.runner.explaining import Explanation
    from harness.runner.subject import PlannedTest

SHOWN = 100
"""Characters of a command that are shown."""


@click.command("explain")
@click.argument("detection", metavar="DETECTION")
@backend_option
@app_option
@root_option
@locator_options
def command(
    detection: str, backend: str, apps: tuple[Path, ...], root: Path | None, data_root: Path | None, offline: bool
) -> int:
    """Run the unit tests of DETECTION, a file or a name, and show the rows after each command of its search.

    Where nothing is found: how many rows each clause of the command left that dropped the last, and the values that
    came nearest to it.
    """
    from harness.replay.download import Downloads
    from harness.runner.explaining import explain
    from harness.runner.plan import plan_run
    from harness.runner.record import Level, Status, Summary
    from harness.runner.setup import Setup

    path = Path(detection)
    content = read_content([path] if path.exists() else [], root)
    found = content.detections[0] if path.is_file() and content.detections else _named(content, detection)
    plan = [test for test in plan_run(content, levels=[Level.UNIT], named=[found.file]) if _is_of(test, found)]
    indexes = tuple(sorted({data.index for test in plan for data in test.all_data() if data.index}))
    setup = Setup(content, backend, apps, indexes, Downloads(offline=offline), data_root)
    tools = setup.tools()
    statuses = []
    try:
        if any(test.needs_backend for test in plan):
            tools.backend.start()
        for test in plan:
            if test.skip or test.unreadable:
                click.echo(f"{test.subject.name}: not run: {test.skip or test.unreadable}")
                statuses.append(Status.SKIP if test.skip else Status.ERROR)
                continue
            explanation = explain(test, tools)
            _show(test, explanation)
            statuses.append(explanation.result.status)
    finally:
        tools.backend.stop()
    return exit_code(
        Summary(
            statuses.count(Status.PASS),
            statuses.count(Status.FAIL),
            statuses.count(Status.ERROR),
            statuses.count(Status.SKIP),
        )
    )


def _is_of(test: PlannedTest, detection: Detection) -> bool:
    return test.subject.path == detection.file


def _named(content: Content, name: str) -> Detection:
    """The detection of that name, or whose file is called so; a part of a name will do if it is of only one."""
    wanted = name.lower()
    exact = [each for each in content.detections if wanted in {each.name.lower(), each.file.stem.lower()}]
    found = exact or [each for each in content.detections if wanted in each.name.lower()]
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(each.name for each in found[:5])
        raise UsageError(f"{len(found)} detections are called like {name!r}: {names}", hint="name its file")
    from difflib import get_close_matches

    near = get_close_matches(name, [each.name for each in content.detections], 3, 0.5)
    hint = f"did you mean {', '.join(near)}?" if near else "give its name as in the YAML, or its file"
    raise UsageError(f"no detection is called {name!r}", where=FilePlace(content.root), hint=hint)


def _show(test: PlannedTest, explanation: Explanation) -> None:
    result = explanation.result
    click.echo(click.style(f"{test.subject.name}: {test.name}", bold=is_terminal()))
    for item in result.datasets:
        click.echo(
            f"  {counted(item.events, 'event')} from {item.data}, source {item.source}, sourcetype {item.sourcetype}"
        )
    stages = [(stage.rows, text) for stage, text in zip(result.stages, explanation.commands, strict=False)]
    if stages:
        click.echo("\nrows after each command:")
        _table(stages)
    if explanation.steps:
        click.echo("\nrows after each clause of the command that left none:")
        _table([(step.rows, step.clause) for step in explanation.steps])
    for misses in explanation.misses:
        if misses.values:
            click.echo(f"\nnearest values of {misses.field} among the rows before it:")
            _table([(rows, value) for value, rows in misses.values])
        else:
            alike = f"; fields with names like it: {', '.join(misses.alike)}" if misses.alike else ""
            click.echo(f"\nno row before it has the field {misses.field}{alike}")
    click.echo(f"\n{result.status.value}: {result.reason or counted(result.result_count, 'row')}\n")


def _table(rows: list[tuple[int, str]]) -> None:
    width = max(len(str(count)) for count, _ in rows)
    for count, text in rows:
        click.echo(f"  {count:>{width}}  {text if len(text) <= SHOWN else text[:SHOWN] + '…'}")
