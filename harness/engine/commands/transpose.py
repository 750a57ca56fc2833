"""``transpose``: rows as columns. Follows "transpose" in the Search Reference."""

from __future__ import annotations

from dataclasses import dataclass

from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.spl.arguments import Arguments, boolean, string
from harness.values.column import Column, Value
from harness.values.frame import Frame
from harness.values.values import texts


@dataclass(frozen=True, slots=True)
class Transpose(SearchCommand):
    """``rows`` of them, 0 for all, called ``row 1``, ``row 2`` or by the values of ``header``."""

    names = ("transpose",)
    transforming = True

    rows: int = 5
    name: str = "column"
    header: str | None = None
    include_empty: bool = True

    @classmethod
    def parse(cls, arguments: Arguments) -> Transpose:
        known = {"column_name": string, "header_field": string, "include_empty": boolean}
        options = arguments.options(known)
        rows = 5
        token = arguments.peek()
        if token is not None and token.text.isdigit():
            rows = int(arguments.next().text)
        options |= arguments.options(known)
        arguments.expect_end()
        return cls(
            rows, options.get("column_name", "column"), options.get("header_field"), options.get("include_empty", True)
        )

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        kept = frame.head(self.rows) if self.rows else frame
        titles = [f"row {number}" for number in range(1, kept.length + 1)]
        if self.header is not None:
            values = kept.column(self.header).to_values()
            titles = [" ".join(texts(value)) or title for value, title in zip(values, titles, strict=True)]
        names = [name for name in frame.field_names() if name != self.header]
        cells = {name: kept.column(name).to_values() for name in names}
        if not self.include_empty:
            names = [name for name in names if any(value is not None for value in cells[name])]
        columns: dict[str, Column] = {self.name: Column.from_values(names)}
        for at, title in enumerate(titles):
            column: list[Value] = [cells[name][at] for name in names]
            columns[title] = Column.from_values(column)
        return Frame(columns, len(names), ordered=True)
