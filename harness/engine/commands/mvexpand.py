"""``mvexpand``: a row for each value of a multivalue. Follows "mvexpand" in the Search Reference, M4.100 and M4.101."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.errors import SPLSyntaxError
from harness.spl.arguments import Arguments, non_negative_integer
from harness.values.column import NULL, Column
from harness.values.frame import Frame
from harness.values.values import members


@dataclass(frozen=True, slots=True)
class MvExpand(SearchCommand):
    """At most ``limit`` rows out of one row; 0 is no limit. A row without the field stays as it is."""

    names = ("mvexpand",)
    streaming = True

    field: str
    limit: int = 0

    @classmethod
    def parse(cls, arguments: Arguments) -> MvExpand:
        if arguments.at_end:
            raise arguments.error("A field name is expected.")
        field = arguments.field_name()
        options = arguments.options({"limit": non_negative_integer})
        while arguments.accept(","):
            continue
        if arguments.peek() is not None:
            raise SPLSyntaxError(f"Error in 'mvexpand' command: Invalid argument: '{arguments.next().text}'")
        return cls(field, options.get("limit", 0))

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        column = frame.columns.get(self.field)
        if column is None or not any(type(value) is tuple for value in column.values):
            return frame
        parts = [members(value)[: self.limit or None] for value in column.values]
        sizes = np.array([*map(len, parts), 1], dtype=np.int64)[column.codes]
        rows = np.repeat(np.arange(frame.length), sizes)
        single = Column.from_values(
            value for code in column.codes.tolist() for value in (parts[code] if code != NULL else (None,))
        )
        return frame.take(rows).with_columns({self.field: single})
