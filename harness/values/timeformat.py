"""Splunk's time variables, both ways (Search Reference, "Date and time format variables").

Used by ``strftime``/``strptime``, ``convert``, ``TIME_FORMAT`` and lookups. ``%N`` and ``%Q`` take a width.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from harness.errors import UnsupportedSPL

MONTHS: Final = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
DAYS: Final = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]

_DIRECTIVE: Final = re.compile(
    r"%(?P<flag>:{1,3}|E|-)?(?P<width>\d?)(?P<code>[A-Za-z+%])|(?P<blank>\s+)|(?P<text>.)", re.DOTALL
)

_EXPANSIONS: Final = {
    "T": "%H:%M:%S",
    "R": "%H:%M",
    "F": "%Y-%m-%d",
    "D": "%m/%d/%y",
    "c": "%a %b %e %H:%M:%S %Y",
    "+": "%a %b %e %H:%M:%S %Z %Y",
    "h": "%b",
}


class UnknownVariable(UnsupportedSPL, ValueError):
    """A format has a variable that cannot be read or written exactly."""

    def __init__(self, variable: str) -> None:
        super().__init__(f"The time variable '{variable}' is not supported here.")


# --- writing --------------------------------------------------------------------------------------------------------

_Writer = Callable[[datetime, int], str]
"""Writes one variable of a moment; the second argument are its microseconds."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def format_time(epoch: float, form: str, tz: tzinfo = UTC) -> str:
    """The moment as text.

    Raises UnsupportedSPL for a format with a variable that is not known or goes by the server's locale (``%x``,
    ``%X``), OverflowError or ValueError for a moment outside the calendar.
    """
    # A double has no more to say about a moment of today than its microseconds.
    seconds, micros = divmod(round(epoch * 1_000_000), 1_000_000)
    moment = (_EPOCH + timedelta(seconds=seconds)).astimezone(tz)
    return "".join([part if isinstance(part, str) else part(moment, micros) for part in _writers(form)])


@lru_cache(maxsize=512)
def _writers(form: str) -> Sequence[str | _Writer]:
    parts: list[str | _Writer] = []
    for found in _DIRECTIVE.finditer(form):
        code, flag, width = found["code"], found["flag"] or "", found["width"]
        if code is None:
            parts.append(found[0])
        elif code in "NQ" and not flag:
            parts.append(_subseconds(int(width or {"N": 9, "Q": 3}[code])))
        elif code == "z" and not width:
            parts.append(_offset(flag))
        elif flag or width:
            raise UnknownVariable(found[0])
        elif code in _EXPANSIONS:
            parts.extend(_writers(_EXPANSIONS[code]))
        elif code in _WRITERS:
            parts.append(_WRITERS[code])
        else:
            raise UnknownVariable(found[0])
    return parts


def _subseconds(width: int) -> _Writer:
    return lambda _moment, micros: f"{micros:06d}000"[:width]


def _offset(flag: str) -> _Writer:
    if flag == "E":
        return lambda moment, _: str(_minutes_east(moment))
    if flag == "-":
        raise UnknownVariable("%-z")
    form = ["{}{:02d}{:02d}", "{}{:02d}:{:02d}", "{}{:02d}:{:02d}:00", "{}{:02d}"][len(flag)]

    def write(moment: datetime, _: int) -> str:
        east = _minutes_east(moment)
        return form.format("-" if east < 0 else "+", *divmod(abs(east), 60))

    return write


def _minutes_east(moment: datetime) -> int:
    return round((moment.utcoffset() or timedelta()).total_seconds() / 60)


