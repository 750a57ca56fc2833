"""``addinfo``: the search's time range, id and moment in each row. Follows "addinfo" in the Search Reference."""

from __future__ import annotations

from dataclasses import dataclass

from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.spl.arguments import Arguments
from harness.values.column import Column
from harness.values.frame import Frame


@dataclass(frozen=True, slots=True)
class AddInfo(SearchCommand):
    names = ("addinfo",)
    streaming = True

    @classmethod
    def parse(cls, arguments: Arguments) -> AddInfo:
        arguments.expect_end()
        return cls()

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        window = context.progress.window
        values = {
            "info_min_time": "0.000" if window.earliest is None else f"{window.earliest:.3f}",
            "info_max_time": "+Infinity" if window.latest is None else f"{window.latest:.3f}",
            "info_sid": context.sid,
            "info_search_time": f"{context.now:.3f}",
        }
        return frame.with_columns({name: Column.constant(value, frame.length) for name, value in values.items()})
