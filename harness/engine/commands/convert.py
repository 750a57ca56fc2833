"""``convert``: field values into numbers or times. Follows "convert" in the Search Reference and M4.106 to M4.109.

A value that cannot be converted is not written: in place, the field leaves its row.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import tzinfo
from typing import Final

from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.engine.fields import expand, matching, wildcard_pattern
from harness.spl.arguments import Arguments, string
from harness.values.column import Column, Scalar, Value
from harness.values.frame import Frame
from harness.values.timeformat import format_time, parse_time
from harness.values.values import has_wildcard, members, to_number, to_text

DEFAULT_FORMAT: Final = "%m/%d/%Y %H:%M:%S"
_CALL: Final = re.compile(r"([A-Za-z0-9_]+)\((.*)\)", re.DOTALL)
_DURATION: Final = re.compile(r"(?:([0-9]+)\+)?([0-9]+):([0-9]+):([0-9]+(?:\.[0-9]+)?)")
_MINUTES: Final = re.compile(r"(?:([0-9]+):)?([0-9]+(?:\.[0-9]+)?)")
_MEMORY: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?)([kmgKMG]?)")
_LEADING: Final = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?")

Conversion = Callable[[str, str, tzinfo, float], Scalar | None]
"""A value's text, the time format, the time zone, now."""


@dataclass(frozen=True, slots=True)
class Convert(SearchCommand):
    names = ("convert",)
    streaming = True

    conversions: tuple[tuple[str, str, str | None], ...]
    """Function, field pattern, new name."""
    timeformat: str = DEFAULT_FORMAT

    @classmethod
    def parse(cls, arguments: Arguments) -> Convert:
        options = arguments.options({"timeformat": string})
        found: list[tuple[str, str, str | None]] = []
        while not arguments.at_end:
            if arguments.accept(","):
                continue
            options |= arguments.options({"timeformat": string})
            if arguments.peek() is None:
                break
            found.append(_conversion(arguments))
        if not found:
            raise arguments.error("No conversions were specified.")
        return cls(tuple(found), options.get("timeformat", DEFAULT_FORMAT))

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        # none() exempts fields from the wildcards of the same command.
        exempt = {
            name for function, pattern, _ in self.conversions if function == "none" for name in expand([pattern], frame)
        }
        for function, pattern, target in self.conversions:
            for name in _selected(pattern, frame, exempt):
                frame = self._convert(frame, function, name, _new_name(pattern, name, target), context)
        return frame

    def _convert(self, frame: Frame, function: str, name: str, target: str, context: SearchContext) -> Frame:
        if name not in frame.columns:
            return frame
        column = frame.columns[name]
        if function == "none":
            return frame.with_columns({target: column})
        if function == "auto":
            return frame.with_columns({target: _automatic(column)})
        convert = _CONVERSIONS[function]

        def change(value: Value) -> Value:
            converted = (
                convert(to_text(member), self.timeformat, context.timezone, context.now) for member in members(value)
            )
            return tuple(member for member in converted if member is not None)

        return frame.with_columns({target: column.map(change)})


def _conversion(arguments: Arguments) -> tuple[str, str, str | None]:
    start = arguments.peek()
    function = arguments.next().text
    if not arguments.accept("("):
        raise arguments.error(f"The argument '{function}' is invalid.", start)
    if function not in _CONVERSIONS and function not in ("auto", "none"):
        raise arguments.error(f"The conversion type '{function}' is invalid.", start)
    field = _inside(arguments)
    if not arguments.accept(")"):
        raise arguments.error(f"The argument '{function}({field}' is invalid.", start)
    target = arguments.field_name() if arguments.accept_keyword("AS") else None
    return function, field, target


def _inside(arguments: Arguments) -> str:
    """A field name up to the closing parenthesis."""
    token = arguments.peek()
    if token is not None and token.is_string:
        return arguments.next().text
    parts: list[str] = []
    while (token := arguments.peek()) is not None and token.text != ")":
        parts.append(arguments.next().text)
    return "".join(parts)


def _selected(pattern: str, frame: Frame, exempt: set[str]) -> list[str]:
    if not has_wildcard(pattern):
        return [pattern]
    return [name for name in matching(pattern, frame.columns) if name not in exempt]


def _new_name(pattern: str, name: str, target: str | None) -> str:
    if target is None:
        return name
    found = wildcard_pattern(pattern).fullmatch(name)
    for part in found.groups() if found is not None else ():
        target = target.replace("*", part, 1)
    return target


def _automatic(column: Column) -> Column:
    """Numbers if every value can be made one, else nothing is changed."""
    used = [value for value in column.compact().values if value is not None]
    converted = {value: _number(to_text(value)) for value in used if not isinstance(value, tuple)}
    if len(converted) < len(used) or any(number is None for number in converted.values()):
        return column
    return column.map(lambda value: converted[value])  # type: ignore[index]


def _number(text: str) -> Scalar | None:
    """A number as written, or a duration, a size or a number with commas or a unit."""
    number = to_number(text)
    if number is not None:
        return number
    for convert in (_rmcomma, _dur2sec):
        found = convert(text)
        if found is not None:
            return found
    return None


def _num(text: str) -> Scalar | None:
    return _number(text)


def _rmcomma(text: str) -> Scalar | None:
    return to_number(text.replace(",", "")) if "," in text else to_number(text)


def _rmunit(text: str) -> Scalar | None:
    found = _LEADING.match(text.strip())
    return to_number(found[0]) if found is not None else None


def _dur2sec(text: str) -> Scalar | None:
    """``[D+]HH:MM:SS``."""
    found = _DURATION.fullmatch(text.strip())
    if found is None:
        return None
    days, hours, minutes, seconds = found.groups()
    total = int(days or 0) * 86400 + int(hours) * 3600 + int(minutes) * 60 + float(seconds)
    return int(total) if total.is_integer() else total


def _mstime(text: str) -> Scalar | None:
    """``[MM:]SS.SSS``."""
    found = _MINUTES.fullmatch(text.strip())
    if found is None:
        return None
    total = int(found[1] or 0) * 60 + float(found[2])
    return int(total) if total.is_integer() else total


def _memk(text: str) -> Scalar | None:
    """A size with k, m or g, in kilobytes."""
    found = _MEMORY.fullmatch(text.strip())
    if found is None:
        return None
    total = float(found[1]) * {"": 1, "k": 1, "m": 1024, "g": 1024 * 1024}[found[2].lower()]
    return int(total) if total.is_integer() else total


def _ctime(text: str, form: str, timezone: tzinfo) -> Scalar | None:
    moment = to_number(text)
    if moment is None:
        return None
    try:
        return format_time(float(moment), form, timezone)
    except (OverflowError, ValueError):
        return None


def _mktime(text: str, form: str, timezone: tzinfo, now: float) -> Scalar | None:
    try:
        found = parse_time(text, form, timezone, now)
    except ValueError:
        return None
    return None if found is None else (int(found[0]) if float(found[0]).is_integer() else found[0])


_CONVERSIONS: Final[dict[str, Conversion]] = {
    "num": lambda text, _form, _zone, _now: _num(text),
    "rmcomma": lambda text, _form, _zone, _now: _rmcomma(text),
    "rmunit": lambda text, _form, _zone, _now: _rmunit(text),
    "dur2sec": lambda text, _form, _zone, _now: _dur2sec(text),
    "mstime": lambda text, _form, _zone, _now: _mstime(text),
    "memk": lambda text, _form, _zone, _now: _memk(text),
    "ctime": lambda text, form, zone, _now: _ctime(text, form, zone),
    "mktime": _mktime,
}
