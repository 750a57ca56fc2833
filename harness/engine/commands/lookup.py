"""``lookup``: fields from a table, for the rows whose fields match it. Follows "lookup" in the Search Reference.

Each distinct combination of inputs is looked up once. ``OUTPUT`` overwrites, ``OUTPUTNEW`` fills only what is missing;
without either, every field of the table that is no input is written.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from harness.engine.columns import either
from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.knowledge.lookups import Lookup as Table
from harness.knowledge.lookups import TableRow
from harness.spl.arguments import Arguments, boolean
from harness.values.column import Column, Value, combine, normal
from harness.values.frame import Frame
from harness.values.values import members, to_text

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Lookup(SearchCommand):
    """``inputs`` and ``outputs`` are pairs of the table's field and the row's."""

    names = ("lookup",)
    streaming = True

    table: str
    inputs: tuple[Pair, ...]
    outputs: tuple[Pair, ...] | None
    overwrite: bool = True

    @classmethod
    def parse(cls, arguments: Arguments) -> Lookup:
        known = {"local": boolean, "update": boolean}
        arguments.options(known)
        if arguments.at_end:
            raise arguments.error("Must specify one or more lookup fields.")
        table = arguments.field_name()
        arguments.options(known)
        inputs = _pairs(arguments)
        if not inputs:
            raise arguments.error("Must specify one or more lookup fields.")
        word = arguments.accept_keyword("OUTPUT", "OUTPUTNEW")
        outputs = _pairs(arguments) if word is not None else None
        arguments.expect_end()
        return cls(table, tuple(inputs), None if outputs is None else tuple(outputs), word != "OUTPUTNEW")

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        lookup = context.knowledge.lookup(self.table)
        names = [name for name, _ in self.inputs]
        outputs = self.outputs
        if outputs is None:
            outputs = tuple((name, name) for name in lookup.fields if name not in names)
        if not frame.length:
            return frame.with_columns({field: Column.null(0) for _, field in outputs})
        codes, combinations = combine([frame.column(field) for _, field in self.inputs])
        answers = [self._answer(lookup, names, values) for values in combinations]
        fresh: dict[str, Column] = {}
        for name, field in outputs:
            column = Column.from_values(
                normal(tuple(member for row in rows for member in members(row.get(name)) if member != ""))
                for rows in answers
            )
            spread = Column(column.values, column.codes[codes])
            matched = np.array([bool(rows) for rows in answers], dtype=np.bool_)[codes]
            fresh[field] = self._written(frame.columns.get(field), spread, matched)
        return frame.with_columns(fresh)

    def _answer(self, lookup: Table, names: list[str], values: tuple[Value, ...]) -> list[TableRow]:
        if any(value is None for value in values):
            return []
        # Each value of a multivalue is looked up; several multivalues go hand in hand.
        width = max(len(members(value)) for value in values)
        rows: list[TableRow] = []
        for at in range(width):
            singles = [members(value)[min(at, len(members(value)) - 1)] for value in values]
            rows.extend(lookup.match(dict(zip(names, [to_text(single) for single in singles], strict=True))))
        return rows

    def _written(self, old: Column | None, new: Column, matched: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Column:
        if old is None:
            return new
        return either(matched if self.overwrite else old.is_null(), new, old)


def _pairs(arguments: Arguments) -> list[Pair]:
    """``field AS field, ...`` up to OUTPUT, OUTPUTNEW or the end."""
    found: list[Pair] = []
    while not arguments.at_end and not arguments.at_keyword("OUTPUT", "OUTPUTNEW"):
        if arguments.accept(","):
            continue
        name = arguments.field_name()
        found.append((name, arguments.field_name() if arguments.accept_keyword("AS") else name))
    return found
