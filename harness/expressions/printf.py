"""Splunk's ``printf`` (Search Reference, "Conversion functions"): C's conversions of one value each."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from typing import Final

from harness.expressions.registry import InvalidArguments, NotImplementedExactly
from harness.values.column import Value
from harness.values.values import number_of, to_text

_CONVERSION: Final = re.compile(
    r"%(?P<flags>[-+ 0#']*)(?P<width>\d+|\*)?(?P<point>\.(?P<precision>\d+|\*)?)?(?P<type>[aAcdieEfFgGosuxXpz%])"
)
_WIDEST: Final = 10_000


def printf(form: str, values: Sequence[Value]) -> str:
    """The format with its conversions filled by the values, in order."""
    left = iter(values)
    parts: list[str] = []
    position = 0
    while position < len(form):
        if form[position] != "%":
            following = form.find("%", position)
            end = len(form) if following < 0 else following
            parts.append(form[position:end])
            position = end
            continue
        found = _CONVERSION.match(form, position)
        if found is None:
            raise InvalidArguments
        parts.append(_converted(found, left))
        position = found.end()
    if next(left, _NONE) is not _NONE:
        raise NotImplementedExactly("printf() with more values than conversions")
    return "".join(parts)


_NONE: Final = object()


def _converted(found: re.Match[str], left: Iterator[Value]) -> str:
    kind = found["type"]
    if kind == "%":
        return "%"
    flags = found["flags"]
    width = _size(found["width"], left)
    precision = None if found["point"] is None else _size(found["precision"], left) or 0
    if width is not None and width < 0:
        flags, width = flags + "-", -width
    try:
        value = next(left)
    except StopIteration:
        raise InvalidArguments from None
    if kind in "sz":
        text = "Null" if value is None else to_text(value)  # type: ignore[arg-type]
        return _padded(text if precision is None else text[:precision], flags.replace("0", ""), width)
    if kind == "c":
        return _padded(_character(value), flags.replace("0", ""), width)
    number = number_of(value)
    if number is None:
        raise NotImplementedExactly(f"printf() of what is no number as %{kind}")
    text = _whole(number, kind, flags, precision) if kind in "diouxXp" else _float(number, kind, flags, precision)
    if precision is not None and kind in "diouxXp":
        flags = flags.replace("0", "")
    return _padded(text, flags, width)


def _size(text: str | None, left: Iterator[Value]) -> int | None:
    """A width or precision, written out or taken from the values."""
    if text is None:
        return None
    number = number_of(next(left, None)) if text == "*" else int(text)
    if number is None or abs(number) > _WIDEST:
        raise InvalidArguments
    return int(number)


def _character(value: Value) -> str:
    if isinstance(value, str):
        return value[:1]
    number = number_of(value)
    if number is None or not 0 < number < 0x110000:
        raise NotImplementedExactly("printf() of this value as %c")
    return chr(int(number))


def _signed(text: str, negative: bool, flags: str) -> str:
    return ("-" if negative else "+" if "+" in flags else " " if " " in flags else "") + text


def _whole(number: float, kind: str, flags: str, precision: int | None) -> str:
    if not math.isfinite(number) or number != int(number) or (number < 0 and kind not in "di"):
        raise NotImplementedExactly(f"printf() of {to_text(number)} as %{kind}")
    value = abs(int(number))
    digits = {"o": f"{value:o}", "x": f"{value:x}", "X": f"{value:X}", "p": f"{value:X}"}.get(kind, str(value))
    if precision is not None:
        digits = "" if precision == 0 and value == 0 else digits.rjust(precision, "0")
    if "'" in flags and kind in "diu":
        digits = re.sub(r"(?<=\d)(?=(?:\d{3})+$)", ",", digits)
    if "#" in flags and kind == "o" and not digits.startswith("0"):
        digits = "0" + digits
    if "#" in flags and kind in "xX" and value:
        digits = f"0{kind}{digits}"
    return _signed(digits, number < 0, flags) if kind in "di" else digits


def _float(number: float, kind: str, flags: str, precision: int | None) -> str:
    if not math.isfinite(number):
        raise NotImplementedExactly(f"printf() of {to_text(number)} as %{kind}")
    value = abs(float(number))
    if kind in "aA":
        text = _hexadecimal(value, precision) if kind == "a" else _hexadecimal(value, precision).upper()
    else:
        alternate = "#" if "#" in flags else ""
        form = f"%{alternate}.{6 if precision is None else precision}{kind}"
        text = form % value
    if "'" in flags and kind in "fFgG" and "e" not in text.lower():
        integer, point, decimals = text.partition(".")
        text = f"{int(integer):,}{point}{decimals}"
    return _signed(text, math.copysign(1.0, number) < 0, flags)


def _hexadecimal(value: float, precision: int | None) -> str:
    """``0x1.922p+1``."""
    if value == 0 or precision is None:
        mantissa, _, power = value.hex().partition("p")
        digits = mantissa.partition(".")[2].rstrip("0") if precision is None else "0" * precision
        return f"0x{mantissa[2]}{'.' + digits if digits else ''}p{power}"
    half, power_of_two = math.frexp(value)
    scaled = round(half * 2 * 16**precision)
    lead, rest = divmod(scaled, 16**precision)
    return f"0x{lead:x}{f'.{rest:0{precision}x}' if precision else ''}p{power_of_two - 1:+d}"


def _padded(text: str, flags: str, width: int | None) -> str:
    if width is None or len(text) >= width:
        return text
    if "-" in flags:
        return text.ljust(width)
    if "0" in flags:
        sign = text[:1] if text[:1] in ("+", "-", " ") else ""
        prefix = sign + (text[len(sign) : len(sign) + 2] if text[len(sign) :].lower().startswith("0x") else "")
        return prefix + text[len(prefix) :].rjust(width - len(prefix), "0")
    return text.rjust(width)
