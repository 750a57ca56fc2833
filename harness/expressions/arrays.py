"""Truth values and plain numbers of whole columns at once, where that gives the same as row by row."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from harness.values.column import NULL, Column
from harness.values.numbers import Number, whole

Truths = npt.NDArray[np.int8]
"""1 true, 0 false, 2 neither."""

Floats = npt.NDArray[np.float64]

_NEITHER: Final = 2

_TABLES: Final = {
    "AND": np.array([[0, 0, 0], [0, 1, 2], [0, 2, 2]], dtype=np.int8),
    "OR": np.array([[0, 1, 2], [1, 1, 1], [2, 1, 2]], dtype=np.int8),
    "XOR": np.array([[0, 1, 2], [1, 0, 2], [2, 2, 2]], dtype=np.int8),
}
_NOT: Final = np.array([1, 0, 2], dtype=np.int8)

_COMPARISONS: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_ARITHMETIC: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "%": np.fmod,
}
_WORTHWHILE: Final = 256
"""Distinct values from which on arrays beat asking each of them."""


def truths(column: Column) -> Truths:
    table = [1 if value is True else 0 if value is False else _NEITHER for value in column.values]
    return np.array([*table, _NEITHER], dtype=np.int8)[column.codes]


def _column(values: Truths) -> Column:
    return Column([False, True], np.where(values == _NEITHER, NULL, values).astype(np.int32))


def combine_truths(symbol: str, left: Column, right: Column) -> Column:
    """AND, OR or XOR of two columns of truth values."""
    return _column(_TABLES[symbol][truths(left), truths(right)])


def negate_truths(column: Column) -> Column:
    return _column(_NOT[truths(column)])


def combine_numbers(symbol: str, left: Column | Number | None, right: Column | Number | None) -> Column | None:
    """Arithmetic or a comparison of two columns, or a column and a number; None where that is not worthwhile or where
    a value is anything but a plain number."""
    first, second = _numbers(left), _numbers(right)
    if first is None or second is None or (isinstance(first, float) and isinstance(second, float)):
        return None
    if isinstance(left, Column) and isinstance(right, Column):
        present = (left.codes != NULL) & (right.codes != NULL)
        assert not isinstance(first, float)
        assert not isinstance(second, float)
        result = _apply(symbol, first[left.codes[present]], second[right.codes[present]])
        codes = np.full(len(left.codes), NULL, dtype=np.int32)
        return _spread(result, lambda fresh: _put(codes, present, fresh))
    column = left if isinstance(left, Column) else right
    assert isinstance(column, Column)
    return _spread(_apply(symbol, first, second), lambda fresh: np.append(fresh, NULL)[column.codes].astype(np.int32))


def _numbers(operand: Column | Number | None) -> Floats | float | None:
    if not isinstance(operand, Column):
        return None if operand is None else float(operand)
    values = operand.values
    if len(values) < _WORTHWHILE or type(values[0]) not in (int, float) or not set(map(type, values)) <= {int, float}:
        return None
    numbers = np.array(values, dtype=np.float64)
    return numbers if bool(np.isfinite(numbers).all()) else None


def _apply(symbol: str, first: Floats | float, second: Floats | float) -> npt.NDArray[Any] | None:
    if symbol in _COMPARISONS:
        return np.asarray(_COMPARISONS[symbol](first, second))
    if symbol not in _ARITHMETIC or (symbol in "/%" and not np.all(second)):
        return None
    with np.errstate(over="ignore", invalid="ignore"):
        result = np.asarray(_ARITHMETIC[symbol](first, second))
    return result if bool(np.isfinite(result).all()) else None


def _spread(result: npt.NDArray[Any] | None, to_rows: Callable[[npt.NDArray[Any]], npt.NDArray[Any]]) -> Column | None:
    """The column of a result per distinct value, or per row that has both operands."""
    if result is None:
        return None
    if result.dtype == np.bool_:
        return Column([False, True], to_rows(result.astype(np.int32)))
    distinct, codes = np.unique(result, return_inverse=True)
    return Column([whole(value) for value in distinct.tolist()], to_rows(codes.reshape(-1)))


def _put(codes: npt.NDArray[np.int32], present: npt.NDArray[np.bool_], fresh: npt.NDArray[Any]) -> npt.NDArray[Any]:
    codes[present] = fresh
    return codes
