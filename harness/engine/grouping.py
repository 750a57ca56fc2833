"""Rows into groups by fields, as every reporting command with a BY clause does it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cmp_to_key

import numpy as np

from harness.engine.aggregates import Positions
from harness.engine.fields import as_text
from harness.values.column import Codes, Column, Value, combine
from harness.values.frame import Frame
from harness.values.values import members, to_number, to_text


@dataclass(frozen=True, slots=True)
class Groups:
    """``codes[i]`` is the group of ``frame``'s row ``i``; ``keys`` holds each group's values of the by-fields, in the
    order in which groups are listed. ``rows`` says which row of the original each row of ``frame`` is."""

    frame: Frame
    codes: Codes
    keys: list[tuple[Value, ...]]
    rows: Positions

    @property
    def count(self) -> int:
        return len(self.keys)


def group_by(frame: Frame, names: Sequence[str], *, once: bool = False) -> Groups:
    """Group rows by the text of fields. Rows that lack one of them are dropped (M4.77); a multivalue puts its row into
    one group per member (each once, with ``once``). Groups come in the order of their values (M4.76)."""
    rows = np.arange(frame.length)
    if not names:
        return Groups(frame, np.zeros(frame.length, dtype=np.int32), [()], rows)
    columns: list[Column] = []
    kept = np.ones(frame.length, dtype=np.bool_)
    for name in names:
        column = as_text(frame.column(name))
        kept &= ~column.is_null()
        columns.append(column)
    if not kept.all():
        rows = np.flatnonzero(kept)
        columns = [column.take(rows) for column in columns]
    for position in range(len(columns)):
        if any(type(value) is tuple for value in columns[position].values):
            repeats, flat = explode(columns[position], once=once)
            rows = rows[repeats]
            columns = [flat if at == position else column.take(repeats) for at, column in enumerate(columns)]
    if not len(rows):
        return Groups(frame.take(rows), np.zeros(0, dtype=np.int32), [], rows)
    codes, keys = combine(columns)
    order = sort_keys(keys)
    place = np.empty(len(order), dtype=np.int32)
    place[order] = np.arange(len(order), dtype=np.int32)
    taken = frame if len(rows) == frame.length and kept.all() else frame.take(rows)
    return Groups(taken, place[codes], [keys[at] for at in order], rows)


def explode(column: Column, *, once: bool = False) -> tuple[Positions, Column]:
    """A row per member of a multivalue: which row each comes from, and the members."""
    parts = [dict.fromkeys(members(value)) if once else members(value) for value in column.values]
    flat = Column.from_values(member for code in column.codes.tolist() for member in parts[code])
    sizes = np.array([*map(len, parts), 0], dtype=np.int64)[column.codes]
    return np.repeat(np.arange(len(column)), sizes), flat


def sort_keys(keys: Sequence[tuple[Value, ...]]) -> list[int]:
    """The order of tuples by their members, first member first: numbers by size, the rest by code point."""
    if not keys:
        return []
    ranks = [value_ranks([key[at] for key in keys]) for at in range(len(keys[0]))]
    return np.lexsort(ranks[::-1]).tolist() if ranks else [0]


def value_ranks(values: Iterable[Value]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """For each value its place among the distinct ones, compared in pairs as ``sort`` does by itself."""
    listed = list(values)
    distinct = sorted(set(map(_plain, listed)), key=cmp_to_key(compare_automatically))
    place = {value: rank for rank, value in enumerate(distinct)}
    return np.array([place[_plain(value)] for value in listed], dtype=np.int64)


def _plain(value: Value) -> str:
    return "\n".join(map(to_text, members(value)))


def compare_automatically(left: str, right: str) -> int:
    """Two numbers by size, anything else by code point ("sort", Usage)."""
    first, second = to_number(left), to_number(right)
    if first is not None and second is not None and first != second:
        return -1 if first < second else 1
    return (left > right) - (left < right)
