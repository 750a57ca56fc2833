"""``accum``: the running total of a field. Follows "accum" in the Search Reference.

A row whose field is no number stays as it is.
"""

from __future__ import annotations

from dataclasses import dataclass

from harness.engine.aggregates import whole
from harness.engine.columns import over
from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.spl.arguments import Arguments
from harness.values.column import Column, Value
from harness.values.frame import Frame
from harness.values.values import to_number


@dataclass(frozen=True, slots=True)
class Accum(SearchCommand):
    names = ("accum",)

    field: str
    target: str

    @classmethod
    def parse(cls, arguments: Arguments) -> Accum:
        if arguments.at_end:
            raise arguments.error("A field name is expected.")
        field = arguments.field_name()
        target = arguments.field_name() if arguments.accept_keyword("AS") else field
        arguments.expect_end()
        return cls(field, target)

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        total = 0.0
        totals: list[Value] = []
        for value in frame.column(self.field).to_values():
            number = to_number(value)
            total += number or 0
            totals.append(None if number is None else whole(total))
        return frame.with_columns({self.target: over(Column.from_values(totals), frame.column(self.target))})
