"""``return``: a few rows as a search expression in the field ``search``, for the search around a subsearch.

``field`` gives ``field="value"``, ``name=field`` gives ``name="value"``, ``$field`` the value alone; quotes in a value
are not escaped, and what two rows give twice is given once. Follows "return" in the Search Reference.
"""

from __future__ import annotations

from dataclasses import dataclass

from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.spl.arguments import Arguments
from harness.values.column import Column, Value
from harness.values.frame import Frame
from harness.values.values import texts


@dataclass(frozen=True, slots=True)
class Return(SearchCommand):
    """``fields`` are pairs of the name to write, None for the value alone, and the field."""

    names = ("return",)
    transforming = True

    fields: tuple[tuple[str | None, str], ...]
    count: int = 1

    @classmethod
    def parse(cls, arguments: Arguments) -> Return:
        count = 1
        token = arguments.peek()
        if token is not None and token.kind == "word" and token.text.isdigit():
            count = int(arguments.next().text)
        fields: list[tuple[str | None, str]] = []
        while not arguments.at_end:
            if arguments.accept(","):
                continue
            name = arguments.field_name()
            if arguments.accept("="):
                fields.append((name, arguments.field_name()))
            elif name.startswith("$"):
                fields.append((None, name[1:]))
            else:
                fields.append((name, name))
        if not fields:
            raise arguments.error("At least one field must be given as an argument.")
        return cls(tuple(fields), count)

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        rows = list(dict.fromkeys(filter(None, map(self._row, frame.head(self.count).to_rows()))))
        text = " OR ".join(f"({row})" for row in rows) if len(rows) > 1 else "".join(rows)
        return Frame({"search": Column.constant(text, 1)}, 1, ordered=True) if rows else Frame(ordered=True)

    def _row(self, row: dict[str, Value]) -> str:
        cells: list[str] = []
        for name, field in self.fields:
            values = texts(row.get(field))
            if values:
                cells.append(values[0] if name is None else f'{name}="{values[0]}"')
        return " ".join(cells)
