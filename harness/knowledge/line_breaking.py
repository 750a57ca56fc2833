"""Data into events: ``LINE_BREAKER``, line merging and ``TRUNCATE`` (props.conf specification, "Line breaking")."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from harness.errors import KnowledgeError
from harness.knowledge.conf import Stanza, boolean, integer
from harness.values.pcre import Pattern, PatternError, compile_pcre

DEFAULT_BREAKER = r"([\r\n]+)"
_DEFAULT_PATTERN = re.compile(r"[\r\n]+")

HasDate = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class LineRules:
    breaker: Pattern | None
    """None breaks at line ends; a pattern without a group is not used (N10.5)."""
    merge: bool
    only_before: Pattern | None
    only_before_date: bool
    must_break_after: Pattern | None
    must_not_break_after: Pattern | None
    max_lines: int
    truncate: int

    @classmethod
    def read(cls, settings: Stanza) -> LineRules:
        """Raises KnowledgeError for a pattern that does not compile."""
        breaker_text = settings.get("LINE_BREAKER", DEFAULT_BREAKER)
        breaker = None if breaker_text == DEFAULT_BREAKER else _pattern("LINE_BREAKER", breaker_text)
        return cls(
            breaker if breaker is not None and breaker.groups else None,
            boolean(settings.get("SHOULD_LINEMERGE"), True),
            _pattern("BREAK_ONLY_BEFORE", settings.get("BREAK_ONLY_BEFORE")),
            boolean(settings.get("BREAK_ONLY_BEFORE_DATE"), True),
            _pattern("MUST_BREAK_AFTER", settings.get("MUST_BREAK_AFTER")),
            _pattern("MUST_NOT_BREAK_AFTER", settings.get("MUST_NOT_BREAK_AFTER")),
            integer(settings.get("MAX_EVENTS"), 256),
            integer(settings.get("TRUNCATE"), 10_000),
        )


def _pattern(name: str, text: str | None) -> Pattern | None:
    if not text:
        return None
    try:
        return compile_pcre(text)
    except PatternError as problem:
        raise KnowledgeError(f"{name}: Regex: {problem}") from None


def break_events(text: str, rules: LineRules, has_date: HasDate) -> Iterator[tuple[str, bool]]:
    """The events of a text, each with whether it was truncated. Blank lines make no event (N10.1)."""
    lines = _split(text, rules.breaker)
    for event in _merged(lines, rules, has_date) if rules.merge else lines:
        if event.strip():
            yield truncate(event, rules.truncate)


def _split(text: str, breaker: Pattern | None) -> Iterator[str]:
    """Only the breaker's first group is removed: what it matched before belongs to the event before, what it matched
    after to the next one (N10.4)."""
    if breaker is None:
        start = 0
        for found in _DEFAULT_PATTERN.finditer(text):
            yield text[start : found.start()]
            start = found.end()
        if start < len(text):
            yield text[start:]
        return
    start = 0
    for match in breaker.finditer(text):
        if match.start(1) < 0:
            continue
        yield text[start : match.start(1)]
        start = match.end(1)
    if start < len(text):
        yield text[start:]


def _merged(lines: Iterator[str], rules: LineRules, has_date: HasDate) -> Iterator[str]:
    """Lines joined into events.

    Without any rule but dates: with BREAK_ONLY_BEFORE_DATE off and no BREAK_ONLY_BEFORE, every line is one (N10.7).
    MAX_EVENTS=3 gives four lines (N10.6). MUST_NOT_BREAK_BEFORE has no effect (N10.8).
    """
    event: list[str] = []
    held = False
    broke_after = False
    for line in lines:
        if event and (broke_after or (not held and (_begins(line, rules, has_date) or len(event) > rules.max_lines))):
            yield "\n".join(event)
            event = []
            held = False
        event.append(line)
        broke_after = rules.must_break_after is not None and rules.must_break_after.search(line) is not None
        if broke_after:
            held = False
        elif rules.must_not_break_after is not None and rules.must_not_break_after.search(line) is not None:
            held = True
    if event:
        yield "\n".join(event)


def _begins(line: str, rules: LineRules, has_date: HasDate) -> bool:
    if rules.only_before is not None:
        return rules.only_before.search(line) is not None
    return has_date(line) if rules.only_before_date else True


def truncate(event: str, limit: int) -> tuple[str, bool]:
    """At most ``limit`` bytes of UTF-8, in whole characters; 0 is no limit (N10.10)."""
    if not limit or len(event) * 4 <= limit:
        return event, False
    data = event.encode("utf-8", "surrogatepass")
    if len(data) <= limit:
        return event, False
    return data[:limit].decode("utf-8", "ignore"), True
