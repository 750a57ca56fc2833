"""Informational functions (Search Reference, "Informational functions")."""

from __future__ import annotations

from harness.expressions.registry import function
from harness.values.column import Value
from harness.values.values import to_number


@function("isnull", nulls=True, boolean=True)
def isnull(value: Value) -> Value:
    return value is None


@function("isnotnull", nulls=True, boolean=True)
def isnotnull(value: Value) -> Value:
    return value is not None


@function("isbool", nulls=True, boolean=True)
def isbool(value: Value) -> Value:
    return type(value) is bool


@function("isint", nulls=True, boolean=True)
def isint(value: Value) -> Value:
    number = to_number(value)
    return number is not None and float(number).is_integer()


@function("isnum", nulls=True, boolean=True)
def isnum(value: Value) -> Value:
    return to_number(value) is not None


@function("isstr", nulls=True, boolean=True)
def isstr(value: Value) -> Value:
    return type(value) is str and to_number(value) is None


@function("typeof", nulls=True)
def typeof(value: Value) -> Value:
    """The names of M4.40; a field that reads as a number is a Number."""
    if value is None:
        return "Invalid"
    if type(value) is tuple:
        return "Multivalue"
    if type(value) is bool:
        return "Bool"
    return "Number" if to_number(value) is not None else "String"
