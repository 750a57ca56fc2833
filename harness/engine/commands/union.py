"""``union``: the rows of several searches, and of what came before. Follows "union" in the Search Reference.

Searches that work event by event are merged by time, as ``multisearch`` does; others come one after another.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from harness.engine.commands import SearchCommand
from harness.engine.commands.multisearch import by_time, is_streaming
from harness.engine.context import SearchContext
from harness.engine.plan import Plan, subplan
from harness.errors import SplPlace
from harness.spl.arguments import Arguments, non_negative_integer
from harness.values.frame import Frame, concatenate_frames


@dataclass(frozen=True, slots=True)
class Union(SearchCommand):
    names = ("union",)
    subsearches = True

    plans: tuple[Plan, ...]
    maximum: int | None = None
    leading: bool = False

    @classmethod
    def parse(cls, arguments: Arguments) -> Union:
        options = arguments.options(
            {
                "maxtime": non_negative_integer,
                "maxout": non_negative_integer,
                "timeout": non_negative_integer,
            }
        )
        plans: list[Plan] = []
        while not arguments.at_end:
            if arguments.accept(","):
                continue
            if not arguments.at_subsearch():
                raise arguments.unsupported("a dataset that is no subsearch")
            plans.append(subplan(arguments.subsearch().pipeline))
        if not plans:
            raise arguments.error("At least one dataset must be specified.")
        return cls(tuple(plans), options.get("maxout"))

    def placed(self, *, first: bool, where: SplPlace | None = None) -> SearchCommand:
        return replace(self, leading=first)

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        if self.leading and all(is_streaming(plan) for plan in self.plans):
            return by_time([context.run_subsearch(plan, max_rows=0) for plan in self.plans])
        limit = context.limits.append_subsearch_max_rows if self.maximum is None else self.maximum
        return concatenate_frames([frame, *(context.run_subsearch(plan, max_rows=limit) for plan in self.plans)])
