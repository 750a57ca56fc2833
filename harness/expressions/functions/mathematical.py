"""Mathematical and trigonometric functions (Search Reference)."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from harness.expressions.evaluate import InvalidArguments
from harness.expressions.registry import function
from harness.values.column import Value
from harness.values.values import rounded, to_number, to_text


def number(value: Value) -> int | float:
    """The number in an argument; text that is none is refused (M4.53) where a literal, and null where a field."""
    found = to_number(value)
    if found is None:
        raise _NotANumber
    return found


class _NotANumber(Exception):
    """A field's value is no number: the result is null."""


def _numeric(name: str, minimum: int = 1, maximum: int | None = -1) -> Callable[..., Callable[..., Value]]:
    """Register a function of numbers: null for what is no number, for a domain error and for an overflow."""

    def decorate(call: Callable[..., int | float]) -> Callable[..., Value]:
        @function(name, minimum, maximum, kinds="n" * max(minimum, maximum or 0))
        def guarded(*values: Value) -> Value:
            try:
                result = call(*(number(value) for value in values))
            except (_NotANumber, ValueError, OverflowError, ZeroDivisionError):
                return None
            return rounded(result) if math.isfinite(result) else None

        return guarded

    return decorate


@_numeric("abs")
def absolute(x: float) -> float:
    return abs(x)


@_numeric("ceiling")
def ceiling(x: float) -> float:
    return math.ceil(x)


@_numeric("ceil")
def ceil(x: float) -> float:
    return math.ceil(x)


@_numeric("floor")
def floor(x: float) -> float:
    return math.floor(x)


@_numeric("exp")
def exp(x: float) -> float:
    return math.exp(x)


@_numeric("ln")
def ln(x: float) -> float:
    return math.log(x)


@_numeric("log", 1, 2)
def log(x: float, base: float = 10) -> float:
    return math.log10(x) if base == 10 else math.log(x, base)


@_numeric("sqrt")
def sqrt(x: float) -> float:
    return math.sqrt(x)


@function("pi", 0)
def pi() -> Value:
    return 3.141592653589793


@function("exact")
def exact(value: Value) -> Value:
    return to_number(value)


@function("pow", 2, kinds="nn")
def power(base: Value, exponent: Value) -> Value:
    """Renders with the base's decimals: ``pow(2.5,2)`` is 6.3 (M4.55)."""
    x, y = to_number(base), to_number(exponent)
    if x is None or y is None:
        return None
    try:
        result = float(x) ** y
    except (OverflowError, ZeroDivisionError):
        return None
    if isinstance(result, complex) or not math.isfinite(result):
        return None
    text = to_text(base)  # type: ignore[arg-type]
    decimals = len(text.partition(".")[2]) if "e" not in text.lower() else 0
    return rounded(float(_half_up(result, decimals)))


@function("round", 1, 2, kinds="nn")
def round_(value: Value, decimals: Value = None) -> Value:
    """Half away from zero; with a number of decimals they are all shown: ``round(10,2)`` is 10.00 (M4.54)."""
    x = to_number(value)
    if x is None:
        return None
    if decimals is None:
        return rounded(float(_half_up(x, 0)))
    places = to_number(decimals)
    if places is None:
        return None
    return _half_up(x, min(int(places), 15)) if places > 0 else rounded(float(_half_up(x, 0)))


def _half_up(value: int | float, places: int) -> str:
    step = Decimal(1).scaleb(-places)
    result = Decimal(repr(value)).quantize(step, rounding=ROUND_HALF_UP)
    text = f"{result:f}"
    return text[1:] if text.startswith("-") and not result else text


@function("sigfig", kinds="n")
def sigfig(value: Value) -> Value:
    """One argument; for plain numbers it gives the number back (M4.57)."""
    return to_number(value)


_TRIGONOMETRY: Final[dict[str, Callable[[float], float]]] = {
    "acos": math.acos,
    "acosh": math.acosh,
    "asin": math.asin,
    "asinh": math.asinh,
    "atan": math.atan,
    "atanh": math.atanh,
    "cos": math.cos,
    "cosh": math.cosh,
    "sin": math.sin,
    "sinh": math.sinh,
    "tan": math.tan,
    "tanh": math.tanh,
}
for _name, _call in _TRIGONOMETRY.items():
    _numeric(_name)(_call)


@_numeric("atan2", 2)
def atan2(y: float, x: float) -> float:
    return math.atan2(y, x)


@_numeric("hypot", 2)
def hypot(x: float, y: float) -> float:
    return math.hypot(x, y)


def _extreme(values: tuple[Value, ...], *, largest: bool) -> Value:
    """Any text sorts higher than any number; nulls are skipped (M4.47-M4.49)."""
    known = [value for value in values if value is not None]
    if not values or any(type(value) is tuple for value in known):
        raise InvalidArguments
    if not known:
        return None

    def key(value: Value) -> tuple[int, float, str]:
        found = value if type(value) is not str else None
        as_number = to_number(found) if found is not None else to_number(value)
        return (0, as_number, "") if as_number is not None else (1, 0.0, str(value))

    return max(known, key=key) if largest else min(known, key=key)


@function("max", 1, None, nulls=True)
def maximum(*values: Value) -> Value:
    return _extreme(values, largest=True)


@function("min", 1, None, nulls=True)
def minimum(*values: Value) -> Value:
    return _extreme(values, largest=False)


@function("sum", 1, None, nulls=True)
def total(*values: Value) -> Value:
    found = [x for x in map(to_number, values) if x is not None]
    return rounded(math.fsum(found)) if found else None


@function("avg", 1, None, nulls=True)
def average(*values: Value) -> Value:
    found = [x for x in map(to_number, values) if x is not None]
    return rounded(math.fsum(found) / len(found)) if found else None
