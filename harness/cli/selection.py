"""Which part of a plan a run is about: ``--changed-since REV`` and ``--shard I/N``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from harness.cli.common import read_record
from harness.errors import UsageError

if TYPE_CHECKING:
    from harness.content import Content
    from harness.runner.subject import PlannedTest

Command = TypeVar("Command", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Selection:
    """What the options say. ``durations`` is a run record whose times balance the shards."""

    changed_since: str | None = None
    shard: str | None = None
    durations: Path | None = None

    def of(
        self, plan: list[PlannedTest], content: Content, apps: Sequence[Path], data_root: Path | None
    ) -> tuple[list[PlannedTest], str]:
        """The selected tests, and one line about them for people; empty if nothing was to be selected."""
        from harness.runner.shards import Shard, seconds_of

        shard = Shard.parse(self.shard) if self.shard else None
        if self.durations and not shard:
            raise UsageError("--durations balances shards", hint="give --shard I/N with it")
        said = ""
        if self.changed_since is not None:
            plan, said = _changed(plan, content, self.changed_since, apps, data_root)
        if shard is not None and plan:
            plan = shard.part_of(plan, seconds_of(read_record(self.durations)) if self.durations else {})
            if not plan:
                said = f"shard {shard} holds no detection: there are fewer detections than shards; nothing was tested"
        return plan, said


def selection_options(function: Command) -> Command:
    options = [
        click.option(
            "--changed-since",
            metavar="REV",
            help="Only detections that differ from the git revision REV, by themselves or by anything they use: "
            "macros, lookups, datasets, data sources, deployments, baselines, apps. Untracked files count.",
        ),
        click.option("--shard", metavar="I/N", help="Only part I of N. The parts are disjoint, and together complete."),
        click.option(
            "--durations",
            metavar="RECORD",
            type=click.Path(path_type=Path, dir_okay=False),
            help="A former run record (json): shards are balanced by its times. Give the same to all shards.",
        ),
    ]
    for option in reversed(options):
        function = option(function)
    return function


def _changed(
    plan: list[PlannedTest], content: Content, revision: str, apps: Sequence[Path], data_root: Path | None
) -> tuple[list[PlannedTest], str]:
    from harness.runner.dependencies import reached_since

    files = reached_since(content, revision, apps, data_root)
    kept = [test for test in plan if test.unreadable or test.subject.path in files]
    if not kept:
        return [], f"nothing that these detections use has changed since {revision}: nothing was tested"
    chosen = len({test.subject.path for test in kept})
    return kept, f"{chosen} of {len({test.subject.path for test in plan})} detections changed since {revision}"
