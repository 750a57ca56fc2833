"""``addtotals``: the sum of each row's numbers, and of each column's. Follows "addtotals" in the Search Reference."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from harness.engine.aggregates import whole
from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.engine.fields import expand, is_internal
from harness.spl.arguments import Arguments, boolean, string
from harness.values.column import Column, Value, map_columns
from harness.values.frame import Frame, concatenate_frames
from harness.values.values import to_number


@dataclass(frozen=True, slots=True)
class AddTotals(SearchCommand):
    names = ("addtotals",)

    fields: tuple[str, ...] = ()
    row: bool = True
    column: bool = False
    name: str = "Total"
    label_field: str = ""
    label: str = "Total"

    @classmethod
    def parse(cls, arguments: Arguments) -> AddTotals:
        known = {"row": boolean, "col": boolean, "fieldname": string, "labelfield": string, "label": string}
        options = arguments.options(known)
        fields = arguments.field_list()
        options |= arguments.options(known)
        arguments.expect_end()
        return cls(
            tuple(fields),
            options.get("row", True),
            options.get("col", False),
            options.get("fieldname", "Total"),
            options.get("labelfield", ""),
            options.get("label", "Total"),
        )

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        names = [
            name for name in (expand(self.fields, frame) if self.fields else frame.columns) if not is_internal(name)
        ]
        columns = [frame.columns[name] for name in names if name in frame.columns]
        if self.row:
            total = map_columns(_sum, columns, frame.length) if columns else Column.constant(0, frame.length)
            frame = frame.with_columns({self.name: total})
            names.append(self.name)
        return self._with_column_totals(frame, names) if self.column else frame

    def _with_column_totals(self, frame: Frame, names: Sequence[str]) -> Frame:
        totals: dict[str, Value] = {}
        for name in names:
            numbers = [to_number(value) for value in frame.column(name).to_values()]
            if any(number is not None for number in numbers):
                totals[name] = _total(number for number in numbers if number is not None)
        if self.label_field:
            totals[self.label_field] = self.label
        return concatenate_frames([frame, Frame.from_rows([totals], ordered=True)])


def _sum(*values: Value) -> Value:
    return _total(number for value in values if (number := to_number(value)) is not None)


def _total(numbers: Iterable[int | float]) -> int | float:
    return whole(math.fsum(numbers))
