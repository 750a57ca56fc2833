"""``harness test``: validation, unit and integration tests of detections."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.cli.backends import (
    app_option,
    locator_options,
    read_content,
    root_option,
    tell_app_warnings,
)
from harness.cli.common import exit_code, report_option
from harness.cli.containers import container_options, say, settings_of
from harness.cli.selection import Selection, selection_options
from harness.cli.workers import cluster_option, staff_for, workers_option
from harness.errors import ExitCode, FilePlace, UsageError

if TYPE_CHECKING:
    from harness.content import Content
    from harness.runner.journal import Journal
    from harness.runner.record import RunRecord
    from harness.runner.setup import Setup
    from harness.runner.subject import PlannedTest

LEVELS = ("validation", "unit", "integration")


class LevelList(click.ParamType[tuple[str, ...]]):
    """Levels with commas between them."""

    name = "levels"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        names = [name.strip() for name in str(value).split(",") if name.strip()]
        for name in names:
            if name not in LEVELS:
                self.fail(f"{name!r} is no level; the levels are {', '.join(LEVELS)}", param, ctx)
        if not names:
            self.fail("no level is named", param, ctx)
        return tuple(name for name in LEVELS if name in names)


@click.command("test")
@click.argument("paths", nargs=-1, metavar="[PATH]...", type=click.Path(path_type=Path))
@click.option(
    "--backend",
    default="embedded",
    show_default=True,
    metavar="embedded|docker|URL",
    help="The Splunk to use: ours, one in a container, or an existing one at https://host:8089. Several URLs with "
    "commas between them share the tests.",
)
@click.option(
    "--level",
    "levels",
    type=LevelList(),
    default=",".join(LEVELS),
    show_default=True,
    metavar="LEVEL,...",
    help="The levels to test.",
)
@click.option("-k", "keywords", metavar="EXPR", help="Only detections that match: words with and, or, not.")
@app_option
@root_option
@locator_options
@report_option
@workers_option
@cluster_option
@selection_options
@click.option(
    "--resume", is_flag=True, help="Go on with a run that was stopped or killed: what it finished still holds."
)
@container_options
@click.option("--keep", is_flag=True, help="Leave the container running, and use it again in a later run.")
@click.option(
    "--reruns",
    type=click.IntRange(0, 10),
    default=0,
    metavar="N",
    help="Run a test that does not pass again, up to N times: one that then passes is told as flaky.",
)
@click.option("--fail-fast", is_flag=True, help="Stop at the first test that does not pass.")
@click.option("-q", "--quiet", is_flag=True, help="Print the summary only.")
@click.option("-v", "--verbose", count=True, help="Show what happens; -vv shows where an internal error comes from.")
def command(
    paths: tuple[Path, ...],
    backend: str,
    levels: tuple[str, ...],
    keywords: str | None,
    apps: tuple[Path, ...],
    root: Path | None,
    data_root: Path | None,
    offline: bool,
    reports: tuple[str, ...],
    workers: int | None,
    cluster: str | None,
    changed_since: str | None,
    shard: str | None,
    durations: Path | None,
    resume: bool,
    reruns: int,
    fail_fast: bool,
    quiet: bool,
    verbose: int,
    keep: bool,
    **container: Any,
) -> int:
    """Test the detections under PATH (default: all of the content) and print the Testing table of each."""
    from harness.cli.progress import follow
    from harness.replay.download import Downloads
    from harness.reports import LIVE, ndjson, parse_request, write
    from harness.runner.run import run
    from harness.runner.setup import Setup

    requests = [parse_request(text) for text in reports]
    content = read_content(paths, root)
    plan = _plan(content, paths, levels, keywords, data_root)
    plan, said = Selection(changed_since, shard, durations).of(plan, content, apps, data_root)
    if said:
        click.echo(f"harness: {said}", err=True)
    indexes = sorted({data.index for test in plan for data in test.all_data() if data.index})
    settings = settings_of(**container, keep=keep) if backend == "docker" else None
    setup = Setup(content, backend, apps, tuple(indexes), Downloads(offline=offline), data_root, settings)
    if apps and backend == "embedded":
        tell_app_warnings(setup.knowledge, apps)
    tools = setup.tools(report=say)
    journal = _journal(setup, resume=resume)
    staff = staff_for(setup, tools, plan, workers, cluster)
    events = run(plan, tools, workers=staff, journal=journal, shard=shard or "", fail_fast=fail_fast, reruns=reruns)
    for name, path in requests:
        if name == LIVE:
            events = ndjson.written(events, path)
    try:
        record = follow(events, quiet=quiet, verbose=bool(verbose))
    except KeyboardInterrupt:
        if journal is not None:
            click.echo("harness: --resume goes on from here", err=True)
        raise
    for name, path in requests:
        if name != LIVE:
            write(record, name, path)
    return _code(record, plan) if plan else ExitCode.OK  # what was selected was empty, and that was said


def _journal(setup: Setup, *, resume: bool) -> Journal | None:
    """None where another run over this content writes the journal, or none can: this one can then not be resumed."""
    try:
        return setup.journal(resume=resume)
    except UsageError:
        if resume:
            raise
        return None


def _plan(
    content: Content, paths: tuple[Path, ...], levels: tuple[str, ...], keywords: str | None, data_root: Path | None
) -> list[PlannedTest]:
    from harness.runner.keywords import Keywords
    from harness.runner.plan import plan_run
    from harness.runner.record import Level

    plan = plan_run(
        content,
        levels=[Level(name) for name in levels],
        named=[path for path in paths if path.is_file()],
        keywords=Keywords(keywords) if keywords else None,
        data_root=data_root,
    )
    if not plan:
        raise UsageError(
            f"no detection {f'matches -k {keywords!r}' if keywords else 'is there'}",
            where=FilePlace(paths[0] if paths else content.root),
            hint="nothing was tested",
        )
    return plan


def _code(record: RunRecord, plan: list[PlannedTest]) -> ExitCode:
    """A file that nobody can read outweighs what could not be decided, but not a failure."""
    code = exit_code(record.summary)
    if code is not ExitCode.FAILED and any(test.unreadable for test in plan):
        return ExitCode.USAGE
    return code
