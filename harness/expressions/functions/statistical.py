"""Statistical eval functions (Search Reference, "Statistical eval functions"), and ``sum``."""

from __future__ import annotations

import math

from harness.expressions.registry import InvalidArguments, NotImplementedExactly, function
from harness.expressions.scope import Scope
from harness.values.column import Value
from harness.values.numbers import Number, NumericText, read_number, whole
from harness.values.values import number_of


def _members(values: tuple[Value, ...]) -> list[Value]:
    """All single values; the members of a multivalue field are typed by their content like any field."""
    found: list[Value] = []
    for value in values:
        if type(value) is tuple:
            for member in value:
                number = read_number(member) if type(member) is str else None
                found.append(member if number is None else NumericText(str(member), number))
        elif value is not None:
            found.append(value)
    return found


def _order(value: Value) -> tuple[int, float, str]:
    """Any text sorts higher than any number; a quoted text is text even where it reads as a number (M4.47, M4.48)."""
    number = None if type(value) is str else number_of(value)
    return (1, 0.0, str(value)) if number is None else (0, float(number), "")


def _known(values: tuple[Value, ...]) -> list[Value]:
    known = _members(values)
    if any(type(value) is bool for value in known):
        raise InvalidArguments
    return known


@function("max", 1, None, nulls=True, multivalues=True)
def maximum(*values: Value) -> Value:
    """Nulls take no part (M4.49)."""
    return max(_known(values), key=_order, default=None)


@function("min", 1, None, nulls=True, multivalues=True)
def minimum(*values: Value) -> Value:
    return min(_known(values), key=_order, default=None)


def _numbers(values: tuple[Value, ...]) -> list[Number]:
    """What is a number; fields that are none take no part."""
    return [number for member in _members(values) if (number := number_of(member)) is not None]


def _integral(name: str, result: float) -> Value:
    """The Search Reference says that the result is an integer, and shows only results that are whole anyway."""
    if not math.isfinite(result) or not float(result).is_integer():
        raise NotImplementedExactly(f"The eval function {name}() with a result that is not whole")
    return whole(result)


@function("sum", 1, None, nulls=True, multivalues=True, kinds="n", result="n")
def sum_(*values: Value) -> Value:
    found = _numbers(values)
    return _integral("sum", math.fsum(found)) if found else None


@function("avg", 1, None, nulls=True, multivalues=True, kinds="n", result="n")
def avg(*values: Value) -> Value:
    found = _numbers(values)
    return _integral("avg", math.fsum(found) / len(found)) if found else None


@function("random", 0, scoped=True, pure=False, result="n")
def random_(scope: Scope) -> Value:
    """Anew for each row, from 0 to 2^31-1 (M4.58)."""
    return scope.random.randrange(2**31)
