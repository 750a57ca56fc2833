"""Lookups over frames: the fields that a table gives to rows (props.conf specification, ``LOOKUP-``)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice, product
from typing import Final

import numpy as np

from harness.errors import SearchError
from harness.knowledge.lookup_index import TableRow
from harness.knowledge.lookups import Lookup, usable
from harness.values.column import NULL, Column, Encoder, Mask, Value, combine, normal
from harness.values.frame import Frame
from harness.values.values import members, texts, to_number

MAX_INPUTS: Final = 10_000
"""Combinations of the values of multivalue inputs that are tried for one row."""


def look_up(
    frame: Frame,
    lookup: Lookup,
    inputs: Sequence[tuple[str, str]],
    outputs: Sequence[tuple[str, str]] = (),
    *,
    overwrite: bool = True,
) -> Frame:
    """The rows with the lookup's fields. ``inputs`` are (row's, lookup's field), ``outputs`` (lookup's, row's
    field); without any, all fields of the lookup but the inputs are written.

    ``overwrite`` (``OUTPUT``) replaces the output fields of a row that has all inputs, and clears them where nothing
    matches; without it (``OUTPUTNEW``) each of them is filled only where it is absent.
    """
    columns = [frame.columns.get(row_field) for row_field, _ in inputs]
    present = [column for column in columns if column is not None]
    asked = np.ones(len(frame), dtype=np.bool_)
    for column in present:
        asked &= ~column.is_null()
    if len(present) < len(columns) or not asked.any():
        return frame
    usable(lookup)
    keys = [lookup_field for _, lookup_field in inputs]
    if lookup.temporal is not None:
        present.append(frame.column("_time"))
    codes, combinations = combine(present)
    answers = [_answer(lookup, keys, values) for values in combinations]
    hidden = {*keys, lookup.temporal.field if lookup.temporal is not None else ""}
    fresh: dict[str, Column] = {}
    for lookup_field, target in outputs or [(name, name) for name in lookup.fields if name not in hidden]:
        encoder = Encoder()
        table = [encoder.code(_cells(rows, lookup_field)) for rows in answers]
        found = Column(encoder.values, np.array(table, dtype=np.int32)[codes])
        fresh[target] = _written(frame.columns.get(target), found, asked, overwrite=overwrite)
    return frame.with_columns(fresh)


def _answer(lookup: Lookup, keys: Sequence[str], values: tuple[Value, ...]) -> list[TableRow]:
    """The rows for one combination of inputs; of a multivalue input each value is looked up."""
    inputs, moment = values[: len(keys)], to_number(values[-1])
    if any(value is None for value in inputs):
        return []
    rows: list[TableRow] = []
    combinations = product(*(texts(value) for value in inputs))
    for singles in islice(combinations, MAX_INPUTS):
        asked = dict(zip(keys, singles, strict=True))
        if lookup.temporal is None:
            rows.extend(lookup.match(asked))
        elif moment is not None:
            rows.extend(lookup.match_at(asked, float(moment)))
    if next(combinations, None) is not None:
        raise SearchError(f"The lookup '{lookup.name}' has more than {MAX_INPUTS} combinations of inputs in one event.")
    return rows


def _cells(rows: Sequence[TableRow], name: str) -> Value:
    return normal(tuple(cell for row in rows for cell in members(row.get(name)) if cell != ""))


def _written(old: Column | None, found: Column, asked: Mask, *, overwrite: bool) -> Column:
    if old is None:
        return found
    if not overwrite:
        return prefer(old, found)
    kept = Column(old.values, np.where(asked, NULL, old.codes).astype(np.int32))
    return prefer(kept, found)


def prefer(first: Column, second: Column) -> Column:
    """The first column's value where it has one, else the second's."""
    if not bool(first.is_null().any()):
        return first
    return combined(first, second, lambda a, b: b if a is None else a)


def combined(first: Column, second: Column, choose: Callable[[Value, Value], Value]) -> Column:
    """What ``choose`` makes of both columns' values, row by row."""
    codes, pairs = combine([first, second])
    encoder = Encoder()
    table = np.array([encoder.code(choose(a, b)) for a, b in pairs], dtype=np.int32)
    return Column(encoder.values, table[codes])
