"""The ``risk`` action of Enterprise Security: a risk event for every value of every risk object of every row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from harness.errors import SearchError
from harness.server.alert_actions import Cell, Row, Trigger
from harness.server.alert_actions._stash import copied, fill, frameworks_of, provenance, stash_event

INDEX: Final = "risk"


@dataclass(frozen=True, slots=True)
class RiskObject:
    field: str
    type: str
    score: str
    message: str


@dataclass(frozen=True, slots=True)
class ThreatObject:
    field: str
    type: str


def run(trigger: Trigger) -> None:
    """Write the risk events of all rows into the index ``risk``."""
    objects, threats = read_parameters(trigger)
    shared = frameworks_of(trigger)
    events = [
        stash_event(trigger, INDEX, {**fields, **shared})
        for rid, row in trigger.rows
        for fields in _events(trigger, rid, row, objects, threats)
    ]
    trigger.instance.ingest.events(events)


def _events(
    trigger: Trigger, rid: int, row: Row, objects: list[RiskObject], threats: list[ThreatObject]
) -> Iterator[dict[str, Cell]]:
    base = {**copied(row), **provenance(trigger, rid, "risk"), **_threats(row, threats)}
    for risk in objects:
        cell = row.get(risk.field)
        for value in () if cell is None else [cell] if isinstance(cell, str) else cell:
            if not value.strip():
                continue
            quoted = value.replace("\\", "\\\\").replace('"', '\\"')
            yield {
                **base,
                "risk_object": value,
                "risk_object_type": risk.type,
                "risk_object_field": risk.field,
                "risk_score": risk.score,
                "risk_message": fill(risk.message, row),
                f"risk_object_{risk.type}": value,
                "normalized_risk_object": value,
                "contributing_events_search": f'| savedsearch "{trigger.saved.name}" | search {risk.field}="{quoted}"',
            }


def _threats(row: Row, threats: list[ThreatObject]) -> dict[str, Cell]:
    """The threat objects of a row: their values, and the type of each."""
    values: list[str] = []
    types: list[str] = []
    for threat in threats:
        cell = row.get(threat.field)
        for value in () if cell is None else [cell] if isinstance(cell, str) else cell:
            if value.strip():
                values.append(value)
                types.append(threat.type)
    return {"threat_object": values, "threat_object_type": types} if values else {}


def read_parameters(trigger: Trigger) -> tuple[list[RiskObject], list[ThreatObject]]:
    """``_risk`` is a JSON array of risk and threat objects; without it one risk object stands in parameters of its
    own. Raises :class:`SearchError` for what cannot be read."""
    saved = trigger.saved
    message = saved.text("action.risk.param._risk_message")
    text = saved.text("action.risk.param._risk")
    if not text.strip():
        field = saved.text("action.risk.param._risk_object")
        kind = saved.text("action.risk.param._risk_object_type", "other")
        score = saved.text("action.risk.param._risk_score", "0")
        return ([RiskObject(field, kind, _score(score), message)] if field else []), []
    try:
        items = msgspec.json.decode(text, type=list[dict[str, Any]])
    except msgspec.DecodeError as error:
        raise SearchError(f"action.risk.param._risk of '{saved.name}' is no JSON array of objects: {error}") from error
    objects = [
        RiskObject(
            str(item["risk_object_field"]),
            str(item.get("risk_object_type", "other")),
            _score(item.get("risk_score", 0)),
            str(item.get("risk_message") or message),
        )
        for item in items
        if "risk_object_field" in item
    ]
    threats = [
        ThreatObject(str(item["threat_object_field"]), str(item.get("threat_object_type", "")))
        for item in items
        if "threat_object_field" in item
    ]
    return objects, threats


def _score(value: Any) -> str:
    """A score is a whole number."""
    try:
        return str(int(float(value)))
    except (TypeError, ValueError):
        return "0"
