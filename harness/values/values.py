"""The only module that coerces and compares Splunk values.

A value is nothing, text, a number, or several of these (a multivalue). Events arrive as text and text that reads as a
number counts as one wherever numbers are asked for; eval makes numbers. Two comparisons exist and differ: ``search``
ignores case and knows ``*``; ``eval`` and ``where`` do neither.
"""

from __future__ import annotations

import ipaddress
import math
import operator
import re
from collections.abc import Callable, Sequence
from typing import Any, Final

from harness.values.column import Column, Scalar, Value
from harness.values.numbers import Measured, Number, NumericText, measured_text, not_finite_text, read_number

_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_INTEGER: Final = re.compile(r"[+-]?[0-9]+")
_NUMBER_START: Final = frozenset("+-.0123456789")


def to_number(value: Value) -> Number | None:
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
    if isinstance(value, str):
        return value if type(value) is str else str(value)
    if type(value) is bool:
        return "True" if value else "False"
    if isinstance(value, float):
        return measured_text(value) if type(value) is Measured else _float_text(value)
    return str(value)


def _float_text(value: float) -> str:
    if not math.isfinite(value):
        return not_finite_text(value)
    if value.is_integer() and abs(value) < 1e17:
        return str(int(value))
    return repr(value)


def members(value: Value) -> tuple[Scalar, ...]:
    """The values of a field, none, one or several, as a tuple."""
    if value is None:
        return ()
    return value if type(value) is tuple else (value,)  # type: ignore[return-value]


def texts(value: Value) -> list[str]:
    return [to_text(member) for member in members(value)]


# --- eval and where -------------------------------------------------------------------------------------------------


def typed(column: Column) -> Column:
    """A field as eval takes it: text that reads as a number is one, value by value (M4.37, M4.48)."""
    values: list[Value] = list(column.values)
    changed = False
    for position, value in enumerate(values):
        if type(value) is str:
            number = read_number(value)
            if number is not None:
                values[position] = NumericText(value, number)
                changed = True
    return Column(values, column.codes) if changed else column


def plain(value: Value) -> Value:
    """A result of eval as a field holds it: a number of known precision is its text, NaN and infinities theirs."""
    kind = type(value)
    if kind is str or kind is int or value is None:
        return value
    if kind is tuple:
        return tuple(plain(member) for member in value)  # type: ignore[union-attr,misc]
    if kind is bool:
        return value
    if isinstance(value, float):
        return value if kind is float and math.isfinite(value) else to_text(value)
    return str(value)


def number_of(value: Value) -> Number | None:
    """The number that eval computes with, precision included; None for text that is none and for multivalues."""
    if type(value) is NumericText:
        return value.number
    if isinstance(value, str):
        return read_number(value)
    if isinstance(value, float) or type(value) is int:
        return value
    return None


COMPARISONS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def eval_compare(symbol: str, left: Value, right: Value) -> bool | None:
    """What ``left <symbol> right`` is: true, false, or neither (null).

    A number is compared with a number; with text that is none the comparison is null. Text is compared with text by
    code point, in case. Two fields whose contents read as numbers are numbers, a quoted text never is (M4.47, M4.48). A
    multivalue equals a text if one of its values does, and is unequal otherwise; no other comparison of one holds.
    """
    if left is None or right is None:
        return None
    if type(left) is tuple or type(right) is tuple:
        return _compare_several(symbol, left, right)
    if type(left) is bool or type(right) is bool:
        return COMPARISONS[symbol](left, right) if type(left) is type(right) and symbol in ("==", "!=") else None
    if isinstance(left, str) and isinstance(right, str):
        if type(left) is NumericText and type(right) is NumericText:
            return COMPARISONS[symbol](float(left.number), float(right.number))
        return COMPARISONS[symbol](str(left), str(right))
    first, second = number_of(left), number_of(right)
    if first is None or second is None:
        return None
    return COMPARISONS[symbol](float(first), float(second))


def _compare_several(symbol: str, left: Value, right: Value) -> bool | None:
    one = right if type(left) is tuple else left
    if type(one) is not tuple and (symbol not in ("==", "!=") or not isinstance(one, str)):
        return None
    positive = "==" if symbol == "!=" else symbol
    found = any(eval_compare(positive, a, b) is True for a in members(left) for b in members(right))
    return not found if symbol == "!=" else found


# --- search ---------------------------------------------------------------------------------------------------------


def has_wildcard(pattern: str) -> bool:
    return "*" in pattern


def wildcard_matcher(pattern: str, *, case_sensitive: bool = False) -> Callable[[str], bool]:
    """A test of a whole text against a pattern in which ``*`` stands for any characters, none included."""
    if case_sensitive:
        return pieces_matcher(pattern.split("*"))
    matches = pieces_matcher(pattern.lower().split("*"))
    return lambda text: matches(text.lower())


def pieces_matcher(pieces: Sequence[str]) -> Callable[[str], bool]:
    """A test of a whole text against a pattern, given as the pieces between its wildcards. Each piece is taken where it
    first fits, which is never worse than later, so that no pattern makes it go back."""
    if len(pieces) == 1:
        return pieces[0].__eq__
    first, *middle, last = pieces
    middle = [piece for piece in middle if piece]
    if not first and not last and len(middle) == 1:
        only = middle[0]
        return lambda text: only in text
    least = len(first) + len(last)

    def matches(text: str) -> bool:
        if len(text) < least or not text.startswith(first) or not text.endswith(last):
            return False
        position, end = len(first), len(text) - len(last)
        for piece in middle:
            found = text.find(piece, position, end)
            if found < 0:
                return False
            position = found + len(piece)
        return True

    return matches


def search_matcher(symbol: str, pattern: str) -> Callable[[Value], bool]:
    """The test that ``field<symbol>pattern`` makes of one field's value; a null never satisfies it.

    A multivalue satisfies it if one of its values does, for ``!=`` too.
    """
    test = search_test(symbol, pattern)
    return lambda value: any(test(to_text(member).lower()) for member in members(value))


def search_test(symbol: str, pattern: str) -> Callable[[str], bool]:
    """The test that ``field<symbol>pattern`` makes of one value's text, given *in lower case*.

    ``=`` and ``!=`` compare text: they know ``*`` and networks (``10.0.0.0/8``), but 1 does not match 1.0. The others
    compare two numbers as numbers and anything else as text (Search Reference, "search").
    """
    pattern = pattern.lower()
    if symbol in ("=", "!="):
        equal = _equality(pattern)
        return equal if symbol == "=" else lambda text: not equal(text)
    bound = to_number(pattern)
    holds = COMPARISONS[symbol]

    def compare(text: str) -> bool:
        number = None if bound is None else to_number(text)
        return bool(holds(text, pattern) if number is None else holds(number, bound))

    return compare


def _equality(pattern: str) -> Callable[[str], bool]:
    matches = pieces_matcher(pattern.split("*"))
    network = network_of(pattern) if "/" in pattern else None
    if network is None:
        return matches
    return lambda text: matches(text) or in_network(text, network)


Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def network_of(text: str) -> Network | None:
    """A network in CIDR notation, host bits allowed; a lone address is a network of one. None if it is neither."""
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def in_network(text: str, network: Network) -> bool:
    """Whether the text is an address of the network; what is no address is not (M4.63)."""
    try:
        return ipaddress.ip_address(text) in network
    except ValueError:
        return False


# --- sorting --------------------------------------------------------------------------------------------------------


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
