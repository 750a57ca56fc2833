"""The ``notable`` action of Enterprise Security: one notable event per row."""

from __future__ import annotations

from typing import Final

from harness.server.alert_actions import Cell, Trigger
from harness.server.alert_actions._stash import copied, fill, frameworks_of, provenance, stash_event

INDEX: Final = "notable"
PARAMETER: Final = "action.notable.param."
_FILLED: Final = ("rule_title", "rule_description", "drilldown_name", "drilldown_search")
_PLAIN: Final = (
    "security_domain",
    "severity",
    "nes_fields",
    "drilldown_searches",
    "next_steps",
    "recommended_actions",
    "default_owner",
    "default_status",
)


def run(trigger: Trigger) -> None:
    """Write the notables of all rows into the index ``notable``. Titles are filled from the row; the template stays
    beside it as ``orig_rule_title``."""
    saved = trigger.saved
    label = saved.text("action.correlationsearch.label") or saved.name
    shared = frameworks_of(trigger)
    plain = {name: saved.text(PARAMETER + name) for name in _PLAIN}
    templates = {name: saved.text(PARAMETER + name) for name in _FILLED}
    events = []
    for rid, row in trigger.rows:
        fields: dict[str, Cell] = {
            **copied(row),
            **provenance(trigger, rid, "notable"),
            **plain,
            **{name: fill(template, row) for name, template in templates.items()},
            "rule_name": label,
            "orig_rule_title": templates["rule_title"],
            "orig_rule_description": templates["rule_description"],
            **shared,
        }
        events.append(stash_event(trigger, INDEX, fields))
    trigger.instance.ingest.events(events)
