"""The only module that coerces and compares Splunk values.

A value is nothing, text, a number, or several of these (a multivalue). Events arrive as text and text that reads as a
number counts as one wherever numbers are asked for; eval makes numbers. Two comparisons exist and differ: ``search``
ignores case and knows ``*``; ``eval`` and ``where`` do neither.
"""

from __future__ import annotations

import ipaddress
import math
import re
from collections.abc import Callable, Iterable
from typing import Final

from harness.values.column import Scalar, Value

_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_INTEGER: Final = re.compile(r"[+-]?[0-9]+")
_NUMBER_START: Final = frozenset("+-.0123456789")
_EXACT_INTEGER: Final = 2**53


def to_number(value: Value) -> int | float | None:
    """The number that a single value is or reads as; None for anything else.

    Only ASCII digits, one sign, one point and an exponent make a number: no blanks, underscores, ``nan``, ``inf`` or
    hexadecimal. Booleans are no numbers.
    """
    if type(value) is str:
        if not value or value[0] not in _NUMBER_START or _NUMBER.fullmatch(value) is None:
            return None
        if _INTEGER.fullmatch(value) is not None:
            # Digits without end are no field of numbers; and int() of them is quadratic.
            return int(value) if len(value) <= 18 else float(value)
        number = float(value)
        return number if math.isfinite(number) else None
    if type(value) is int or type(value) is float:
        return value
    return None


def to_text(value: Scalar) -> str:
    """How a value is written in results: whole numbers without a point, others with the digits they need."""
    if type(value) is str:
        return value
    if type(value) is bool:
        return "True" if value else "False"
    if type(value) is float:
        return _float_text(value)
    return str(value)


def _float_text(value: float) -> str:
    if not math.isfinite(value):
        return "nan" if math.isnan(value) else ("inf" if value > 0 else "-inf")
    if value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return repr(value)


def rounded(value: int | float) -> int | float:
    """An arithmetic result as eval keeps it: 16 significant digits, so that 0.1+0.2 is 0.3 (M4.56); whole numbers
    that a double holds exactly become integers."""
    if type(value) is int:
        return value if -_EXACT_INTEGER <= value <= _EXACT_INTEGER else rounded(float(value))
    if not math.isfinite(value):
        return value
    short = float(f"{value:.16g}")
    return int(short) if short.is_integer() and abs(short) <= _EXACT_INTEGER else short


def members(value: Value) -> tuple[Scalar, ...]:
    """The values of a field, none, one or several, as a tuple."""
    if value is None:
        return ()
    return value if type(value) is tuple else (value,)  # type: ignore[return-value]


def texts(value: Value) -> list[str]:
    return [to_text(member) for member in members(value)]


def joined(value: Value, separator: str = "\n") -> str | None:
    """A multivalue as one text."""
    return None if value is None else separator.join(texts(value))


# --- eval and where -------------------------------------------------------------------------------------------------


def eval_compare(left: Scalar, right: Scalar) -> int | None:
    """-1, 0 or 1 as eval orders two single values; None where they cannot be compared.

    Two values that both are or read as numbers compare as numbers, anything else as text, case-sensitively, by
    code point (Search Reference, "Comparison and conditional functions"; Search Manual, "About the search language").
    """
    if isinstance(left, bool) or isinstance(right, bool):
        return int(left) - int(right) if isinstance(left, bool) and isinstance(right, bool) else None
    first, second = to_number(left), to_number(right)
    if first is not None and second is not None:
        return (first > second) - (first < second)
    a, b = to_text(left), to_text(right)
    return (a > b) - (a < b)


# --- search ---------------------------------------------------------------------------------------------------------


def has_wildcard(pattern: str) -> bool:
    return "*" in pattern


def wildcard_matcher(pattern: str, *, case_sensitive: bool = False) -> Callable[[str], bool]:
    """A test of a whole text against a pattern in which ``*`` stands for any characters, none included.

    Linear in the text for the usual one or two stars; never exponential.
    """
    fold: Callable[[str], str] = _same if case_sensitive else str.lower
    parts = fold(pattern).split("*")
    if len(parts) == 1:
        whole = parts[0]
        return lambda text: fold(text) == whole
    first, *middle, last = parts
    middle = [part for part in middle if part]

    def matches(text: str) -> bool:
        text = fold(text)
        if len(text) < len(first) + len(last) or not text.startswith(first) or not text.endswith(last):
            return False
        position, end = len(first), len(text) - len(last)
        for part in middle:
            found = text.find(part, position, end)
            if found < 0:
                return False
            position = found + len(part)
        return True

    return matches


def _same(text: str) -> str:
    return text


def search_matcher(operator: str, pattern: str) -> Callable[[Value], bool]:
    """The test that ``field<operator>pattern`` makes of one field's value; a null never satisfies it.

    A multivalue satisfies it if one of its values does. Equality ignores case and knows ``*``; a value and a pattern
    that both read as numbers are also equal as numbers; ``<`` and its kin compare numbers if both are, else text.
    """
    if operator == "=":
        return _any(_equality(pattern))
    if operator == "!=":
        equal = _equality(pattern)
        return _any(lambda text: not equal(text))
    bound = to_number(pattern)
    folded = pattern.lower()
    holds = _ORDER[operator]

    def compare(text: str) -> bool:
        number = to_number(text)
        if bound is not None:
            return number is not None and holds((number > bound) - (number < bound))
        text = text.lower()
        return holds((text > folded) - (text < folded))

    return _any(compare)


_ORDER: Final[dict[str, Callable[[int], bool]]] = {
    "<": lambda order: order < 0,
    "<=": lambda order: order <= 0,
    ">": lambda order: order > 0,
    ">=": lambda order: order >= 0,
}


def _equality(pattern: str) -> Callable[[str], bool]:
    matches = wildcard_matcher(pattern)
    number = None if has_wildcard(pattern) else to_number(pattern)
    if number is None:
        return matches

    def equal(text: str) -> bool:
        return matches(text) or to_number(text) == number

    return equal


def _any(test: Callable[[str], bool]) -> Callable[[Value], bool]:
    def holds(value: Value) -> bool:
        if type(value) is str:
            return test(value)
        return any(test(to_text(member)) for member in members(value))

    return holds


# --- sorting --------------------------------------------------------------------------------------------------------


def mixed_key(value: Scalar) -> tuple[int, float, str]:
    """Orders numbers by size before any text, and text by code point: how ``stats by`` and ``sort`` order (M4.76)."""
    number = to_number(value)
    if number is not None:
        return (0, number, "")
    return (1, 0.0, to_text(value))


def text_key(value: Scalar) -> str:
    return to_text(value)


def number_key(value: Scalar) -> tuple[int, float]:
    """Numbers by size; what is no number comes after them."""
    number = to_number(value)
    return (1, 0.0) if number is None else (0, number)


def ip_key(value: Scalar) -> tuple[int, int, str]:
    """IPv4 before IPv6 by address; what is no address comes after them, as text."""
    text = to_text(value)
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return (9, 0, text)
    return (address.version, int(address), text)


def sorted_distinct(values: Iterable[Scalar]) -> list[str]:
    """Distinct values in the order in which ``values()`` lists them: as text, by code point."""
    return sorted({to_text(value) for value in values})
