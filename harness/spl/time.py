"""Time modifiers: ``-70m@m``, ``@w1``, ``+1d@d+3h``, ``now``, epoch seconds and the absolute times of searches.

Follows "Specify time modifiers in your search" and M4.1, M4.5, M4.6.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

from harness.errors import UnsupportedSPL

_SECONDS: Final = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 60),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 3600),
}
_DAYS: Final = {
    **dict.fromkeys(("d", "day", "days"), 1),
    **dict.fromkeys(("w", "week", "weeks"), 7),
}
_MONTHS: Final = {
    **dict.fromkeys(("mon", "month", "months"), 1),
    **dict.fromkeys(("q", "qtr", "qtrs", "quarter", "quarters"), 3),
    **dict.fromkeys(("y", "yr", "yrs", "year", "years"), 12),
}
_STEP: Final = re.compile(r"([+-])([0-9]{0,12})([A-Za-z]+)|@([A-Za-z]+)([0-7]?)")
_EPOCH: Final = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,9})?")
_ABSOLUTE: Final = "%m/%d/%Y:%H:%M:%S"


class InvalidTimeError(ValueError):
    """The text is no time. The caller says which term it stood in (M4.1, M3.6)."""


def resolve_time(modifier: str, now: float, timezone: tzinfo) -> float:
    """Epoch seconds of a time modifier, seen from ``now``, snapping in ``timezone``.

    Raises :class:`InvalidTimeError` if it is none, :class:`UnsupportedSPL` for real-time windows.
    """
    text = modifier.strip()
    if text in ("now", "now()", ""):
        return now
    if text.startswith("rt"):
        raise UnsupportedSPL(f"Real-time searches are not supported: '{modifier}'.")
    if _EPOCH.fullmatch(text):
        return float(text)
    absolute = _absolute(text, timezone)
    if absolute is not None:
        return absolute
    try:
        moment = _relative(text.lower(), now, timezone)
    except (OverflowError, OSError, ValueError):
        raise InvalidTimeError(text) from None
    if text != text.lower():
        raise UnsupportedSPL(f"Time units in upper case are not supported: '{text}'.")
    return moment


def _absolute(text: str, timezone: tzinfo) -> float | None:
    try:
        return datetime.strptime(text, _ABSOLUTE).replace(tzinfo=timezone).timestamp()
    except ValueError:
        return None


def _relative(text: str, now: float, timezone: tzinfo) -> float:
    moment = now
    position = 0
    while position < len(text):
        found = _STEP.match(text, position)
        if found is None:
            raise InvalidTimeError(text)
        if found[1]:
            count = int(found[2] or 1) * (1 if found[1] == "+" else -1)
            moment = _shift(moment, count, found[3], timezone, text)
        else:
            moment = _snap(moment, found[4], found[5], timezone, text)
        position = found.end()
    return moment


def _shift(moment: float, count: int, unit: str, timezone: tzinfo, text: str) -> float:
    if unit in _SECONDS:
        return moment + count * _SECONDS[unit]
    local = datetime.fromtimestamp(moment, timezone)
    if unit in _DAYS:
        return _from_local(local.replace(tzinfo=None) + timedelta(days=count * _DAYS[unit]), timezone)
    if unit in _MONTHS:
        months = local.year * 12 + local.month - 1 + count * _MONTHS[unit]
        year, month = divmod(months, 12)
        if not 1 <= year <= 9999:
            raise InvalidTimeError(text)
        day = min(local.day, monthrange(year, month + 1)[1])
        return _from_local(local.replace(year=year, month=month + 1, day=day, tzinfo=None), timezone)
    raise InvalidTimeError(text)


def _snap(moment: float, unit: str, weekday: str, timezone: tzinfo, text: str) -> float:
    local = datetime.fromtimestamp(moment, timezone).replace(tzinfo=None)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    if weekday and unit != "w":
        raise InvalidTimeError(text)
    if unit in _SECONDS:
        size = _SECONDS[unit]
        into = local.second if size == 60 else local.minute * 60 + local.second if size == 3600 else 0
        return moment - into - local.microsecond / 1_000_000
    if unit in _DAYS:
        if _DAYS[unit] == 7:
            first = int(weekday or 0) % 7
            midnight -= timedelta(days=(midnight.isoweekday() % 7 - first) % 7)
        return _from_local(midnight, timezone)
    if unit in _MONTHS:
        size = _MONTHS[unit]
        month = (midnight.month - 1) // size * size + 1
        return _from_local(midnight.replace(month=month, day=1), timezone)
    raise InvalidTimeError(text)


def _from_local(local: datetime, timezone: tzinfo) -> float:
    return local.replace(tzinfo=timezone).astimezone(UTC).timestamp()