_WRITERS: Final[dict[str, _Writer]] = {
    "Y": lambda t, _: f"{t.year:04d}",
    "y": lambda t, _: f"{t.year % 100:02d}",
    "C": lambda t, _: f"{t.year // 100:02d}",
    "m": lambda t, _: f"{t.month:02d}",
    "d": lambda t, _: f"{t.day:02d}",
    "e": lambda t, _: f"{t.day:2d}",
    "j": lambda t, _: f"{t.timetuple().tm_yday:03d}",
    "H": lambda t, _: f"{t.hour:02d}",
    "k": lambda t, _: f"{t.hour:2d}",
    "I": lambda t, _: f"{t.hour % 12 or 12:02d}",
    "l": lambda t, _: f"{t.hour % 12 or 12:2d}",
    "M": lambda t, _: f"{t.minute:02d}",
    "S": lambda t, _: f"{t.second:02d}",
    "f": lambda _, micros: f"{micros:06d}",
    "p": lambda t, _: "AM" if t.hour < 12 else "PM",
    "s": lambda t, _: str(int(t.timestamp())),
    "a": lambda t, _: DAYS[t.weekday()][:3].title(),
    "A": lambda t, _: DAYS[t.weekday()].title(),
    "b": lambda t, _: MONTHS[t.month - 1][:3].title(),
    "B": lambda t, _: MONTHS[t.month - 1].title(),
    "u": lambda t, _: str(t.isoweekday()),
    "w": lambda t, _: str(t.isoweekday() % 7),
    "G": lambda t, _: f"{t.isocalendar().year:04d}",
    "g": lambda t, _: f"{t.isocalendar().year % 100:02d}",
    "V": lambda t, _: f"{t.isocalendar().week:02d}",
    "U": lambda t, _: f"{(t.timetuple().tm_yday + 6 - (t.isoweekday() % 7)) // 7:02d}",
    "W": lambda t, _: f"{(t.timetuple().tm_yday + 6 - t.weekday()) // 7:02d}",
    "Z": lambda t, _: t.tzname() or "UTC",
    "n": lambda _t, _: "\n",
    "t": lambda _t, _: "\t",
    "%": lambda _t, _: "%",
}


# --- reading --------------------------------------------------------------------------------------------------------

_ABBREVIATIONS: Final = {
    "utc": 0, "gmt": 0, "z": 0, "est": -300, "edt": -240, "cst": -360, "cdt": -300, "mst": -420, "mdt": -360,
    "pst": -480, "pdt": -420, "cet": 60, "cest": 120, "bst": 60, "jst": 540, "ist": 330, "aest": 600, "aedt": 660,
    "msk": 180, "hst": -600, "akst": -540, "akdt": -480, "wet": 0, "west": 60, "eet": 120, "eest": 180,
}  # fmt: skip

_READERS: Final = {
    "Y": r"(?P<Y>\d{4})",
    "y": r"(?P<y>\d{1,2})",
    "C": r"(?P<C>\d{2})",
    "m": r"(?P<m>1[0-2]|0?[1-9])",
    "d": r"(?P<d>3[01]|[12]\d|0?[1-9])",
    "e": r"\s*(?P<d>3[01]|[12]\d|0?[1-9])",
    "j": r"(?P<j>36[0-6]|3[0-5]\d|[12]\d\d|0?\d?\d)",
    "H": r"(?P<H>2[0-3]|1\d|0?\d)",
    "k": r"\s*(?P<H>2[0-3]|1\d|0?\d)",
    "I": r"(?P<I>1[0-2]|0?[1-9])",
    "l": r"\s*(?P<I>1[0-2]|0?[1-9])",
    "M": r"(?P<M>[0-5]?\d)",
    "S": r"(?P<S>6[01]|[0-5]?\d)",
    "p": r"(?P<p>[AaPp]\.?[Mm]\.?)",
    "P": r"(?P<p>[AaPp]\.?[Mm]\.?)",
    "s": r"(?P<s>-?\d{1,10})",
    "a": r"(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*",
    "A": r"(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*",
    "b": r"(?P<b>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*",
    "B": r"(?P<b>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*",
    "u": r"[1-7]",
    "w": r"[0-6]",
    "z": r"(?P<z>Z|[+-]\d{2}:?\d{2}(?::?\d{2})?|[+-]\d{1,2})",
    "Z": r"(?P<Z>[A-Za-z]+(?:/[A-Za-z_]+)*|[+-]\d{2}:?\d{2})",
    "n": r"\s+",
    "t": r"\s+",
    "%": "%",
}


@lru_cache(maxsize=512)
def _reader(form: str) -> re.Pattern[str]:
    """The pattern that a format reads."""
    return re.compile(_reader_text(form, set()), re.IGNORECASE | re.ASCII)


_SUBSECONDS: Final = re.compile(r"[.,]?%(\d?)[NQf]")


def _reader_text(form: str, seen: set[str]) -> str:
    parts: list[str] = []
    position = 0
    while position < len(form):
        fine = _SUBSECONDS.match(form, position)
        if fine is not None:
            parts.append(_subseconds_text(fine, seen))
            position = fine.end()
            continue
        found = _DIRECTIVE.match(form, position)
        assert found is not None  # `text` takes any character
        position = found.end()
        code, flag = found["code"], found["flag"] or ""
        if found["blank"] is not None:
            parts.append(r"\s*")
        elif code is None:
            parts.append(re.escape(found[0]))
        elif found["width"] or (flag and (code != "z" or flag in "E-")):
            raise UnknownVariable(found[0])
        elif code in _EXPANSIONS:
            parts.append(_reader_text(_EXPANSIONS[code], seen))
        elif code in _READERS:
            parts.append(_once(_READERS[code], seen))
        else:
            raise UnknownVariable(found[0])
    return "".join(parts)


