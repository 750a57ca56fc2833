"""Conversion and cryptographic functions (Search Reference, "Conversion functions", "Cryptographic functions")."""

from __future__ import annotations

import hashlib
import re
from typing import Final

from harness.expressions.evaluate import InvalidArguments
from harness.expressions.registry import function
from harness.values.column import Value
from harness.values.values import members, to_number, to_text


@function("tonumber", 1, 2)
def tonumber(value: Value, base: Value = 10) -> Value:
    """The number that a text reads as, in a base of 2 to 36; null if it is none. Blanks around it are nothing."""
    radix = to_number(base)
    if radix is None or not 2 <= radix <= 36:
        raise InvalidArguments
    if type(value) is tuple or value is None:
        return None
    text = to_text(value).strip()
    if radix == 10:
        return to_number(text)
    try:
        return int(text, int(radix)) if re.fullmatch(r"[+-]?(?:0[xX])?[0-9A-Za-z]+", text) else None
    except ValueError:
        return None


@function("tostring", 1, 2, nulls=True)
def tostring(value: Value, form: Value = None) -> Value:
    """``"hex"``, ``"commas"``, ``"duration"`` and ``"binary"`` write a number that way (M4.60)."""
    if value is None:
        return "Null"  # M4.41
    if type(value) is bool:
        return "True" if value else "False"
    if form is None:
        return tuple(map(to_text, members(value))) if type(value) is tuple else to_text(members(value)[0])
    write = _FORMS.get(to_text(members(form)[0]))
    if write is None:
        raise InvalidArguments
    number = to_number(value)
    return to_text(members(value)[0]) if number is None else write(number)


def _hexadecimal(number: float) -> str:
    return f"0x{int(number):X}"


def _binary(number: float) -> str:
    return f"{int(number):b}"


def _commas(number: float) -> str:
    """Thousands with commas, at most two decimals."""
    text = f"{number:,}" if isinstance(number, int) else f"{round(number, 2):,}"
    return text[:-2] if text.endswith(".0") else text


def _duration(seconds: float) -> str:
    """``HH:MM:SS``, with ``D+`` before it from one day on."""
    whole = int(abs(seconds))
    days, rest = divmod(whole, 86400)
    hours, rest = divmod(rest, 3600)
    minutes, left = divmod(rest, 60)
    fraction = f"{abs(seconds) - whole:.6f}"[1:] if not float(seconds).is_integer() else ""
    clock = f"{hours:02d}:{minutes:02d}:{left:02d}{fraction}"
    sign = "-" if seconds < 0 else ""
    return f"{sign}{days}+{clock}" if days else sign + clock


_FORMS: Final = {"hex": _hexadecimal, "commas": _commas, "duration": _duration, "binary": _binary}


def _digest(name: str) -> None:
    @function(name, kinds="s")
    def digest(value: Value) -> Value:
        if type(value) is tuple:
            return None
        return hashlib.new(name, to_text(value).encode(), usedforsecurity=False).hexdigest()  # type: ignore[arg-type]


for _name in ("md5", "sha1", "sha256", "sha512"):
    _digest(_name)


@function("random", 0, scoped=True, pure=False)
def random_(scope: object) -> Value:
    """Anew for each row, from 0 to 2^31-1 (M4.58)."""
    return int(scope.random.randrange(2**31))  # type: ignore[attr-defined]
