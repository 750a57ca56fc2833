"""A column of Splunk values, dictionary-encoded: its distinct values once, and a code per row.

Attack data repeats itself, so an expression, a wildcard, a regex or a lookup is evaluated once per distinct value (or
once per distinct combination of its inputs) and spread by code. One column may hold strings, numbers, multivalues and
nothing, row by row, exactly as Splunk's fields do.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy
from typing import Final

import numpy as np
import numpy.typing as npt

Scalar = str | int | float | bool
"""One value. A bool exists only while an expression is evaluated; no field of a row ever holds one."""

Value = Scalar | tuple[Scalar, ...] | None
"""What a field of a row holds: nothing, one value, or a multivalue (a tuple of at least two values)."""

Codes = npt.NDArray[np.int32]
Mask = npt.NDArray[np.bool_]

NULL: Final = -1
"""The code of a row that does not have the field."""


class Column:
    """``values[codes[row]]`` is the value of a row; code ``NULL`` means that the row lacks the field.

    ``values`` never contains ``None`` and never two equal values of the same type; it may contain values that no row
    uses any more (a filtered column keeps its dictionary; :meth:`compact` drops them).
    """

    __slots__ = ("codes", "values")

    def __init__(self, values: Sequence[Value], codes: Codes) -> None:
        self.values = values
        self.codes = codes

    @classmethod
    def from_values(cls, rows: Iterable[Value]) -> Column:
        """Encode one value per row. Empty tuples are nulls and tuples of one are that one value."""
        encoder = Encoder()
        codes = [encoder.code(value) for value in rows]
        return cls(encoder.values, np.array(codes, dtype=np.int32))

    @classmethod
    def constant(cls, value: Value, length: int) -> Column:
        value = normal(value)
        if value is None:
            return cls.null(length)
        return cls([value], np.zeros(length, dtype=np.int32))

    @classmethod
    def null(cls, length: int) -> Column:
        """A column that is declared but that no row has."""
        return cls([], np.full(length, NULL, dtype=np.int32))

    def __len__(self) -> int:
        return len(self.codes)

    def __getitem__(self, row: int) -> Value:
        code = self.codes[row]
        return None if code == NULL else self.values[code]

    def to_values(self) -> list[Value]:
        """One value per row."""
        table = [*self.values, None]  # NULL is -1: the last entry
        return [table[code] for code in self.codes.tolist()]

    def is_null(self) -> Mask:
        return np.equal(self.codes, NULL)

    def take(self, rows: npt.NDArray[np.intp] | Mask) -> Column:
        """The rows selected by a mask or by positions, in that order."""
        return Column(self.values, self.codes[rows])

    def map(self, function: Callable[[Value], Value], *, nulls: bool = False) -> Column:
        """Apply ``function`` once per distinct value. Null stays null unless ``nulls`` asks for it to be passed on."""
        encoder = Encoder()
        table = np.full(len(self.values) + 1, NULL, dtype=np.int32)
        for code in self._used():
            table[code] = encoder.code(function(self.values[code]))
        if nulls:
            table[-1] = encoder.code(function(None)) if bool(self.is_null().any()) else NULL
        return Column(encoder.values, table[self.codes])

    def test(self, predicate: Callable[[Value], bool], *, null: bool = False) -> Mask:
        """The rows whose value satisfies ``predicate``, asked once per distinct value; ``null`` answers for nulls."""
        table = np.zeros(len(self.values) + 1, dtype=np.bool_)
        for code in self._used():
            table[code] = predicate(self.values[code])
        table[-1] = null
        return table[self.codes]

    @property
    def sparse(self) -> bool:
        """There are more dictionary entries than rows."""
        return len(self.values) > len(self)

    def compact(self) -> Column:
        """The same rows without unused dictionary entries."""
        return self.map(lambda value: value)

    def _used(self) -> list[int]:
        """The codes of values that rows have, in their order."""
        if self.sparse:
            used = np.unique(self.codes)
            return [code for code in used.tolist() if code != NULL]
        present = np.zeros(len(self.values) + 1, dtype=np.bool_)
        present[self.codes] = True
        return np.flatnonzero(present[:-1]).tolist()


class RefusedColumn(Column):
    """A field whose values cannot be told exactly in the rows of ``doubtful``. Its rows can be taken and put together
    with others; whoever reads them while one is doubtful gets ``refusal``.

    ``known`` holds what is certain: the values of the other rows, and of doubtful rows the values that they have in any
    case. ``candidates`` are the values that a doubtful row may have beside those, each with its own refusal; None: any.
    A search that ends with such a field is refused, unless it is ``unread``: then its results go without the field.
    """

    __slots__ = ("candidates", "doubtful", "known", "refusal", "unread")

    def __init__(
        self,
        refusal: Exception,
        known: Column,
        doubtful: Mask,
        candidates: Mapping[str, Exception] | None = None,
        *,
        unread: bool = False,
    ) -> None:
        self.refusal = refusal
        self.known = known
        self.doubtful = doubtful
        self.candidates = candidates
        self.unread = unread

    @classmethod
    def everywhere(cls, refusal: Exception, length: int, *, unread: bool = False) -> RefusedColumn:
        """No row of it can be told."""
        return cls(refusal, Column.null(length), np.ones(length, dtype=np.bool_), unread=unread)

    @property
    def values(self) -> Sequence[Value]:  # type: ignore[override]
        raise copy(self.refusal)  # whoever passes it on adds a place of his own

    @property
    def codes(self) -> Codes:  # type: ignore[override]
        raise copy(self.refusal)

    def __len__(self) -> int:
        return len(self.known)

    def take(self, rows: npt.NDArray[np.intp] | Mask) -> Column:
        known, doubtful = self.known.take(rows), self.doubtful[rows]
        if not doubtful.any():
            return known
        return RefusedColumn(self.refusal, known, doubtful, self.candidates, unread=self.unread)

    @property
    def sparse(self) -> bool:
        return False


class Encoder:
    """Builds a dictionary of distinct values. ``1``, ``1.0``, ``True`` and ``"1"`` are four different values."""

    __slots__ = ("_codes", "values")

    def __init__(self) -> None:
        self.values: list[Value] = []
        self._codes: dict[object, int] = {}

    def code(self, value: Value) -> int:
        value = normal(value)
        if value is None:
            return NULL
        key: object = value if type(value) is str else (_types(value), value)
        code = self._codes.get(key)
        if code is None:
            code = self._codes[key] = len(self.values)
            self.values.append(value)
        return code


def normal(value: Value) -> Value:
    """A multivalue left with one value is that value, with none it is null (N4.9)."""
    if type(value) is tuple:
        if len(value) == 1:
            return value[0]
        if not value:
            return None
    return value


def _types(value: Value) -> object:
    return tuple(map(type, value)) if isinstance(value, tuple) else type(value)


_WIDEST: Final = 1 << 22
"""Numbers of combinations up to which a table of all of them is quicker than sorting."""


def combine(columns: Sequence[Column]) -> tuple[Codes, list[tuple[Value, ...]]]:
    """Number the distinct combinations of several columns.

    Returns a code per row and the combination behind each code; a null takes part as ``None``. The combinations are
    numbered in order of first appearance. ``columns`` must not be empty.
    """
    joint = np.zeros(len(columns[0]), dtype=np.int64)
    size = 1
    for column in columns:
        width = len(column.values) + 1
        if size * width > _WIDEST and size > 1:
            # Renumber, so that the product of dictionary sizes cannot overflow.
            distinct, joint = np.unique(joint, return_inverse=True)
            joint, size = joint.reshape(-1).astype(np.int64), len(distinct)
        joint = joint * width + (column.codes.astype(np.int64) + 1)
        size *= width
    if size > _WIDEST:
        distinct, joint = np.unique(joint, return_inverse=True)
        joint, size = joint.reshape(-1), len(distinct)
    first = np.full(size, -1, dtype=np.int64)
    first[joint[::-1]] = np.arange(len(joint) - 1, -1, -1)  # of several writes to one place the last counts
    present = np.flatnonzero(first >= 0)
    present = present[np.argsort(first[present], kind="stable")]
    rank = np.empty(size, dtype=np.int32)
    rank[present] = np.arange(len(present), dtype=np.int32)
    rows = first[present]
    chosen = [list(map([*column.values, None].__getitem__, column.codes[rows].tolist())) for column in columns]
    return rank[joint], list(zip(*chosen, strict=True))


def map_columns(function: Callable[..., Value], columns: Sequence[Column], length: int) -> Column:
    """Apply ``function`` once per distinct combination of its inputs. Nulls are passed on as ``None``."""
    if not columns:
        return Column.constant(function(), length)
    if len(columns) == 1:
        return columns[0].map(function, nulls=True)
    codes, combinations = combine(columns)
    encoder = Encoder()
    table = np.fromiter(
        (encoder.code(function(*inputs)) for inputs in combinations), dtype=np.int32, count=len(combinations)
    )
    return Column(encoder.values, table[codes] if len(table) else np.zeros(0, dtype=np.int32))


def concatenate(columns: Sequence[Column]) -> Column:
    """The rows of all columns one after another, with one merged dictionary; rows that were doubtful stay so."""
    refused = [column for column in columns if isinstance(column, RefusedColumn)]
    if not refused:
        return _concatenated(columns)
    parts = [column if isinstance(column, RefusedColumn) else None for column in columns]
    candidates = ChainMap[str, Exception](*(dict(column.candidates) for column in refused if column.candidates))
    return RefusedColumn(
        refused[0].refusal,
        _concatenated([column if part is None else part.known for column, part in zip(columns, parts, strict=True)]),
        np.concatenate(
            [
                np.zeros(len(column), dtype=np.bool_) if part is None else part.doubtful
                for column, part in zip(columns, parts, strict=True)
            ]
        ),
        None if any(column.candidates is None for column in refused) else candidates,
        unread=all(column.unread for column in refused),
    )


def _concatenated(columns: Sequence[Column]) -> Column:
    encoder = Encoder()
    parts: list[Codes] = []
    for column in columns:
        table = np.fromiter(
            (*(encoder.code(value) for value in column.values), NULL), dtype=np.int32, count=len(column.values) + 1
        )
        parts.append(table[column.codes])
    return Column(encoder.values, np.concatenate(parts) if parts else np.zeros(0, dtype=np.int32))
