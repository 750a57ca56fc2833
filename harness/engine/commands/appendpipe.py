"""``appendpipe``: the rows so far, run through more commands, after the rows so far.

Follows "appendpipe" in the Search Reference.
"""

from __future__ import annotations

from dataclasses import dataclass

from harness.engine.commands import SearchCommand, find
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
        pipeline = arguments.subsearch().pipeline
        arguments.expect_end()
        # A command that makes rows by itself takes none.
        makes_rows = bool(pipeline.commands) and find(pipeline.commands[0].name).generating
        return cls(subplan(pipeline, first=makes_rows))

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        from harness.engine.search import Run

        return concatenate_frames([frame, Run(context).steps(self.plan.steps, frame)])
