"""When an event happened: ``TIME_PREFIX``, ``TIME_FORMAT`` and, without a format, the usual ways to write a time
(props.conf specification, "Timestamp extraction configuration"; Getting Data In, "How timestamp assignment works").

Of the ways that are recognized by themselves, the one that stands first counts. Numbers with slashes or dashes are
month, day, year unless the first cannot be a month; with dots they are day, month, year.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from datetime import timezone as fixed_zone
from functools import cache
from typing import Any, Final

from harness.errors import KnowledgeError, UnsupportedSPL
from harness.knowledge.conf import Stanza, integer
from harness.knowledge.line_breaking import Warn, pattern_of
from harness.values.timeformat import DAYS, MONTHS, format_time, parse_time, zone_of

DAY: Final = 86_400.0
_LONGEST: Final = 512
"""Characters that a time in a ``TIME_FORMAT`` may have."""
LOCAL: Final = "local"


@dataclass(frozen=True, slots=True)
class Found:
    """A time and where its text stands in the event (``timestartpos``, ``timeendpos``). ``zone`` is how many minutes
    east of Greenwich its text says (``date_zone``), ``local`` if it says nothing; ``wall`` are its epoch seconds as if
    the clock that it shows stood in Greenwich."""

    epoch: float
    start: int
    end: int
    zone: str = LOCAL
    wall: float = 0.0


# --- the usual ways ---------------------------------------------------------------------------------------------------

_MONTH: Final = r"(?P<b>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_WEEKDAY: Final = r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,?\s+)?"
_Y: Final = r"(?P<Y>(?:19|20)\d\d)"
_ANY_Y: Final = r"(?P<Y>(?:19|20)\d\d|\d\d)"
_M: Final = r"(?P<m>1[0-2]|0?[1-9])"
_D: Final = r"(?P<d>3[01]|[12]\d|0?[1-9])"
_ZONE: Final = (
    r"(?:\s?(?P<z>[+-]\d{2}:?\d{2}(?![\d:])|[+-]\d{2}(?![\w:.-])|(?:gmt|utc)[+-]\d{1,2}(?::?\d{2})?(?![\w:.-])"
    r"|(?:z|gmt|utc|[ecmp][sd]t|ces?t|bst)\b|(?-i:UT|A[SD]T|CETDST|[EW]ES?T|MES?[TZ]|MS[KD]|[IJK]ST|HKT)\b))?"
)
_CLOCK: Final = (
    r"(?P<H>2[0-3]|[01]?\d):(?P<M>[0-5]\d)(?::(?P<S>60|[0-5]\d)(?:[.,](?P<f>\d{1,9}))?)?(?:\s?(?P<p>[ap]m)\b)?" + _ZONE
)
_WHOLE_CLOCK: Final = rf"(?<![\w:./-])(?=\d\d?:\d\d:\d\d){_CLOCK}"
_APART: Final = r"[\s\S]{1,80}?"
"""What may stand between a date and a time of day: ``date=2026-01-15 time=10:00:00``, as Fortinet writes it."""
_THEN: Final = rf"(?:(?:t|[\s,:_]+|{_APART}(?<![\w:./-])(?=\d\d?:\d\d:\d\d)){_CLOCK})?"

_ISO: Final = rf"(?<![\d.]){_Y}(?P<s>[-/.]){_M}(?P=s){_D}(?!\d)"
_MONTH_FIRST: Final = rf"(?<![\d./-]){_M}(?P<s>[-/]){_D}(?P=s){_ANY_Y}(?![\d/])"
_DAY_FIRST: Final = rf"(?<![\d./-])(?P<d>3[01]|2\d|1[3-9])(?P<s>[-/]){_M}(?P=s){_ANY_Y}(?![\d/])"
_DOTTED: Final = rf"(?<![\d.]){_D}\.{_M}\.{_Y}(?![\d.])"
_NAMED_YEAR_FIRST: Final = rf"(?<![\w.]){_Y}(?P<s>[\s/-]){_MONTH}(?P=s){_D}(?!\w)"
_NAMED_DAY_FIRST: Final = rf"(?<![\w.]){_WEEKDAY}{_D}[\s/-]{_MONTH}[\s/-]{_Y}(?!\w)"
_NAMED_MONTH_FIRST: Final = rf"(?<![\w.]){_WEEKDAY}{_MONTH}\s+{_D},?\s+{_Y}(?!\w)"

_WAYS: Final = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        _ISO + _THEN,
        rf"(?<!\d)(?P<Y>(?:19|20)\d\d)(?P<m>1[0-2]|0[1-9])(?P<d>3[01]|[12]\d|0[1-9])[t\s]?"
        rf"(?P<H>2[0-3]|[01]\d)(?P<M>[0-5]\d)(?P<S>[0-5]\d)(?:\.(?P<f>\d{{1,9}}))?{_ZONE}(?!\d)",
        _MONTH_FIRST + _THEN,
        _DAY_FIRST + _THEN,
        _DOTTED + _THEN,
        rf"(?<![\w.]){_WEEKDAY}{_D}[\s/-]{_MONTH}[\s/-]{_ANY_Y}[\s,:t]+{_CLOCK}",
        rf"(?<![\w.]){_WEEKDAY}{_MONTH}\s+{_D},?\s+(?:{_Y},?\s+)?{_CLOCK}(?:\s+(?P<y>(?:19|20)\d\d)(?![^\s\])]))?",
        rf"(?<![\w.]){_WEEKDAY}{_D}[\s/-]{_MONTH}[\s,:]+{_CLOCK}",
        _NAMED_YEAR_FIRST + _THEN,
        _NAMED_DAY_FIRST + _THEN,
        _NAMED_MONTH_FIRST + _THEN,
        rf"(?<![\w.])(?P<Y>[0129]\d)(?P<m>1[0-2]|0[1-9])(?P<d>3[01]|[12]\d|0[1-9])\s+{_CLOCK}",
        r"""(?:^|(?<=[\s\#,"=(\[|{]))(?P<epoch>1\d{9})(?:\.?(?P<f>\d{1,6}))?(?![\d(])""",
        *(
            _WHOLE_CLOCK + _APART + date
            for date in (_ISO, _MONTH_FIRST, _DAY_FIRST, _DOTTED, _NAMED_DAY_FIRST, _NAMED_MONTH_FIRST)
        ),
        rf"(?P<time>){_WHOLE_CLOCK}(?![\w:])",
    )
]

_NEEDED: Final = [
    (re.compile("jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec", re.IGNORECASE), "(?P<b>"),
    (re.compile(_WHOLE_CLOCK, re.IGNORECASE), _WHOLE_CLOCK),
]
"""What a text must have in it for the ways that have the second in them."""

_MORE_ZONES: Final = {
    "UT": 0, "AST": -240, "ADT": -180, "CETDST": 120, "MET": 60, "MEST": 120, "MEZ": 60, "MESZ": 120, "MSD": 240,
    "KST": 540, "HKT": 480,
}  # fmt: skip
"""Minutes east of Greenwich."""


class Timestamps:
    """Finds the time of each event of one kind of data. What cannot be read of its settings goes to ``warn``."""

    def __init__(self, settings: Stanza, now: float, warn: Warn) -> None:
        self._now = now
        self._prefix = pattern_of(settings, "TIME_PREFIX", warn)
        self._format = _format(settings, warn)
        self._lookahead = integer(settings.get("MAX_TIMESTAMP_LOOKAHEAD"), 128)
        self._zone = _zone(settings, warn)
        self._yearless = self._format is not None and _DATED.search(self._format) is not None
        self._last_year = datetime(datetime.fromtimestamp(now, UTC).year - 1, 1, 2, tzinfo=UTC).timestamp()
        self._aliases = _aliases(settings, self._format, warn)
        self._oldest = now - integer(settings.get("MAX_DAYS_AGO"), 2000) * DAY
        self._newest = now + integer(settings.get("MAX_DAYS_HENCE"), 2) * DAY
        config = settings.get("DATETIME_CONFIG", "").strip().upper()
        self.disabled = config in ("CURRENT", "NONE")
        self.outside: str = ""
        """The first text that was a time too far from now to be believed."""

    def find(self, event: str, previous: float | None = None) -> Found | None:
        """The time in an event; None if there is none that can be believed. ``previous`` gives a time of day its
        date: that of the event before, or today's."""
        if self.disabled:
            return None
        start = 0
        if self._prefix is not None:
            found = self._prefix.search(event)
            if found is None:
                return None
            start = found.end()
        window = event[start:] if self._lookahead <= 0 else event[start : start + self._lookahead]
        result = self._formatted(window) if self._format else self._usual(window, previous)
        if result is None:
            return None
        return Found(result.epoch, start + result.start, start + result.end, result.zone, result.wall)

    def has_date(self, line: str) -> bool:
        """Whether a line has a date in it, for BREAK_ONLY_BEFORE_DATE."""
        return self.find(line) is not None

    def written_anew(self, text: str, found: Found, seconds: int) -> Iterator[str]:
        """The text of a time that was found, so many seconds later, in every way in which it may have been meant: which
        of them is read as that time, :meth:`find` tells."""
        wall = found.wall + seconds
        walls = [wall] if found.zone != LOCAL else [wall, wall + 3600, wall - 3600]  # the clocks may have been changed
        for way in _WAYS:
            match = way.fullmatch(text)
            if match is not None:
                yield from (_rewritten(match, each) for each in walls)
        if self._format is not None:
            zone = self._zone if found.zone == LOCAL else fixed_zone(timedelta(minutes=int(found.zone)))
            with suppress(UnsupportedSPL):
                yield format_time(found.epoch + seconds, self._format, zone)

    def _believed(self, epoch: float, text: str) -> bool:
        if self._oldest <= epoch <= self._newest:
            return True
        self.outside = self.outside or text
        return False

    # --- by TIME_FORMAT

    def _formatted(self, window: str) -> Found | None:
        """The format at the beginning of the window; without a prefix, at the first place where it fits."""
        blank = len(window) - len(window.lstrip())
        if self._prefix is not None:
            places: list[int] = [0, blank] if blank else [0]
        else:
            places = [at for at in range(len(window)) if not at or not (window[at - 1 : at + 1]).isalnum()]
        for at in places:
            found = self._at(window, at)
            if found is not None:
                return found if self._believed(found.epoch, window[found.start : found.end]) else None
        return None

    def _at(self, window: str, position: int) -> Found | None:
        assert self._format is not None  # the caller asked
        text = window[position : position + _LONGEST]
        found = parse_time(text, self._format, self._zone, self._now)
        if found is not None and self._yearless and found[0] > self._now + DAY:
            found = parse_time(text, self._format, self._zone, self._last_year)
        if found is None:
            return None
        epoch, length = found
        written = _written_zone(window[position : position + length], self._format)
        return self._found(epoch, position, position + length, written)

    def _found(self, epoch: float, start: int, end: int, written: tzinfo | None) -> Found:
        zone = self._zone if written is None else written
        offset = datetime.fromtimestamp(epoch, UTC).astimezone(zone).utcoffset() or timedelta()
        minutes = LOCAL if written is None else str(round(offset.total_seconds() / 60))
        return Found(epoch, start, end, minutes, epoch + offset.total_seconds())

    # --- by themselves

    def _usual(self, window: str, previous: float | None) -> Found | None:
        """The first time that is written in one of the usual ways, and can be believed; of several that begin at one
        place, the first way."""
        # Most events begin with their time.
        found = self._first([match for way in _WAYS if (match := way.match(window)) is not None], previous)
        if found is not None:
            return found
        ahead = {way: match for way in _ways(window) if (match := way.search(window)) is not None}
        while ahead:
            start = min(match.start() for match in ahead.values())
            together = [match for match in ahead.values() if match.start() == start]
            found = self._first(together, previous)
            if found is not None:
                return found
            position = max(min(match.end() for match in together), start + 1)
            for way in [way for way, match in ahead.items() if match.start() < position]:
                again = way.search(window, position)
                if again is None:
                    del ahead[way]
                else:
                    ahead[way] = again
        return None

    def _first(self, matches: list[re.Match[str]], previous: float | None) -> Found | None:
        """The first of several ways to read one place that can be believed."""
        for match in matches:
            found = self._read(match, previous)
            if found is not None and self._believed(found.epoch, match[0]):
                return found
        return None

    def _read(self, match: re.Match[str], previous: float | None) -> Found | None:
        parts = match.groupdict()
        fraction = float(f"0.{parts['f']}") if parts.get("f") else 0.0
        if parts.get("epoch"):
            return self._found(int(parts["epoch"]) + fraction, *match.span(), UTC)
        written = self._aliased(parts.get("z"))
        zone = self._zone if written is None else written
        try:
            moment = _moment(parts, zone, self._now if previous is None else previous, self._now)
        except ValueError:
            return None
        return self._found(moment.timestamp() + fraction, *match.span(), written)

    def _aliased(self, text: str | None) -> tzinfo | None:
        if text is None:
            return None
        name = text.upper()
        if name in _MORE_ZONES and name not in self._aliases:
            return fixed_zone(timedelta(minutes=_MORE_ZONES[name]))
        return self._aliases.get(name) or zone_of(_plain_offset(name))


def _ways(window: str) -> list[re.Pattern[str]]:
    """The ways that can be in a text: most of them ask for what few texts have."""
    return _ways_without(tuple(part for needed, part in _NEEDED if needed.search(window) is None))


@cache
def _ways_without(missing: tuple[str, ...]) -> list[re.Pattern[str]]:
    return [way for way in _WAYS if not any(part in way.pattern for part in missing)]


def _plain_offset(name: str) -> str:
    """``GMT+02:00`` is ``+02:00``."""
    return re.sub(r"^(?:GMT|UTC)(?=[+-])", "", name)


_DAY_NAME: Final = re.compile(r"(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*", re.IGNORECASE)


def _rewritten(match: re.Match[str], wall: float) -> str:
    """A time in the way that it was written; ``wall`` is what the clock shows. What stands for less than a second, and
    the zone, stay as they are."""
    moment = datetime.fromtimestamp(int(wall), UTC)
    parts = match.groupdict()
    changes = {"epoch": str(int(wall)), "y": f"{moment.year:04d}"}
    for name, number in (("m", moment.month), ("M", moment.minute), ("S", moment.second)):
        changes[name] = _as_wide(number, parts.get(name))
    changes["d"] = _day(moment.day, match)
    changes["H"] = _as_wide((moment.hour % 12 or 12) if parts.get("p") else moment.hour, parts.get("H"))
    changes["Y"] = f"{moment.year:04d}"[-len(parts.get("Y") or "Y") :]
    changes["b"] = _as_named(MONTHS[moment.month - 1], parts.get("b"))
    changes["p"] = _as_named("pm" if moment.hour >= 12 else "am", parts.get("p"))
    text = match[0]
    for start, name in sorted(((match.start(name), name) for name in changes if parts.get(name)), reverse=True):
        blank = name == "d" and len(changes[name]) > match.end(name) - start and text[start - 2 : start] == "  "
        text = text[: start - blank] + changes[name] + text[match.end(name) :]
    day = _DAY_NAME.match(text)
    if day is None or not parts.get("b"):
        return text
    return _as_named(DAYS[moment.weekday()], day[0]) + text[day.end() :]


def _day(number: int, match: re.Match[str]) -> str:
    """Syslog, which writes no year, has a blank in front of a day of one digit."""
    parts = match.groupdict()
    if parts.get("b") and not parts.get("Y") and not parts.get("y"):
        return str(number) if len(parts["d"]) == 1 else f"{number:2d}"
    return _as_wide(number, parts.get("d"))


def _as_wide(number: int, old: str | None) -> str:
    return str(number) if old is not None and len(old) == 1 else f"{number:02d}"


def _as_named(name: str, old: str | None) -> str:
    """As the old one was: capital or not, in full or its first three letters."""
    if old is None:
        return name
    if old.lower() not in (*MONTHS, *DAYS) or len(old) == len("may"):
        name = name[:3]
    return name.upper() if old.isupper() else name.title() if old[0].isupper() else name.lower()


def _moment(parts: dict[str, Any], zone: tzinfo, previous: float, now: float) -> datetime:
    """Whole seconds. Raises ValueError where there is no such day."""
    hour, minute, second = (int(parts.get(key) or 0) for key in "HMS")
    half = (parts.get("p") or "").lower()
    if half:
        hour = hour % 12 + (12 if half == "pm" else 0)
    clock: dict[str, Any] = {
        "hour": hour,
        "minute": minute,
        "second": min(second, 59),
        "microsecond": 0,
        "tzinfo": zone,
    }
    if "time" in parts:
        return datetime.fromtimestamp(previous, zone).replace(**clock)
    name = parts.get("b")
    month = next(i for i, full in enumerate(MONTHS, 1) if full.startswith(name.lower())) if name else int(parts["m"])
    day, year_text = int(parts["d"]), parts.get("Y") or parts.get("y")
    if year_text:
        year = int(year_text)
        if len(year_text) == 2:
            year += 2000 if year <= 68 else 1900  # N10.15
        return datetime(year, month, day, **clock)
    # Without a year: this year's, unless that would lie ahead.
    year = datetime.fromtimestamp(now, zone).year
    moment = datetime(year, month, day, **clock)
    return moment if moment.timestamp() <= now + DAY else moment.replace(year=year - 1)


# --- settings ---------------------------------------------------------------------------------------------------------

_DATED: Final = re.compile(r"(?s)(?!.*%[YyCDFcxs+]).*%-?[mbBhj]")
"""A format with a date that has no year."""
_ZONE_TEXT: Final = re.compile(r"[+-]\d{2}:?\d{2}(?!\d)|(?<![A-Za-z/])[A-Za-z]+(?:/[A-Za-z_]+)*")


def _written_zone(text: str, form: str) -> tzinfo | None:
    """The zone that a time's text names, if its format has one."""
    if "%s" in form:
        return UTC
    if "%z" not in form and "%Z" not in form and "%:z" not in form:
        return None
    zones = (zone_of(found) for found in reversed(_ZONE_TEXT.findall(text)))
    return next((zone for zone in zones if zone is not None), None)


def _format(settings: Stanza, warn: Warn) -> str | None:
    form = settings.get("TIME_FORMAT")
    if not form:
        return None
    try:
        parse_time("", form)
    except (ValueError, re.error) as problem:
        warn(KnowledgeError(f"TIME_FORMAT is not used: {problem}"))
        return None
    return form


def _zone(settings: Stanza, warn: Warn) -> tzinfo:
    """Ours is the machine that runs splunkd, and it keeps UTC."""
    name = settings.get("TZ", "").strip()
    zone = zone_of(name) if name else UTC
    if zone is None:
        warn(KnowledgeError(f"TZ is not used: there is no zone {name}"))
        return UTC
    return zone


def _aliases(settings: Stanza, form: str | None, warn: Warn) -> dict[str, tzinfo]:
    """``TZ_ALIAS``: what the names of zones in events mean."""
    text = settings.get("TZ_ALIAS", "")
    if text and form is not None and "%Z" in form:
        warn(KnowledgeError("TZ_ALIAS is not used beside a TIME_FORMAT with %Z, which is not supported"))
    found: dict[str, tzinfo] = {}
    for pair in text.split(","):
        name, _, meaning = (part.strip() for part in pair.partition("="))
        plain = _plain_offset(meaning)
        if name and plain and (zone := zone_of(plain)) is not None:
            found[name.upper()] = zone
    return found
