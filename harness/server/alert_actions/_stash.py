"""Events that alerts write about results: the stash format, and what every such event carries."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from harness.server.alert_actions import Cell, Row, Trigger
from harness.server.ingest import Event, Origin

_TOKEN: Final = re.compile(r"\$([^$\s]+)\$")
_ORIG: Final = {
    "_time": "orig_time",
    "_raw": "orig_raw",
    **{name: f"orig_{name}" for name in ("host", "source", "sourcetype", "index", "tag", "eventtype", "event_hash")},
}
"""Fields of a row that would say something about the event itself."""
_DROPPED: Final = frozenset(("linecount", "punct", "splunk_server", "timestartpos", "timeendpos"))


def fill(template: str, row: Row, quote: Callable[[str], str] | None = None) -> str:
    """``$field$`` replaced by the row's value, several values joined by a comma; a field that the row lacks stays as
    its token, for everybody to see."""

    def value(found: re.Match[str]) -> str:
        cell = row.get(found[1])
        if cell is None:
            return found[0]
        text = cell if isinstance(cell, str) else ", ".join(cell)
        return text if quote is None else quote(text)

    return _TOKEN.sub(value, template)


def provenance(trigger: Trigger, rid: int, action: str) -> dict[str, Cell]:
    """Where an event comes from: search, job, row and time range."""
    result = trigger.job.result
    earliest = result.earliest if result is not None else None
    latest = result.latest if result is not None else None
    return {
        "search_name": trigger.saved.name,
        "search_now": f"{trigger.moment:.3f}",
        "info_min_time": f"{earliest or 0:.3f}",
        "info_max_time": "+Infinity" if latest is None else f"{latest:.3f}",
        "info_search_time": f"{trigger.moment:.3f}",
        "orig_sid": trigger.job.sid,
        "orig_rid": str(rid),
        "orig_action_name": action,
        "savedsearch_description": trigger.saved.text("description"),
    }


def copied(row: Row) -> dict[str, Cell]:
    """The row's own fields; those that describe its events are renamed, hidden ones stay behind."""
    found: dict[str, Cell] = {}
    for name, value in row.items():
        if name in _ORIG:
            found[_ORIG[name]] = value
        elif not name.startswith("_") and name not in _DROPPED:
            found[name] = value
    return found


def frameworks_of(trigger: Trigger) -> dict[str, Cell]:
    """The annotations of a detection, whole and by framework. Raises nothing: what is no JSON object is none."""
    text = trigger.saved.text("action.correlationsearch.annotations")
    found = json_object(text)
    if not found:
        return {}
    fields: dict[str, Cell] = {"annotations": text}
    frameworks = {name: _texts(value) for name, value in found.items() if isinstance(value, list)}
    for name, values in frameworks.items():
        if values:
            fields[f"annotations.{name}"] = _cell(values)
    everything = list(dict.fromkeys(value for values in frameworks.values() for value in values))
    if everything:
        fields["annotations._all"] = _cell(everything)
        fields["annotations._frameworks"] = _cell([name for name, values in frameworks.items() if values])
    if frameworks.get("analytic_story"):
        fields["analyticstories"] = _cell(frameworks["analytic_story"])
    return fields


def json_object(text: str) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(text) if text.strip() else {}
    except msgspec.DecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _texts(values: list[Any]) -> list[str]:
    return [value if isinstance(value, str) else msgspec.json.encode(value).decode() for value in values]


def _cell(values: list[str]) -> Cell:
    return values if len(values) > 1 else values[0]


def stash_event(trigger: Trigger, index: str, fields: Mapping[str, Cell]) -> Event:
    """One event as summary indexing writes it: the epoch, the search, then ``name="value"`` pairs by name. The pairs
    are its fields, so that a value with quotes or commas in it is found again as it was."""
    pairs = [
        f'{name}="{_escaped(value)}"'
        for name, cell in sorted(fields.items(), key=lambda item: (item[0] != "search_name", item[0]))
        for value in ([cell] if isinstance(cell, str) else cell)
        if value != ""
    ]
    return Event(
        origin=Origin(index=index, host=trigger.instance.name, source=trigger.saved.name, sourcetype="stash"),
        raw=", ".join([f"{int(trigger.moment)}", *pairs]),
        time=trigger.moment,
        fields={name: cell for name, cell in fields.items() if cell not in ("", [])},
    )


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
