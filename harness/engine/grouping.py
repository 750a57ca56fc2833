"""Rows into groups by fields, as every reporting command with a BY clause does it; and how values are ordered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cmp_to_key

import numpy as np
import numpy.typing as npt

from harness.engine.aggregates import Positions
from harness.engine.fields import as_text
from harness.values.column import NULL, Codes, Column, Value
from harness.values.frame import Frame
from harness.values.values import members, texts, to_number

Ranks = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Groups:
    """``codes[i]`` is the group of ``frame``'s row ``i``. ``columns`` hold, for each by-field, the groups' values in
    the order in which groups are listed. ``rows`` says which row of the original each row of ``frame`` is."""

    frame: Frame
    codes: Codes
    columns: list[Column]
    count: int
    rows: Positions

    def keys(self) -> list[tuple[Value, ...]]:
        """The values of each group."""
        return list(zip(*(column.to_values() for column in self.columns), strict=True)) if self.columns else [()]


def group_by(frame: Frame, names: Sequence[str], *, once: bool = False) -> Groups:
    """Group rows by the text of fields. Rows that lack one of them are dropped (M4.77); a multivalue puts its row into
    one group per member (each once, with ``once``). Groups come in the order of their values (M4.76)."""
    rows = np.arange(frame.length)
    if not names:
        return Groups(frame, np.zeros(frame.length, dtype=np.int32), [], 1, rows)
    columns = [as_text(frame.column(name)) for name in names]
    kept = np.ones(frame.length, dtype=np.bool_)
    for column in columns:
        kept &= ~column.is_null()
    if not kept.all():
        rows = np.flatnonzero(kept)
        columns = [column.take(rows) for column in columns]
    for position in range(len(columns)):
        if any(type(value) is tuple for value in columns[position].values):
            repeats, flat = explode(columns[position], once=once)
            rows = rows[repeats]
            columns = [flat if at == position else column.take(repeats) for at, column in enumerate(columns)]
    same = len(rows) == frame.length and bool(kept.all())
    first, codes = _number([column_ranks(column) for column in columns])
    return Groups(
        frame if same else frame.take(rows), codes, [column.take(first) for column in columns], len(first), rows
    )


def _number(ranks: Sequence[Ranks]) -> tuple[Positions, Codes]:
    """Number the combinations of ranks in order, the first ranks counting most: where each stands first, and the
    number of each row."""
    joint = ranks[0]
    size = int(joint.max()) + 1 if len(joint) else 1
    for further in ranks[1:]:
        width = int(further.max()) + 1 if len(further) else 1
        if size * width >= 2**62:
            # Renumbered without gaps, in the same order, the product cannot overflow.
            distinct, joint = np.unique(joint, return_inverse=True)
            size = len(distinct)
        joint = joint * width + further
        size *= width
    _, first, codes = np.unique(joint, return_index=True, return_inverse=True)
    return first, codes.reshape(-1).astype(np.int32)


def explode(column: Column, *, once: bool = False) -> tuple[Positions, Column]:
    """A row per member of a multivalue: which row each comes from, and the members."""
    parts = [tuple(dict.fromkeys(members(value))) if once else members(value) for value in column.values]
    flat = Column.from_values(member for code in column.codes.tolist() for member in parts[code])
    sizes = np.array([*map(len, parts), 0], dtype=np.int64)[column.codes]
    return np.repeat(np.arange(len(column)), sizes), flat


# --- order


def column_ranks(column: Column) -> Ranks:
    """The place of each row's value among the column's values as ``sort`` orders them by itself; nulls come last."""
    used = np.unique(column.codes)
    used = used[used != NULL]
    ranks = automatic_ranks(["\n".join(texts(column.values[code])) for code in used.tolist()])
    table = np.full(len(column.values) + 1, len(used), dtype=np.int64)
    table[used] = ranks
    return table[column.codes]


def automatic_ranks(values: Sequence[str]) -> list[int]:
    """The place of each of some distinct texts: numbers by size, anything else by code point, compared in pairs
    ("sort", Usage)."""
    numbers = [to_number(value) for value in values]
    positions = list(range(len(values)))
    if all(number is None for number in numbers):
        positions.sort(key=values.__getitem__)
    elif None not in numbers:
        positions.sort(key=lambda at: (numbers[at], values[at]))
    elif any(number is None and value[:1] in _NUMBER_STARTS for number, value in zip(numbers, values, strict=True)):
        positions.sort(key=lambda at: cmp_to_key(compare_automatically)(values[at]))
    else:
        # No text begins as a number does, so that every text stands before all numbers or after them.
        positions.sort(
            key=lambda at: (
                (int(values[at] >= "0") * 2 - 1, 0, values[at]) if numbers[at] is None else (0, numbers[at], values[at])
            )
        )
    ranks = [0] * len(values)
    for rank, at in enumerate(positions):
        ranks[at] = rank
    return ranks


_NUMBER_STARTS = frozenset("0123456789+-.")


def compare_automatically(left: str, right: str) -> int:
    """Two numbers by size, anything else by code point."""
    first, second = to_number(left), to_number(right)
    if first is not None and second is not None and first != second:
        return -1 if first < second else 1
    return (left > right) - (left < right)
