"""Informational functions (Search Reference, "Informational functions")."""

from __future__ import annotations

import math

from harness.expressions.json_texts import is_json
from harness.expressions.registry import NotImplementedExactly, function
from harness.values.column import Value
from harness.values.numbers import Measured, Number, NumericText


def typed_number(value: Value) -> Number | None:
    """The number that a value *is*: a quoted text is none, whatever it reads as; the text of a field is what it
    reads as."""
    if type(value) is NumericText:
        return value.number
    return value if isinstance(value, float) or type(value) is int else None


@function("isnull", nulls=True, multivalues=True, result="b")
def isnull(value: Value) -> Value:
    return value is None


@function("isnotnull", nulls=True, multivalues=True, result="b")
def isnotnull(value: Value) -> Value:
    return value is not None


@function("isbool", nulls=True, multivalues=True, result="b")
def isbool(value: Value) -> Value:
    return type(value) is bool


def _whole(value: Value) -> bool | None:
    """Whether a number is an integer; None if it is no number. ``5.0`` is a double by its point and an integer by its
    value, and nothing says which of the two counts."""
    number = typed_number(value)
    if number is None:
        return None
    if type(number) is Measured and number.is_integer() and number.decimals > 0:
        raise NotImplementedExactly("The type of a whole number with decimals")
    return math.isfinite(number) and float(number).is_integer()


@function("isint", nulls=True, multivalues=True, result="b")
def isint(value: Value) -> Value:
    return _whole(value) is True


@function("isdouble", nulls=True, multivalues=True, result="b")
def isdouble(value: Value) -> Value:
    return _whole(value) is False


@function("isnum", nulls=True, multivalues=True, result="b")
def isnum(value: Value) -> Value:
    return typed_number(value) is not None


@function("isstr", nulls=True, multivalues=True, result="b")
def isstr(value: Value) -> Value:
    """NaN is both a number and a text."""
    number = typed_number(value)
    return isinstance(value, str) if number is None else math.isnan(number)


@function("ismv", nulls=True, multivalues=True, result="b")
def ismv(value: Value) -> Value:
    return type(value) is tuple


@function("isarray", nulls=True, multivalues=True, result="b")
def isarray(value: Value) -> Value:
    return is_json(value, list)


@function("isobject", nulls=True, multivalues=True, result="b")
def isobject(value: Value) -> Value:
    return is_json(value, dict)


@function("typeof", nulls=True, multivalues=True, result="s")
def typeof(value: Value) -> Value:
    """The names of M4.40; a field that reads as a number is a Number."""
    if value is None:
        return "Invalid"
    if type(value) is tuple:
        return "Multivalue"
    if type(value) is bool:
        return "Bool"
    return "String" if typed_number(value) is None else "Number"
