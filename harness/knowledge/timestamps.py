"""When an event happened: ``TIME_PREFIX``, ``TIME_FORMAT`` and, without a format, the usual ways to write a time
(props.conf specification, "Timestamp extraction configuration")."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, tzinfo

from harness.errors import KnowledgeError
from harness.knowledge.conf import Stanza, integer
from harness.values.pcre import Pattern, PatternError, compile_pcre
from harness.values.timeformat import parse_time, zone_of

DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Found:
    """A time and where its text stands in the event (``timestartpos``, ``timeendpos``)."""

    epoch: float
    start: int
    end: int


_DATE = re.compile(
    r"""
      (?<![\d.])(?P<iso>\d{4}-\d{1,2}-\d{1,2}(?:[T\ ]+\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?
         (?:\s?(?:Z|[+-]\d{2}:?\d{2})(?![\d:]))?)?)
    | (?<![\d.])(?P<slashed>\d{4}/\d{1,2}/\d{1,2}(?:[T\ ]+\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?)?)
    | (?<![\d./])(?P<american>\d{1,2}/\d{1,2}/(?:\d{4}|\d{2})(?:[\ T]+\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?
         (?:\s?[AaPp][Mm])?)?)(?![\d/])
    | (?<![\w.])(?P<clf>\d{1,2}/[A-Z][a-z]{2}/\d{4}:\d{2}:\d{2}:\d{2}(?:\s[+-]\d{4})?)
    | (?<![\w.])(?P<rfc>(?:[A-Z][a-z]{2},?\s)?\d{1,2}[\ -][A-Z][a-z]{2}[a-z]*[\ -]\d{4}\s\d{1,2}:\d{2}:\d{2}
         (?:\s(?:GMT|UTC|[+-]\d{4}))?)
    | (?<![\w.])(?P<asctime>[A-Z][a-z]{2}\s[A-Z][a-z]{2}\s+\d{1,2}\s\d{2}:\d{2}:\d{2}(?:\s[A-Z]{3,4})?\s\d{4})
    | (?<![\w.])(?P<syslog>(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\s+\d{1,2}\s(?:\d{4}\s)?\d{2}:\d{2}:\d{2}
         (?:\.\d{1,6})?)
    | (?<![\d.\w])(?P<epoch>1\d{9}(?:\.\d{1,6}|\d{3})?)(?![\d\w])
    """,
    re.VERBOSE,
)

_FORMATS = {
    "iso": ("%Y-%m-%d %H:%M:%S.%N %z", "%Y-%m-%d %H:%M:%S %z", "%Y-%m-%d %H:%M:%S.%N", "%Y-%m-%d %H:%M:%S",
            "%Y-%m-%d %H:%M %z", "%Y-%m-%d %H:%M", "%Y-%m-%d"),
    "slashed": ("%Y/%m/%d %H:%M:%S.%N", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y/%m/%d"),
    "american": ("%m/%d/%Y %I:%M:%S.%N %p", "%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %H:%M:%S.%N", "%m/%d/%Y %H:%M:%S",
                 "%m/%d/%Y %I:%M %p", "%m/%d/%Y %H:%M", "%m/%d/%Y", "%m/%d/%y %H:%M:%S", "%m/%d/%y"),
    "clf": ("%d/%b/%Y:%H:%M:%S %z", "%d/%b/%Y:%H:%M:%S"),
    "rfc": ("%d %b %Y %H:%M:%S %Z", "%d %b %Y %H:%M:%S", "%a %d %b %Y %H:%M:%S %Z", "%a %d %b %Y %H:%M:%S"),
    "asctime": ("%a %b %e %H:%M:%S %Y", "%a %b %e %H:%M:%S %Z %Y"),
    "syslog": ("%b %e %Y %H:%M:%S", "%b %e %H:%M:%S.%N", "%b %e %H:%M:%S"),
}  # fmt: skip


class Timestamps:
    """Finds the time of each event of one kind of data. Raises KnowledgeError for settings that cannot be read."""

    def __init__(self, settings: Stanza, now: float) -> None:
        self._now = now
        self._prefix = _pattern(settings.get("TIME_PREFIX"))
        self._format = settings.get("TIME_FORMAT")
        self._lookahead = integer(settings.get("MAX_TIMESTAMP_LOOKAHEAD"), 128)
        self._zone = self._read_zone(settings.get("TZ"))
        self._oldest = now - integer(settings.get("MAX_DAYS_AGO"), 2000) * DAY
        # A day of grace for zones, as MAX_DAYS_HENCE has by default.
        self._newest = now + integer(settings.get("MAX_DAYS_HENCE"), 2) * DAY
        config = settings.get("DATETIME_CONFIG", "").strip().upper()
        self.current = config == "CURRENT"
        self.none = config == "NONE"
        if self._format:
            try:
                parse_time("", self._format)
            except (ValueError, re.error) as problem:
                raise KnowledgeError(f"TIME_FORMAT: {problem}") from None

    @staticmethod
    def _read_zone(name: str | None) -> tzinfo:
        zone = zone_of(name.strip()) if name and name.strip() else UTC
        if zone is None:
            raise KnowledgeError(f"TZ: there is no zone {name}")
        return zone

    def find(self, event: str) -> Found | None:
        """The time in an event; None if there is none that can be believed."""
        if self.current or self.none:
            return None
        start = 0
        if self._prefix is not None:
            found = self._prefix.search(event)
            if found is None:
                return None
            start = found.end()
        window = event[start:] if self._lookahead < 0 else event[start : start + self._lookahead]
        result = self._formatted(window) if self._format else find_time(window, self._zone, self._now)
        if result is None or not self._oldest <= result.epoch <= self._newest:
            return None
        return Found(result.epoch, start + result.start, start + result.end)

    def has_date(self, line: str) -> bool:
        """Whether a line has a date in it, for BREAK_ONLY_BEFORE_DATE."""
        return self.find(line) is not None

    def _formatted(self, window: str) -> Found | None:
        """The format at the beginning of the window; without a prefix, at the first place where it fits."""
        assert self._format is not None  # the caller asked
        blank = len(window) - len(window.lstrip())
        read: Callable[[int], Found | None] = lambda at: self._at(window, at)  # noqa: E731
        if self._prefix is not None:
            return read(0) or read(blank)
        for position in range(len(window)):
            if (position == 0 or not (window[position - 1].isalnum() and window[position].isalnum())) and (
                found := read(position)
            ):
                return found
        return None

    def _at(self, window: str, position: int) -> Found | None:
        assert self._format is not None  # the caller asked
        found = parse_time(window[position:], self._format, self._zone, self._now)
        return None if found is None else Found(found[0], position, position + found[1])


def _pattern(text: str | None) -> Pattern | None:
    if not text:
        return None
    try:
        return compile_pcre(text)
    except PatternError as problem:
        raise KnowledgeError(f"TIME_PREFIX: Regex: {problem}") from None


def find_time(text: str, zone: tzinfo, now: float) -> Found | None:
    """The first time in a text that is written in one of the usual ways."""
    for found in _DATE.finditer(text):
        kind = found.lastgroup
        if kind is None:
            continue
        epoch = _epoch(found[0]) if kind == "epoch" else _read(kind, found[0], zone, now)
        if epoch is not None:
            return Found(epoch, found.start(), found.end())
    return None


def _epoch(text: str) -> float:
    return int(text) / 1000 if len(text) == 13 and "." not in text else float(text)


def _read(kind: str, text: str, zone: tzinfo, now: float) -> float | None:
    clean = text.replace(",", "." if kind != "rfc" else "")
    if kind in ("iso", "slashed"):
        clean = clean.replace("T", " ", 1)
    if kind == "rfc":
        clean = clean.replace("-", " ")
    for form in _FORMATS[kind]:
        found = parse_time(clean, form, zone, now)
        if found is not None and found[1] == len(clean):
            return _not_in_the_future(found[0], now) if kind == "syslog" and "%Y" not in form else found[0]
    return None


def _not_in_the_future(epoch: float, now: float) -> float:
    """A time without a year that would lie more than a day ahead is last year's."""
    return epoch if epoch <= now + DAY else epoch - 365 * DAY
