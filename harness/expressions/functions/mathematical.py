"""Mathematical functions (Search Reference, "Mathematical functions")."""

from __future__ import annotations

import math
from collections.abc import Callable

from harness.expressions.registry import NotImplementedExactly, function
from harness.values.column import Value
from harness.values.numbers import Measured, Number, half_up, power, significant, whole
from harness.values.values import number_of

_MOST_DECIMALS = 15


def numeric(name: str, minimum: int = 1, maximum: int | None = -1) -> Callable[..., Callable[..., Number]]:
    """Register a function of numbers. Null for what is no number and where it is undefined (M4.53); too large is
    infinite."""

    def decorate(call: Callable[..., Number]) -> Callable[..., Number]:
        @function(name, minimum, maximum, kinds="n", result="n", multivalues=True)
        def guarded(*values: Value) -> Value:
            numbers = []
            for value in values:
                number = number_of(value)
                if number is None:
                    return None
                numbers.append(number)
            try:
                result = call(*numbers)
            except (ValueError, ZeroDivisionError):
                return None
            except OverflowError:
                return math.inf
            return result if type(result) is Measured or not math.isfinite(result) else whole(result)

        return call

    return decorate


@numeric("abs")
def absolute(x: Number) -> Number:
    return Measured(abs(x), x.decimals) if type(x) is Measured else abs(x)


@numeric("ceiling")
@numeric("ceil")
def ceiling(x: Number) -> Number:
    return math.ceil(x)


@numeric("floor")
def floor(x: Number) -> Number:
    return math.floor(x)


@numeric("exp")
def exp(x: Number) -> Number:
    return math.exp(x)


@numeric("ln")
def ln(x: Number) -> Number:
    return math.log(x)


@numeric("log", 1, 2)
def log(x: Number, base: Number = 10) -> Number:
    if base == 10:
        return math.log10(x)
    return math.inf if math.log(base) == 0 else math.log(x) / math.log(base)


@numeric("sqrt")
def sqrt(x: Number) -> Number:
    return math.sqrt(x)


@numeric("pi", 0)
def pi() -> Number:
    return math.pi


@numeric("exact")
def exact(x: Number) -> Number:
    """The number without a limit of precision, so that all of a result's digits are written."""
    return float(x)


@numeric("sigfig")
def sigfig(x: Number) -> Number:
    """Rounded to the figures that are known of it; a number that was not calculated with decimals stays (M4.57)."""
    return significant(x) if type(x) is Measured else x


@function("pow", 2, kinds="n", result="n", multivalues=True)
def pow_(base: Value, exponent: Value) -> Value:
    x, y = number_of(base), number_of(exponent)
    return None if x is None or y is None else power(x, y)


@function("round", 1, 2, kinds="n", result="n", multivalues=True)
def round_(value: Value, decimals: Value = 0) -> Value:
    """Half away from zero; with a number of decimals they are all shown: ``round(10,2)`` is 10.00 (M4.54)."""
    x, places = number_of(value), number_of(decimals)
    if x is None or places is None:
        return None
    if not math.isfinite(x):
        return x
    if not 0 <= places <= _MOST_DECIMALS or places != int(places):
        raise NotImplementedExactly(f"round() to {places:g} decimals")
    rounded = float(half_up(x, int(places)))
    return Measured(rounded, int(places)) if places else whole(rounded)
