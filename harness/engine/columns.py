"""Columns put together from columns, by code: what commands that write fields have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from harness.values.column import NULL, Column, Encoder, Mask, Value, concatenate


def either(mask: Mask, first: Column, second: Column) -> Column:
    """``first`` where ``mask``, ``second`` elsewhere."""
    if mask.all():
        return first
    both = concatenate([first, second])
    codes = np.where(mask, both.codes[: len(first)], both.codes[len(first) :])
    return Column(both.values, codes.astype(np.int32))


def over(column: Column, before: Column) -> Column:
    """The column where it has a value, and what was there before elsewhere."""
    return column if before.is_null().all() else either(~column.is_null(), column, before)


def where(mask: Mask, column: Column) -> Column:
    """The column where ``mask``, nothing elsewhere."""
    return column if mask.all() else Column(column.values, np.where(mask, column.codes, NULL).astype(np.int32))


def scattered(column: Column, mask: Mask, before: Column) -> Column:
    """A column of the rows where ``mask``, put back among all rows; the others keep what they had before."""
    codes = np.full(len(mask), NULL, dtype=np.int32)
    codes[mask] = column.codes
    return either(mask, Column(column.values, codes), before)


def filled(column: Column, value: Value) -> Column:
    """The column with a value where it has none."""
    lacking = column.is_null()
    if not lacking.any():
        return column
    return either(~lacking, column, Column.constant(value, len(column)))


def spread(column: Column, found: Sequence[Mapping[str, Value]]) -> dict[str, Column]:
    """The fields that each of a column's values gives, as columns: ``found[i]`` are those of ``column.values[i]``."""
    columns: dict[str, Column] = {}
    for name in dict.fromkeys(name for fields in found for name in fields):
        encoder = Encoder()
        table = [*(encoder.code(fields.get(name)) for fields in found), NULL]
        columns[name] = Column(encoder.values, np.array(table, dtype=np.int32)[column.codes])
    return columns
