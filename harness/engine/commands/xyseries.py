"""``xyseries``: rows of three fields as a table. Follows "xyseries" in the Search Reference."""

from __future__ import annotations

from dataclasses import dataclass

from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.engine.grouping import group_by
from harness.spl.arguments import Arguments, boolean, string
from harness.values.column import Value
from harness.values.frame import Frame
from harness.values.values import texts


@dataclass(frozen=True, slots=True)
class XySeries(SearchCommand):
    """A row per value of ``x``, a column per value of ``name``; of several rows for one cell the last counts."""

    names = ("xyseries",)
    transforming = True

    x: str
    name: str
    data: str

    @classmethod
    def parse(cls, arguments: Arguments) -> XySeries:
        options = arguments.options({"grouped": boolean, "sep": string, "format": string})
        fields = arguments.field_list()
        arguments.expect_end()
        if options.get("grouped") or "format" in options:
            raise arguments.unsupported("the options 'grouped' and 'format'")
        if len(fields) < 3:
            raise arguments.error("At least three field names are expected: <x-field> <y-name-field> <y-data-field>.")
        if len(fields) > 3:
            raise arguments.unsupported("several fields of data")
        return cls(*fields)

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        by_x = group_by(frame, [self.x])
        by_name = group_by(frame, [self.name])
        rows: list[dict[str, Value]] = [{self.x: value} for value in by_x.columns[0].to_values()]
        titles = ["\n".join(texts(value)) for value in by_name.columns[0].to_values()]
        title_of = dict(zip(by_name.rows.tolist(), [titles[code] for code in by_name.codes.tolist()], strict=True))
        data = frame.column(self.data).to_values()
        for row, code in zip(by_x.rows.tolist(), by_x.codes.tolist(), strict=True):
            if row in title_of and data[row] is not None:
                rows[code][title_of[row]] = data[row]
        return Frame.from_rows(rows, columns=(self.x, *titles), ordered=True)
