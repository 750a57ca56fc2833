"""Conversion functions (Search Reference, "Conversion functions"); those of JSON are with the JSON functions."""

from __future__ import annotations

import ipaddress
import math
import re
from typing import Final

from harness.expressions.printf import printf as printf_
from harness.expressions.registry import (
    Compiled,
    Compiler,
    InvalidArguments,
    NotImplementedExactly,
    Row,
    function,
    special,
)
from harness.spl.nodes import Call, Literal
from harness.values.column import Value
from harness.values.numbers import EXACT_INTEGER, Measured, Number, NumericText, half_up, read_number, whole
from harness.values.values import number_of, to_text

_DIGITS: Final = re.compile(r"[+-]?[0-9A-Za-z]+")


@special("tonumber", 1, 2, result="n")
def tonumber(compiler: Compiler, call: Call) -> Compiled:
    """The number that a text reads as, in a base of 2 to 36. A field that is none is null; a quoted text that is none
    is an error before any row is read."""
    if any(compiler.kind(argument) in "b0" for argument in call.arguments):
        raise compiler.argument_error(call)
    parts = [compiler.compile(argument) for argument in call.arguments]

    def run(row: Row) -> Value:
        values = [part(row) for part in parts]
        if any(type(value) is tuple for value in values):
            raise compiler.unsupported("The 'tonumber' function of a multivalue field", call)
        try:
            return None if None in values else read(*values)
        except InvalidArguments:
            raise compiler.argument_error(call) from None

    if all(isinstance(argument, Literal) for argument in call.arguments) and run(()) is None:
        raise compiler.argument_error(call)
    return run


def read(value: Value, base: Value = 10) -> Number | None:
    """A number as it is; a text in the base, a leading ``0x`` allowed for 16; blanks around it make it no number."""
    radix = number_of(base)
    if radix is None or radix != int(radix) or not 2 <= radix <= 36:
        raise InvalidArguments
    if not isinstance(value, str):
        return number_of(value)
    if radix == 10:
        number = value.number if type(value) is NumericText else read_number(value)
        return number if number is not None and math.isfinite(number) else None
    text = value.lower().removeprefix("0x") if radix == 16 else str(value)
    if len(text) > 64 or _DIGITS.fullmatch(text) is None:
        return None
    try:
        return whole(int(text, int(radix)))
    except ValueError:
        return None


@function("toint", 1, 2, result="n")
def toint(value: Value, base: Value = 10) -> Value:
    number = read(value, base)
    return None if number is None else math.floor(number)


@function("todouble", 1, 2, result="n")
def todouble(value: Value, base: Value = 10) -> Value:
    number = read(value, base)
    if number is not None and type(number) is not Measured and float(number).is_integer():
        raise NotImplementedExactly("todouble() of a whole number")
    return number


@function("tobool", result="b")
def tobool(value: Value) -> Value:
    if type(value) is bool:
        return value
    if isinstance(value, str) and type(value) is not NumericText:
        return {"true": True, "True": True, "false": False, "False": False}.get(value)
    number = number_of(value)
    return None if number is None else number != 0


@function("tostring", 1, 2, kinds=".s", nulls=True, multivalues=True, result="s")
def tostring(value: Value, form: Value = None) -> Value:
    """``"hex"``, ``"binary"``, ``"commas"`` and ``"duration"`` write a number that way (M4.60)."""
    write = None if form is None else _FORMS.get(str(form))
    if form is not None and write is None:
        raise InvalidArguments
    if value is None:
        return "Null"  # M4.41
    if type(value) is tuple:
        if write is not None:
            raise NotImplementedExactly("tostring() of a multivalue field in a format")
        return tuple(map(to_text, value))
    if write is None or type(value) is bool:
        return to_text(value)  # type: ignore[arg-type]
    number = None if type(value) is str else number_of(value)
    if number is None:
        raise NotImplementedExactly("tostring() of a text in a format of numbers")
    return write(number)


def _hexadecimal(number: Number) -> str | None:
    """Of whole numbers only; a negative one as 64 bits."""
    return f"0x{int(number) & (2**64 - 1):X}" if _is_whole(number) else None


def _binary(number: Number) -> str | None:
    return f"{int(number):b}" if _is_whole(number) and number >= 0 else None


def _is_whole(number: Number) -> bool:
    return math.isfinite(number) and float(number).is_integer() and abs(number) < EXACT_INTEGER


def _commas(number: Number) -> str:
    """Thousands with commas, rounded to at most two decimals."""
    if not math.isfinite(number):
        raise NotImplementedExactly("tostring() of a number that is not finite")
    known = max(number.decimals, 0) if type(number) is Measured else 2
    integer, _, decimals = half_up(number, min(known, 2)).partition(".")
    decimals = decimals if type(number) is Measured else decimals.rstrip("0")
    return f"{int(integer):,}{'.' + decimals if decimals else ''}"


def _duration(number: Number) -> str:
    """``HH:MM:SS``, with ``D+`` before it from one day on, and microseconds if there are decimals."""
    if not math.isfinite(number):
        raise NotImplementedExactly("tostring() of a number that is not finite")
    fine = not float(number).is_integer() or (type(number) is Measured and number.decimals > 0)
    seconds, _, fraction = half_up(abs(number), 6).partition(".")
    days, rest = divmod(int(seconds), 86400)
    hours, rest = divmod(rest, 3600)
    minutes, left = divmod(rest, 60)
    clock = f"{hours:02d}:{minutes:02d}:{left:02d}{'.' + fraction if fine else ''}"
    return f"{'-' if number < 0 else ''}{f'{days}+' if days else ''}{clock}"


_FORMS: Final = {"hex": _hexadecimal, "commas": _commas, "duration": _duration, "binary": _binary}


@function("printf", 1, None, kinds="s.", nulls=True, result="s")
def printf(form: Value, *values: Value) -> Value:
    if form is None:
        return None
    return printf_(to_text(form), values)  # type: ignore[arg-type]


@function("ipmask", 2, kinds="ss", result="s")
def ipmask(mask: Value, address: Value) -> Value:
    """Both as IPv4 addresses, bit by bit; null if one is none."""
    try:
        numbers = [int(ipaddress.IPv4Address(to_text(value))) for value in (mask, address)]  # type: ignore[arg-type]
    except ValueError:
        return None
    return str(ipaddress.IPv4Address(numbers[0] & numbers[1]))
