"""``table``: the named fields as columns, in that order. Follows "table" in the Search Reference, M4.97 and M4.98."""

from __future__ import annotations

from dataclasses import dataclass

from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.engine.fields import expand
from harness.spl.arguments import Arguments
from harness.values.column import Column
from harness.values.frame import Frame


@dataclass(frozen=True, slots=True)
class Table(SearchCommand):
    names = ("table",)
    transforming = True

    patterns: tuple[str, ...]

    @classmethod
    def parse(cls, arguments: Arguments) -> Table:
        patterns = arguments.field_list()
        arguments.expect_end()
        if not patterns:
            raise arguments.error("Must specify at least one valid field name (can contain wildcards).")
        return cls(tuple(patterns))

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        named = expand(self.patterns, frame)
        if not any(name in frame.columns for name in named):
            if frame.length:
                context.messages.info("No matching fields exist.")
            return Frame({name: Column.null(0) for name in named}, 0, ordered=True)
        return Frame({name: frame.column(name) for name in named}, frame.length, ordered=True)
