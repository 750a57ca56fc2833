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
    """A row per value of ``x``, a column per value of ``name``; of several rows for one cell the last counts. With
    several fields of data there is a column per field and value, called by ``format``."""

    names = ("xyseries",)
    transforming = True

    x: str
    name: str
    data: tuple[str, ...]
    format: str = "$AGG$: $VAL$"

    @classmethod
    def parse(cls, arguments: Arguments) -> XySeries:
        known = {"grouped": boolean, "sep": string, "format": string}
        options = arguments.options(known)
        fields = arguments.field_list()
        options |= arguments.options(known)
        arguments.expect_end()
        if options.get("grouped"):
            raise arguments.unsupported("the option 'grouped'")
        if len(fields) < 3:
            raise arguments.error("At least three field names are expected: <x-field> <y-name-field> <y-data-field>.")
        form = options.get("format", f"$AGG${options.get('sep', ': ')}$VAL$")
        return cls(fields[0], fields[1], tuple(fields[2:]), form)

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        by_x = group_by(frame, [self.x])
        by_name = group_by(frame, [self.name])
        rows: list[dict[str, Value]] = [{self.x: value} for value in by_x.columns[0].to_values()]
        titles = ["\n".join(texts(value)) for value in by_name.columns[0].to_values()]
        title_of = dict(zip(by_name.rows.tolist(), [titles[code] for code in by_name.codes.tolist()], strict=True))
        columns = [self._title(field, title) for field in self.data for title in titles]
        for field in self.data:
            data = frame.column(field).to_values()
            for row, code in zip(by_x.rows.tolist(), by_x.codes.tolist(), strict=True):
                if row in title_of and data[row] is not None:
                    rows[code][self._title(field, title_of[row])] = data[row]
        return Frame.from_rows(rows, columns=(self.x, *columns), ordered=True)

    def _title(self, field: str, value: str) -> str:
        if len(self.data) == 1:
            return value
        return self.format.replace("$AGG$", field).replace("$VAL$", value)
