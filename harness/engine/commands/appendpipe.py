"""``appendpipe``: the rows so far, run through more commands, after the rows so far.

Follows "appendpipe" in the Search Reference.
"""

from __future__ import annotations

from dataclasses import dataclass

from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.engine.plan import Plan, subplan
from harness.spl.arguments import Arguments, boolean
from harness.values.frame import Frame, concatenate_frames


@dataclass(frozen=True, slots=True)
class AppendPipe(SearchCommand):
    names = ("appendpipe",)
    subsearches = True

    plan: Plan

    @classmethod
    def parse(cls, arguments: Arguments) -> AppendPipe:
        if arguments.options({"run_in_preview": boolean}).get("run_in_preview") is False:
            raise arguments.unsupported("the option 'run_in_preview'")
        subsearch = arguments.subsearch()
        arguments.expect_end()
        return cls(subplan(subsearch.pipeline, first=False))

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        from harness.engine.search import Run

        return concatenate_frames([frame, Run(context).steps(self.plan.steps, frame)])
