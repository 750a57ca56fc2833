"""What an alert left behind, held against the rows that it was raised for."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from harness.client.answers import Row
from harness.client.rest import SplunkClient
from harness.runner.subject import Alert
from harness.runner.verdict import fill, has_value
from harness.wording import counted

_TOKEN = re.compile(r"\$([^$\s]+)\$")
_MAX_TOLD = 5


@dataclass(frozen=True, slots=True)
class RiskEvent:
    """One event in the risk index. ``threats`` are its threat objects, each as ``type value``, in order of the text.

    ``row`` has all its fields.
    """

    object: str
    type: str
    score: str
    message: str
    threats: tuple[str, ...] = ()
    row: Row = field(default_factory=dict, hash=False, compare=False)

    def __str__(self) -> str:
        threats = f" (threat objects: {', '.join(self.threats)})" if self.threats else ""
        return f"{self.type} {self.object}, score {self.score}: {self.message}{threats}"


def read_risk_events(client: SplunkClient, search_name: str, sid: str) -> list[RiskEvent]:
    return [
        RiskEvent(
            _text(row, "risk_object"),
            _text(row, "risk_object_type"),
            _text(row, "risk_score"),
            _text(row, "risk_message"),
            _pairs(values(row, "threat_object_type"), values(row, "threat_object")),
            row,
        )
        for row in _events(client, "risk", search_name, sid)
    ]


def read_notables(client: SplunkClient, search_name: str, sid: str) -> list[Row]:
    return _events(client, "notable", search_name, sid)


def _events(client: SplunkClient, index: str, search_name: str, sid: str) -> list[Row]:
    terms = f'search_name="{_quoted(search_name)}" orig_sid="{_quoted(sid)}"'
    return client.ask(f"search index={index} {terms} | fields *")


def unthrottled(rows: Sequence[Row], fields: Sequence[str]) -> list[Row]:
    """The rows that raise an alert within one run: with throttling by ``fields``, the first of each combination."""
    if not fields:
        return list(rows)
    first: dict[tuple[str, ...], Row] = {}
    for row in rows:
        first.setdefault(throttle_key(row, fields), row)
    return list(first.values())


def throttle_key(row: Row, fields: Sequence[str]) -> tuple[str, ...]:
    return tuple(_text(row, field) for field in fields)


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
    return [f"{counted(len(found), 'risk event')} for {counted(len(rows), 'row')}, but {len(expected)} expected", *told]


def complaints_about_notables(rows: Sequence[Row], alert: Alert, found: Sequence[Row]) -> list[str]:
    """One notable for each row, with its title. Enterprise Security fills a title when it shows it: the template as it
    is written is as good as the filled one."""
    wanted = list(rows) if alert.notable else []
    if len(found) != len(wanted):
        return [f"{counted(len(found), 'notable event')}, but {len(wanted)} expected"]
    left = [_text(event, "rule_title") for event in found]
    missing = []
    for row in wanted:
        pattern = message_pattern(alert.title, row)
        match = next((title for title in left if title == alert.title or pattern.fullmatch(title)), None)
        if match is None:
            missing.append(fill(alert.title, row))
        else:
            left.remove(match)
    told = [f"missing notable: {title}" for title in missing[:_MAX_TOLD]]
    return told + [f"unexpected notable: {title}" for title in left[:_MAX_TOLD] if missing]


def complaints_about_annotations(alert: Alert, found: Sequence[Row], kind: str) -> list[str]:
    """What every event must carry of the detection: its stories and techniques; told at the first that does not."""
    complaints = []
    for name, wanted in alert.annotations:
        wrong = [event for event in found if sorted(values(event, name)) != sorted(wanted)]
        if wrong:
            has = ", ".join(values(wrong[0], name)) or "nothing"
            complaints.append(
                f"{name} is {has} in {len(wrong)} of {counted(len(found), f'{kind} event')}, "
                f"but {', '.join(wanted)} expected"
            )
    return complaints


def complaints_about_range(earliest: float | None, latest: float | None, found: Sequence[Row], kind: str) -> list[str]:
    """Drilldowns look at the time range of the run, which every event must carry."""
    complaints = []
    for name, wanted in (("info_min_time", earliest), ("info_max_time", latest)):
        wrong = [_text(event, name) for event in found if wanted is not None and not _is(_text(event, name), wanted)]
        if wrong:
            complaints.append(
                f"{name} is {wrong[0] or 'nothing'} in {counted(len(wrong), f'{kind} event')}, but it was {wanted:.3f}"
            )
    return complaints


def _is(text: str, number: float) -> bool:
    try:
        return abs(float(text) - number) < 0.001
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class _Wanted:
    object: str
    type: str
    score: int
    template: str
    row: Row
    threats: tuple[str, ...]


def _expected(rows: Sequence[Row], alert: Alert) -> Iterator[_Wanted]:
    """A risk event per row and risk object with a value; a multivalue gives one for each of its values."""
    for row in rows:
        named = [(threat.type, value) for threat in alert.threat_objects for value in values(row, threat.field)]
        threats = _pairs([kind for kind, _ in named], [value for _, value in named])
        for item in alert.risk_objects:
            if has_value(row, item.field):
                for single in values(row, item.field):
                    yield _Wanted(single, item.type, item.score, alert.message_of(item), row, threats)


def _pairs(kinds: Sequence[str], found: Sequence[str]) -> tuple[str, ...]:
    """Threat objects with their types. Equal types may have been written once, as fields of a search are."""
    if len(kinds) == 1:
        kinds = list(kinds) * len(found)
    if len(kinds) != len(found):
        return tuple(sorted(found))
    return tuple(sorted(f"{kind} {value}" for kind, value in zip(kinds, found, strict=True)))


def _agrees(event: RiskEvent, wanted: _Wanted) -> bool:
    return (
        event.object == wanted.object
        and event.type == wanted.type
        and event.score == str(wanted.score)
        and event.threats == wanted.threats
        and message_pattern(wanted.template, wanted.row).fullmatch(event.message) is not None
    )


def message_pattern(template: str, row: Row) -> re.Pattern[str]:
    """The message with its tokens filled. How a multivalue's values are joined is not laid down: any mark will do."""
    parts = []
    position = 0
    for token in _TOKEN.finditer(template):
        parts.append(re.escape(template[position : token.start()]))
        value = row.get(token[1])
        found = value if isinstance(value, list) else [value or token[0]]
        parts.append(r"[\s,;|]+".join(re.escape(single) for single in found))
        position = token.end()
    parts.append(re.escape(template[position:]))
    # Splunk keeps the text of a stash event on one line as far as blanks go: they may come out joined.
    return re.compile("".join(parts).replace(r"\ ", r"\s+").replace("\\\n", r"\s+"), re.DOTALL)


def _as_event(wanted: _Wanted) -> RiskEvent:
    message = fill(wanted.template, wanted.row)
    return RiskEvent(wanted.object, wanted.type, str(wanted.score), message, wanted.threats)


def values(row: Row, name: str) -> list[str]:
    """The values of a field that are not blank."""
    cell = row.get(name, "")
    return [value for value in (cell if isinstance(cell, list) else [cell]) if value.strip()]


def _text(row: Row, name: str) -> str:
    value = row.get(name, "")
    return value if isinstance(value, str) else "\n".join(value)


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
