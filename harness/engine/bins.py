"""Buckets: of time, as ``bin _time``, ``timechart`` and ``tstats ... by _time`` use them, and of numbers.

Follows "bin" in the Search Reference, "Default time span" in the Search Manual, M4.110 and M4.111.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Final

from harness.engine.context import SearchContext, Window
from harness.engine.store import times_of
from harness.spl.arguments import Arguments
from harness.values.column import Column, Value
from harness.values.frame import Frame
from harness.values.values import to_number

_SPAN: Final = re.compile(r"(?:span=)?([0-9]*)([a-z]+)(?:@(\S+))?", re.IGNORECASE)
_WEEKDAY: Final = re.compile(r"w([0-7])")
_LOG: Final = re.compile(r"([0-9.]*)log([0-9.]*)", re.IGNORECASE)

_FIRST_DAY: Final = date(1970, 1, 1)

_UNITS: Final[dict[str, tuple[str, float]]] = {
    **dict.fromkeys(("us",), ("s", 1e-6)),
    **dict.fromkeys(("ms",), ("s", 1e-3)),
    **dict.fromkeys(("cs",), ("s", 1e-2)),
    **dict.fromkeys(("ds",), ("s", 1e-1)),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), ("s", 1)),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), ("s", 60)),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), ("s", 3600)),
    **dict.fromkeys(("d", "day", "days"), ("d", 1)),
    **dict.fromkeys(("w", "week", "weeks"), ("d", 7)),
    **dict.fromkeys(("mon", "month", "months"), ("mon", 1)),
    **dict.fromkeys(("q", "qtr", "qtrs", "quarter", "quarters"), ("mon", 3)),
    **dict.fromkeys(("y", "yr", "yrs", "year", "years"), ("mon", 12)),
}


@dataclass(frozen=True, slots=True)
class TimeSpan:
    """``size`` seconds (``s``), days (``d``), calendar months (``mon``), or weeks (``w``) from ``weekday`` on, 0 being
    Sunday. Several days are counted from the first day of 1970, a Thursday, and begin at midnight ("bin", span and
    aligntime)."""

    size: float
    unit: str
    weekday: int = 0

    @property
    def seconds(self) -> float:
        """How long it is, a month as 30 days."""
        return self.size * {"s": 1, "d": 86400, "w": 7 * 86400, "mon": 30 * 86400}[self.unit]

    def start_of(self, moment: float, timezone: tzinfo, align: float | None = None) -> float:
        """The beginning of the bucket that a moment lies in; buckets are laid from ``align`` if that is given."""
        if align is not None:
            return align + math.floor((moment - align) / self.seconds) * self.seconds
        if self.unit == "s" and timezone is UTC:
            return math.floor(moment / self.size) * self.size
        local = datetime.fromtimestamp(moment, timezone)
        if self.unit == "mon":
            months = (local.year * 12 + local.month - 1) // int(self.size) * int(self.size)
            start = datetime(months // 12, months % 12 + 1, 1, tzinfo=timezone)
            return start.timestamp()
        if self.unit in ("d", "w"):
            midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
            days = (midnight.date() - _FIRST_DAY).days % int(self.size)
            back = (midnight.isoweekday() - self.weekday) % 7 if self.unit == "w" else days
            return (midnight.replace(tzinfo=None) - timedelta(days=back)).replace(tzinfo=timezone).timestamp()
        offset = local.utcoffset()
        shift = offset.total_seconds() if offset is not None else 0.0
        return math.floor((moment + shift) / self.size) * self.size - shift

    def next(self, start: float, timezone: tzinfo) -> float:
        """The beginning of the bucket after the one that begins at ``start``."""
        if self.unit == "s":
            return start + self.size
        # Into the next bucket, then back to its beginning: days and months differ in length.
        inside = self.size * 31 * 86400 + 86400 if self.unit == "mon" else self.seconds + 43200
        return self.start_of(start + inside, timezone)


AUTOMATIC: Final = (
    *(TimeSpan(size, "s") for size in (1, 5, 10, 30, 60, 300, 600, 1800, 3600)),
    TimeSpan(1, "d"),
    TimeSpan(1, "mon"),
)
"""The spans that are chosen from where none is given."""


def is_time_span(text: str) -> bool:
    found = _SPAN.fullmatch(text)
    return found is not None and found[2].lower() in _UNITS


def read_time_span(text: str, arguments: Arguments) -> TimeSpan:
    """``1h``, ``5m``, ``3d``, ``1mon``, ``1w@w1``. Months that do not make up a year are not carried out."""
    found = _SPAN.fullmatch(text)
    if found is None or found[2].lower() not in _UNITS:
        raise arguments.error(f"The value for option span ({text}) is invalid.")
    count = int(found[1] or 1)
    unit, size = _UNITS[found[2].lower()]
    if count == 0:
        raise arguments.error(f"The value for option span ({text}) is invalid.")
    snap = (found[3] or "").lower()
    if unit == "d" and size == 7 and count == 1 and (week := _WEEKDAY.fullmatch(snap)):
        return TimeSpan(1, "w", int(week[1]) % 7)
    span = TimeSpan(count * size, unit)
    same = not snap or (count == 1 and _UNITS.get(snap) == (unit, size))
    if not same or (unit == "mon" and 12 % span.size):
        raise arguments.unsupported(f"the span '{text}'")
    return span


def time_span_for(window: Window, frame: Frame, bins: int = 100, least: float = 0) -> TimeSpan:
    """The smallest usual span that divides the time range (or, where it is open, the rows' times) into few enough
    buckets, and is no shorter than ``least`` seconds."""
    times = times_of(frame)
    times = times[times == times]
    low = window.earliest if window.earliest else (float(times.min()) if len(times) else 0.0)
    high = window.latest if window.latest is not None else (float(times.max()) if len(times) else low)
    for span in AUTOMATIC:
        if span.seconds >= least and (high - low) / span.seconds <= bins:
            return span
    return TimeSpan(12, "mon")


def bin_times(frame: Frame, name: str, span: TimeSpan, context: SearchContext, align: float | None = None) -> Column:
    """The field with each time replaced by the beginning of its bucket; what is no number stays."""

    def start(value: Value) -> Value:
        moment = to_number(value)
        if moment is None:
            return value
        begin = span.start_of(moment, context.timezone, align)
        return int(begin) if begin == int(begin) else round(begin, 6)

    return frame.column(name).map(start)


# --- numbers


def bin_numbers(column: Column, span: float, text: str) -> Column:
    """``low-high`` for each number, with as many decimals as the span is written with (M4.110)."""
    decimals = len(text.partition(".")[2])

    def label(value: Value) -> Value:
        number = to_number(value)
        if number is None:
            return value
        low = math.floor(number / span) * span
        return f"{low:.{decimals}f}-{low + span:.{decimals}f}"

    return column.map(label)


def power_of_ten(least: float) -> float:
    """The smallest power of ten that is not less."""
    return 10.0 ** math.ceil(math.log10(least) - 1e-12)


def number_span(column: Column, bins: int) -> float:
    """The smallest power of ten, from 1 on, that makes no more than ``bins`` buckets of a column of whole numbers."""
    numbers = [number for value in column.values if (number := to_number(value)) is not None]
    if not numbers:
        return 1.0
    span = 1.0
    while math.floor(max(numbers) / span) - math.floor(min(numbers) / span) + 1 > bins:
        span *= 10
    return span


def log_labels(text: str) -> Callable[[Value], Value] | None:
    """Labels for ``2log10``: buckets from ``2*10^n`` to ``2*10^(n+1)``; None if the text is no such span."""
    found = _LOG.fullmatch(text)
    if found is None:
        return None
    base = float(found[2] or 10)
    coefficient = float(found[1] or 1)
    if base <= 1 or not 1 <= coefficient < base:
        raise ValueError(text)

    def label(value: Value) -> Value:
        number = to_number(value)
        if number is None or number <= 0:
            return value
        power = math.floor(math.log(number / coefficient, base) + 1e-12)
        return f"{_number(coefficient * base**power)}-{_number(coefficient * base ** (power + 1))}"

    return label


def _number(value: float) -> str:
    return str(int(value)) if value.is_integer() else f"{value:.6g}"
