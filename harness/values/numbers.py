"""Numbers as eval keeps them: with the precision of what they were made from.

Splunk rounds a result to the precision of its least precise input (Search Reference, "eval", section "Rounding", whose
example is ``8.250 * 0.2`` = 2, ``8.250 * 0.20`` = 1.7, ``8.250 * 0.200`` = 1.65, ``8.250 * exact(0.2)`` = 1.650):
products, quotients and powers keep the fewest significant figures, sums and differences the fewest decimals. Whole
numbers and results without a known precision (``1/3``, an average) limit nothing. What was rounded is only the text:
inside one expression the full value is carried on.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Final

EXACT_INTEGER: Final = 2**53
"""Whole numbers up to here are exact (Search Reference, "eval", section "Long numbers")."""

Number = int | float

_NUMBER: Final = re.compile(r"[+-]?(?=\.?[0-9])[0-9]*(?:\.(?P<decimals>[0-9]*))?(?:[eE](?P<power>[+-]?[0-9]{1,3}))?")
_WIDE: Final = Context(prec=1_000)  # room for every double with every number of decimals
_FIRST: Final = frozenset("+-.0123456789NI")
_SPECIAL: Final = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


class Measured(float):
    """A number that is known to ``decimals`` places after the point. Negative: the last places before it are unknown.

    Arithmetic of Python drops the precision; the functions of this module keep it.
    """

    __slots__ = ("decimals",)
    decimals: int

    def __new__(cls, value: float, decimals: int) -> Measured:
        made = super().__new__(cls, value)
        made.decimals = decimals
        return made

    @property
    def figures(self) -> int:
        """Significant figures."""
        return self.decimals + exponent(self) + 1

    def __eq__(self, other: object) -> bool:
        """Equal numbers of different precision are different values: they are written differently."""
        return float.__eq__(self, other) is True and (type(other) is not Measured or self.decimals == other.decimals)

    def __hash__(self) -> int:
        return float.__hash__(self)


class NumericText(str):
    """Text of a field that reads as a number, so that eval treats it as one; ``number`` is what it reads as.

    A field is typed by its content (M4.37, M4.48), a quoted text in an expression never is (M4.47).
    """

    __slots__ = ("number",)
    number: Number

    def __new__(cls, text: str, number: Number) -> NumericText:
        made = super().__new__(cls, text)
        made.number = number
        return made


def read_number(text: str) -> Number | None:
    """The number that a text is, with the precision in which it is written; None if it is none.

    Digits, one sign, one point, an exponent; ``NaN`` and ``Infinity`` as eval itself writes them (Search Reference,
    "isnum"). No blanks, underscores or hexadecimal.
    """
    if not text or text[0] not in _FIRST:
        return None
    found = _NUMBER.fullmatch(text)
    if found is None:
        return _SPECIAL.get(text)
    decimals, power = found["decimals"], found["power"]
    if decimals is None and power is None and len(text) <= 18:
        return int(text)  # longer ones are no exact numbers, and int() of digits without end is quadratic
    value = float(text)
    if not math.isfinite(value):
        return None
    return whole(value) if decimals is None else Measured(value, len(decimals) - int(power or 0))


def exponent(value: float) -> int:
    """The power of ten of the first digit: 2 for 123.4, -2 for 0.05, 0 for 0."""
    return math.floor(math.log10(abs(value))) if value else 0


def whole(value: Number) -> Number:
    """The number as an integer if it is one that a double holds exactly, else as a double."""
    if type(value) is int:
        return value if -EXACT_INTEGER <= value <= EXACT_INTEGER else float(value)
    return int(value) if abs(value) <= EXACT_INTEGER and value == int(value) else float(value)


def half_up(value: float, places: int) -> str:
    """The number with that many decimals, halves rounded away from zero as its shortest text shows them: 2.555 with
    two is 2.56 (Search Reference, "round"), 6.25 with one is 6.3 (M4.55)."""
    shown = repr(float(value))
    decimals = shown.partition(".")[2]
    if "e" in shown or (len(decimals) == places + 1 and decimals[-1] == "5"):
        text = f"{_quantized(value, places):f}"
    elif len(decimals) <= places:
        text = shown + "0" * (places - len(decimals))
    else:
        # Anywhere but at a half the double and its shortest text round to the same side.
        text = f"{value:.{places}f}"
    return text[1:] if text.startswith("-") and not text.strip("-0.") else text


def _quantized(value: float, places: int) -> Decimal:
    return Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP, _WIDE)


def measured_text(value: Measured) -> str:
    """Its known decimals, trailing zeros included; places before the point are always written (1.00*1111 is 1111)."""
    if not math.isfinite(value):
        return not_finite_text(value)
    return half_up(value, min(max(value.decimals, 0), 330))


def not_finite_text(value: float) -> str:
    return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")


def significant(value: Measured) -> float:
    """``sigfig()``: the number rounded to what is known of it, places before the point too (1.00*1111 is 1110)."""
    return Measured(float(_quantized(value, value.decimals)), value.decimals)


# --- arithmetic -----------------------------------------------------------------------------------------------------


def with_decimals(result: Number, *inputs: Number) -> Number:
    """A sum or difference: the fewest decimals of its inputs."""
    known = [value.decimals for value in inputs if type(value) is Measured]
    return Measured(result, min(known)) if known else whole(result) if math.isfinite(result) else result


def with_figures(result: Number, *inputs: Number) -> Number:
    """A product, quotient or power: the fewest significant figures of its inputs."""
    known = [value.figures for value in inputs if type(value) is Measured]
    if not known:
        return whole(result) if math.isfinite(result) else result
    return Measured(result, min(known) - exponent(result) - 1) if math.isfinite(result) else result


def _added(a: Number, b: Number) -> Number:
    return with_decimals(a + b, a, b)


def _subtracted(a: Number, b: Number) -> Number:
    return with_decimals(a - b, a, b)


def _multiplied(a: Number, b: Number) -> Number:
    return with_figures(a * b, a, b)


def _divided(a: Number, b: Number) -> Number | None:
    return with_figures(a / b, a, b) if b else None


def _remainder(a: Number, b: Number) -> Number | None:
    """With the sign of the dividend, as C's fmod; null for a divisor of zero."""
    if not b or math.isinf(a):
        return None
    return with_decimals(math.fmod(a, b), a, b)


ARITHMETIC: Final[dict[str, Callable[[Number, Number], Number | None]]] = {
    "+": _added,
    "-": _subtracted,
    "*": _multiplied,
    "/": _divided,
    "%": _remainder,
}


def power(base: Number, exponent_: Number) -> Number | None:
    """``pow()``; null where it is undefined, infinite where it is too large."""
    try:
        result = float(base) ** float(exponent_)
    except ZeroDivisionError:
        return math.inf
    except OverflowError:
        return math.inf
    if isinstance(result, complex):
        return None
    return with_figures(result, base, exponent_)


def negated(value: Number) -> Number:
    return Measured(-value, value.decimals) if type(value) is Measured else -value
