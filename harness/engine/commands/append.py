"""``append``: the rows of a subsearch after the rows so far. Follows "append" in the Search Reference."""

from __future__ import annotations

from dataclasses import dataclass

from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.engine.plan import Plan, subplan
from harness.spl.arguments import Arguments, boolean, non_negative_integer
from harness.values.frame import Frame, concatenate_frames


@dataclass(frozen=True, slots=True)
class Append(SearchCommand):
    names = ("append",)
    subsearches = True

    plan: Plan
    max_rows: int | None = None

    @classmethod
    def parse(cls, arguments: Arguments) -> Append:
        known = {
            "extendtimerange": boolean,
            "maxtime": non_negative_integer,
            "maxout": non_negative_integer,
            "timeout": non_negative_integer,
        }
        options = arguments.options(known)
        if options.get("extendtimerange"):
            raise arguments.unsupported("the option 'extendtimerange'")
        subsearch = arguments.subsearch()
        arguments.expect_end()
        return cls(subplan(subsearch.pipeline), options.get("maxout"))

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        limit = context.limits.append_subsearch_max_rows if self.max_rows is None else self.max_rows
        return concatenate_frames([frame, context.run_subsearch(self.plan, max_rows=limit)])