def _subseconds_text(found: re.Match[str], seen: set[str]) -> str:
    """``.%N`` is not missed where the text has no fraction (Search Reference, "strptime", the extended example)."""
    digits = _once(rf"(?P<N>\d{{1,{found[1] or 9}}})", seen)
    mark = found[0][0]
    return digits if mark == "%" else rf"(?:{re.escape(mark)}{digits})?"


def _once(pattern: str, seen: set[str]) -> str:
    """A variable given twice is read twice; the first counts."""
    name = re.search(r"\?P<(\w+)>", pattern)
    if name is None:
        return pattern
    if name[1] in seen:
        return pattern.replace(f"?P<{name[1]}>", "?:")
    seen.add(name[1])
    return pattern


def parse_time(text: str, form: str, tz: tzinfo = UTC, now: float = 0.0) -> tuple[float, int] | None:
    """Read a moment at the beginning of ``text``: epoch seconds and how many characters it took; None if it is none.

    Parts that the format does not name are today's date (of ``now``) and midnight. ``tz`` counts unless the text names
    a zone (N10.13). A date needs its day. Raises :class:`UnknownVariable` for a variable that cannot be read.
    """
    found = _reader(form).match(text)
    if found is None:
        return None
    parts = found.groupdict()
    try:
        epoch = _epoch(parts, tz, now)
    except (ValueError, OverflowError):
        return None
    return epoch, found.end()


def _epoch(parts: dict[str, str | None], tz: tzinfo, now: float) -> float:
    digits = parts.get("N")
    fraction = int(digits) / 10 ** len(digits) if digits else 0.0
    seconds = parts.get("s")
    if seconds is not None:
        return int(seconds) + fraction
    zone = _zone(parts, tz)
    today = datetime.fromtimestamp(now, UTC).astimezone(zone)
    year = _year(parts, today.year)
    month, day = today.month, today.day
    if parts.get("j") is not None:
        date = datetime(year, 1, 1) + timedelta(days=int(parts["j"] or 1) - 1)
        month, day = date.month, date.day
    elif any(parts.get(code) for code in "Yymbd"):
        # A date without a day is none: int() of nothing.
        month, day = _month(parts, today.month), int(parts.get("d") or "")
    second = int(parts.get("S") or 0)
    naive = datetime(year, month, day, _hour(parts), int(parts.get("M") or 0), min(second, 59), tzinfo=zone)
    stamp = calendar.timegm(naive.utctimetuple()) + (second - min(second, 59))
    return stamp + fraction if fraction else float(stamp)


def _year(parts: dict[str, str | None], default: int) -> int:
    if parts.get("Y"):
        return int(parts["Y"] or 0)
    short = parts.get("y")
    if short:
        value = int(short)
        return value + (2000 if value <= 68 else 1900)  # N10.15
    return default


def _month(parts: dict[str, str | None], default: int) -> int:
    name = parts.get("b")
    if name:
        return next(i for i, month in enumerate(MONTHS, 1) if month.startswith(name.lower()))
    return int(parts.get("m") or default)


def _hour(parts: dict[str, str | None]) -> int:
    half = parts.get("p")
    if parts.get("I") is not None:
        hour = int(parts["I"] or 0) % 12
        return hour + 12 if half and half[0] in "Pp" else hour
    return int(parts.get("H") or 0)


def _zone(parts: dict[str, str | None], default: tzinfo) -> tzinfo:
    text = parts.get("z") or parts.get("Z")
    if not text:
        return default
    zone = zone_of(text)
    return default if zone is None else zone


@lru_cache(maxsize=256)
def zone_of(text: str) -> tzinfo | None:
    """The zone that an offset (``+02:00``), an abbreviation (``PST``) or a name (``Europe/Oslo``) stands for."""
    if text[0] in "+-":
        digits = text[1:].replace(":", "")
        hours, minutes = (int(digits), 0) if len(digits) <= 2 else (int(digits[:-2]), int(digits[-2:]))
        if hours > 23 or minutes > 59:
            return None
        return timezone(timedelta(minutes=(hours * 60 + minutes) * (-1 if text[0] == "-" else 1)))
    minutes_east = _ABBREVIATIONS.get(text.lower())
    if minutes_east is not None:
        return timezone(timedelta(minutes=minutes_east), text.upper())
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
