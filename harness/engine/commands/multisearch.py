"""``multisearch``: the events of several searches at once, newest first.

Follows "multisearch" in the Search Reference and N4.3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.engine.plan import Plan, subplan
from harness.engine.store import times_of
from harness.spl.arguments import Arguments
from harness.values.frame import Frame, concatenate_frames


@dataclass(frozen=True, slots=True)
class MultiSearch(SearchCommand):
    names = ("multisearch",)
    subsearches = True
    generating = True

    plans: tuple[Plan, ...]

    @classmethod
    def parse(cls, arguments: Arguments) -> MultiSearch:
        plans: list[Plan] = []
        while arguments.at_subsearch():
            plans.append(subplan(arguments.subsearch().pipeline))
        arguments.expect_end()
        if len(plans) < 2:
            raise arguments.error("At least two searches must be specified.")
        if not all(is_streaming(plan) for plan in plans):
            raise arguments.error("'multisearch' subsearches can contain only streaming commands.")
        return cls(tuple(plans))

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        return by_time([context.run_subsearch(plan, max_rows=0) for plan in self.plans])


def is_streaming(plan: Plan) -> bool:
    """Whether the search works event by event."""
    return all(step.command.streaming for step in plan.steps)


def by_time(frames: Sequence[Frame]) -> Frame:
    """The rows of all frames, newest first."""
    merged = concatenate_frames(frames)
    return merged.take(np.argsort(-times_of(merged), kind="stable"))
