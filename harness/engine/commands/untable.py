"""``untable``: a row for each cell of a table. Follows "untable" in the Search Reference."""

from __future__ import annotations

from dataclasses import dataclass

from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.engine.fields import is_internal
from harness.spl.arguments import Arguments
from harness.values.column import Value
from harness.values.frame import Frame


@dataclass(frozen=True, slots=True)
class Untable(SearchCommand):
    """Each other field's name goes into ``name`` and its value into ``data``; empty cells give no row."""

    names = ("untable",)
    transforming = True

    x: str
    name: str
    data: str

    @classmethod
    def parse(cls, arguments: Arguments) -> Untable:
        fields = arguments.field_list()
        arguments.expect_end()
        if len(fields) != 3:
            raise arguments.error("Three field names are expected: <x-field> <y-name-field> <y-data-field>.")
        return cls(*fields)

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        names = [name for name in frame.field_names() if name != self.x and not is_internal(name)]
        rows: list[dict[str, Value]] = []
        for row in frame.to_rows():
            lead = {self.x: row[self.x]} if self.x in row else {}
            rows.extend({**lead, self.name: name, self.data: row[name]} for name in names if name in row)
        return Frame.from_rows(rows, columns=(self.x, self.name, self.data), ordered=True)
