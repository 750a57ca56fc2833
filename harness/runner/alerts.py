"""What an alert left behind, held against the rows that it was raised for."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from harness.client.answers import Row
from harness.client.rest import SplunkClient
from harness.runner.subject import Alert
from harness.runner.verdict import has_value

_TOKEN = re.compile(r"\$([^$\s]+)\$")
_MAX_TOLD = 5


@dataclass(frozen=True, slots=True)
class RiskEvent:
    """One event in the risk index; ``row`` has all its fields."""

    object: str
    type: str
    score: str
    message: str
    row: Row = field(default_factory=dict, hash=False, compare=False)

    def __str__(self) -> str:
        return f"{self.type} {self.object}, score {self.score}: {self.message}"


def read_risk_events(client: SplunkClient, search_name: str, sid: str) -> list[RiskEvent]:
    rows = client.ask(f'search index=risk search_name="{_quoted(search_name)}" orig_sid="{_quoted(sid)}" | fields *')
    return [
        RiskEvent(
            _text(row, "risk_object"),
            _text(row, "risk_object_type"),
            _text(row, "risk_score"),
            _text(row, "risk_message"),
            row,
        )
        for row in rows
    ]


def count_notables(client: SplunkClient, search_name: str, sid: str) -> int:
    return client.count(f'search index=notable search_name="{_quoted(search_name)}" orig_sid="{_quoted(sid)}"')


def unthrottled(rows: Sequence[Row], fields: Sequence[str]) -> list[Row]:
    """The rows that raise an alert within one run: with throttling by ``fields``, the first of each combination."""
    if not fields:
        return list(rows)
    first: dict[tuple[str, ...], Row] = {}
    for row in rows:
        first.setdefault(tuple(_text(row, field) for field in fields), row)
    return list(first.values())


def complaints_about_risk(rows: Sequence[Row], alert: Alert, found: Sequence[RiskEvent]) -> list[str]:
    """What is missing, too much or wrong among the risk events of these rows; nothing if all is as it must be."""
    expected = list(_expected(rows, alert))
    left = Counter(found)
    missing: list[RiskEvent] = []
    for wanted in expected:
        match = next((event for event in left if left[event] and _agrees(event, wanted)), None)
        if match is None:
            missing.append(_as_event(wanted))
        else:
            left[match] -= 1
    told = [f"missing risk event: {event}" for event in missing[:_MAX_TOLD]]
    told += [f"unexpected risk event: {event}" for event in list(left.elements())[:_MAX_TOLD]]
    if not told:
        return []
    return [f"{len(found)} risk events for {len(rows)} rows, but {len(expected)} expected", *told]


@dataclass(frozen=True, slots=True)
class _Wanted:
    object: str
    type: str
    score: int
    template: str
    row: Row


def _expected(rows: Sequence[Row], alert: Alert) -> Iterator[_Wanted]:
    """A risk event per row and risk object with a value; a multivalue gives one for each of its values."""
    for row in rows:
        for item in alert.risk_objects:
            if has_value(row, item.field):
                value = row[item.field]
                for single in value if isinstance(value, list) else [value]:
                    yield _Wanted(single, item.type, item.score, alert.message_of(item), row)


def _agrees(event: RiskEvent, wanted: _Wanted) -> bool:
    return (
        event.object == wanted.object
        and event.type == wanted.type
        and event.score == str(wanted.score)
        and _message_pattern(wanted).fullmatch(event.message) is not None
    )


def _message_pattern(wanted: _Wanted) -> re.Pattern[str]:
    """The message with its tokens filled. How a multivalue's values are joined is not laid down: any mark will do."""
    parts = []
    position = 0
    for token in _TOKEN.finditer(wanted.template):
        parts.append(re.escape(wanted.template[position : token.start()]))
        value = wanted.row.get(token[1])
        values = value if isinstance(value, list) else [value or token[0]]
        parts.append(r"[\s,;|]+".join(re.escape(single) for single in values))
        position = token.end()
    parts.append(re.escape(wanted.template[position:]))
    # Splunk keeps the text of a stash event on one line as far as blanks go: they may come out joined.
    return re.compile("".join(parts).replace(r"\ ", r"\s+").replace("\\\n", r"\s+"), re.DOTALL)


def _as_event(wanted: _Wanted) -> RiskEvent:
    from harness.runner.verdict import fill

    return RiskEvent(wanted.object, wanted.type, str(wanted.score), fill(wanted.template, wanted.row))


def _text(row: Row, name: str) -> str:
    value = row.get(name, "")
    return value if isinstance(value, str) else "\n".join(value)


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
