"""``delta``: how a field differs from the row before. Follows "delta" in the Search Reference."""

from __future__ import annotations

from dataclasses import dataclass

from harness.engine.aggregates import whole
from harness.engine.columns import over
from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.spl.arguments import Arguments, non_negative_integer
from harness.values.column import Column, Value
from harness.values.frame import Frame
from harness.values.values import to_number


@dataclass(frozen=True, slots=True)
class Delta(SearchCommand):
    """``back`` rows before; a row for which either is no number gets nothing."""

    names = ("delta",)

    field: str
    target: str
    back: int = 1

    @classmethod
    def parse(cls, arguments: Arguments) -> Delta:
        if arguments.at_end:
            raise arguments.error("A field name is expected.")
        field = arguments.field_name()
        target = arguments.field_name() if arguments.accept_keyword("AS") else f"delta({field})"
        back = arguments.options({"p": non_negative_integer}).get("p", 1)
        arguments.expect_end()
        if back < 1:
            raise arguments.error("The value of p must be greater than 0.")
        return cls(field, target, back)

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        numbers = [to_number(value) for value in frame.column(self.field).to_values()]
        before = [None] * self.back + numbers
        differences: list[Value] = [
            None if now is None or then is None else whole(float(now - then))
            for now, then in zip(numbers, before, strict=False)
        ]
        if all(difference is None for difference in differences) and self.target not in frame.columns:
            return frame
        column = Column.from_values(differences)
        return frame.with_columns({self.target: over(column, frame.column(self.target))})
