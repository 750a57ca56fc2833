"""Data into events: ``LINE_BREAKER``, ``TRUNCATE`` and line merging (props.conf specification, "Line breaking")."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from harness.errors import KnowledgeError, SPLError
from harness.knowledge.conf import Stanza, boolean, integer
from harness.values.pcre import Pattern, PatternError, compile_pcre

DEFAULT_BREAKER: Final = r"([\r\n]+)"
_DEFAULT_PATTERN: Final = re.compile(r"[\r\n]+")

HasDate = Callable[[str], bool]
Warn = Callable[[KnowledgeError], None]
Piece = tuple[str, bool]
"""A line or an event, and whether something of it was cut off."""


@dataclass(frozen=True, slots=True)
class LineRules:
    """``breaker`` None breaks at line ends."""

    breaker: Pattern | None
    merge: bool
    only_before: Pattern | None
    only_before_date: bool
    must_break_after: Pattern | None
    must_not_break_after: Pattern | None
    max_lines: int
    truncate: int

    @classmethod
    def read(cls, settings: Stanza, warn: Warn) -> LineRules:
        """A pattern that does not compile is reported and not used."""
        text = settings.get("LINE_BREAKER", DEFAULT_BREAKER)
        breaker = None if text == DEFAULT_BREAKER else pattern_of(settings, "LINE_BREAKER", warn)
        if breaker is not None and not breaker.groups:
            warn(KnowledgeError("LINE_BREAKER has no group: lines break at line ends"))  # N10.5
            breaker = None
        return cls(
            breaker,
            boolean(settings.get("SHOULD_LINEMERGE"), True),
            pattern_of(settings, "BREAK_ONLY_BEFORE", warn),
            boolean(settings.get("BREAK_ONLY_BEFORE_DATE"), True),
            pattern_of(settings, "MUST_BREAK_AFTER", warn),
            pattern_of(settings, "MUST_NOT_BREAK_AFTER", warn),
            max(integer(settings.get("MAX_EVENTS"), 256), 1),
            max(integer(settings.get("TRUNCATE"), 10_000), 0),
        )


def pattern_of(settings: Stanza, name: str, warn: Warn) -> Pattern | None:
    """The pattern of a setting, if it has one that can be used."""
    text = settings.get(name)
    if not text:
        return None
    try:
        return compile_pcre(text)
    except (PatternError, SPLError) as problem:
        warn(KnowledgeError(f"{name} is not used: Regex: {problem}"))
        return None


def break_events(text: str, rules: LineRules, has_date: HasDate) -> Iterator[Piece]:
    """The events of a text. Blank lines make no event (N10.1); ``TRUNCATE`` cuts lines, before they are merged."""
    lines = (truncate(line, rules.truncate) for line in _split(text, rules.breaker))
    for event, cut in _merged(lines, rules, has_date) if rules.merge else lines:
        if event and not event.isspace():
            yield event, cut


def _split(text: str, breaker: Pattern | None) -> Iterator[str]:
    """Only the breaker's group is removed: what it matched before belongs to the event before, what it matched after
    to the next one (N10.4)."""
    start = 0
    for end, following in _breaks(text, breaker):
        if end >= start:
            yield text[start:end]
            start = following
    if start < len(text):
        yield text[start:]


def _breaks(text: str, breaker: Pattern | None) -> Iterator[tuple[int, int]]:
    """What is removed between lines."""
    if breaker is None:
        yield from (match.span() for match in _DEFAULT_PATTERN.finditer(text))
        return
    # One search after the other: the bound in time is for finding one break, not for all that is done with the data.
    position = 0
    while position <= len(text) and (match := breaker.search(text, position)) is not None:
        yield _removed(match)
        position = match.end() + (match.end() == match.start())


def _removed(match: Any) -> tuple[int, int]:
    """The first group that took part, or a break of no length in front of a match in which none did."""
    for group in range(1, match.re.groups + 1):
        if match.start(group) >= 0:
            return match.span(group)  # type: ignore[no-any-return]
    return match.start(), match.start()


def _merged(lines: Iterator[Piece], rules: LineRules, has_date: HasDate) -> Iterator[Piece]:
    """Lines joined into events.

    Without any rule but dates: with BREAK_ONLY_BEFORE_DATE off and no BREAK_ONLY_BEFORE, every line is one (N10.7).
    MAX_EVENTS=3 gives four lines (N10.6). MUST_NOT_BREAK_BEFORE has no effect (N10.8). MUST_NOT_BREAK_AFTER holds
    breaks back until MUST_BREAK_AFTER matches (N10.9), but not the one of MAX_EVENTS.
    """
    event: list[str] = []
    any_cut = held = broke_after = False
    for line, cut in lines:
        full = len(event) > rules.max_lines
        if event and (broke_after or full or (not held and _begins(line, rules, has_date))):
            yield "\n".join(event), any_cut
            event, any_cut = [], False
        event.append(line)
        any_cut = any_cut or cut
        broke_after = rules.must_break_after is not None and rules.must_break_after.search(line) is not None
        if broke_after:
            held = False
        elif rules.must_not_break_after is not None and rules.must_not_break_after.search(line) is not None:
            held = True
    if event:
        yield "\n".join(event), any_cut


def _begins(line: str, rules: LineRules, has_date: HasDate) -> bool:
    if rules.only_before is not None:
        return rules.only_before.search(line) is not None
    return has_date(line) if rules.only_before_date else True


def truncate(line: str, limit: int) -> Piece:
    """At most ``limit`` bytes of UTF-8, in whole characters; 0 is no limit (N10.10)."""
    if not limit or len(line) * 4 <= limit:
        return line, False
    if line.isascii():
        return line[:limit], len(line) > limit
    data = line.encode("utf-8", "surrogatepass")
    if len(data) <= limit:
        return line, False
    return data[:limit].decode("utf-8", "ignore"), True
