"""``inputlookup``: the rows of a lookup table. Follows "inputlookup" in the Search Reference."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.errors import SplPlace
from harness.expressions import search_mask
from harness.spl.arguments import Arguments, boolean, non_negative_integer
from harness.spl.nodes import SearchNode
from harness.values.frame import Frame, concatenate_frames


@dataclass(frozen=True, slots=True)
class InputLookup(SearchCommand):
    names = ("inputlookup",)
    generating = True

    table: str
    node: SearchNode | None = None
    append: bool = False
    start: int = 0
    count: int | None = None

    @classmethod
    def parse(cls, arguments: Arguments) -> InputLookup:
        known = {
            "append": boolean,
            "strict": boolean,
            "start": non_negative_integer,
            "max": non_negative_integer,
        }
        options = arguments.options(known)
        if arguments.at_end:
            raise arguments.error("Must specify a lookup table.")
        table = arguments.field_name()
        options |= arguments.options(known)
        node = arguments.search_expression() if arguments.accept_keyword("WHERE") else None
        arguments.expect_end()
        return cls(table, node, options.get("append", False), options.get("start", 0), options.get("max"))

    def placed(self, *, first: bool, where: SplPlace | None = None) -> SearchCommand:
        return self if self.append else SearchCommand.placed(self, first=first, where=where)

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        lookup = context.knowledge.lookup(self.table)
        found = [{name: cell for name, cell in row.items() if cell} for row in lookup.rows()]
        rows = Frame.from_rows(found, columns=lookup.fields)
        if self.node is not None:
            rows = rows.take(search_mask(self.node, rows))
        stop = None if self.count is None else self.start + self.count
        if self.start or stop is not None:
            rows = rows.take(np.arange(rows.length)[self.start : stop])
        return concatenate_frames([frame, rows]) if self.append else rows
