"""A detection as a saved search: installed over REST for a test, or as the stanza that a content pack's app has."""

from __future__ import annotations

import json
from collections.abc import Iterable

from harness.client.rest import SplunkClient
from harness.runner.schedule import Schedule
from harness.runner.subject import Alert, Subject

_CONF_NAMES = {
    "is_scheduled": "enableSched",
    "alert_type": "counttype",
    "alert_comparator": "relation",
    "alert_threshold": "quantity",
}
"""Settings that ``savedsearches.conf`` calls otherwise than REST."""


def install(client: SplunkClient, name: str, subject: Subject, schedule: Schedule) -> None:
    """Create the saved search with its default configuration, switched on: packs ship it switched off."""
    settings = _settings(subject, schedule) | {"disabled": "0"}
    with client.service() as service:
        service.saved_searches.create(name, subject.search, **settings)


def stanzas(subjects: Iterable[Subject]) -> dict[str, dict[str, str]]:
    """The stanzas of ``savedsearches.conf``, all switched off."""
    return {
        subject.saved_search.name: {
            "search": subject.search,
            "disabled": "1",
            **{_CONF_NAMES.get(key, key): value for key, value in _settings(subject).items() if key != "actions"},
        }
        for subject in subjects
    }


def _settings(subject: Subject, schedule: Schedule | None = None) -> dict[str, str]:
    return {
        **default_settings(schedule or subject.saved_search.schedule),
        **alert_settings(subject.alert),
        **subject.saved_search.settings,
    }


def default_settings(schedule: Schedule) -> dict[str, str]:
    return {
        "is_scheduled": "1",
        "cron_schedule": schedule.cron,
        "dispatch.earliest_time": schedule.earliest,
        "dispatch.latest_time": schedule.latest,
        "schedule_window": schedule.window,
        "allow_skew": schedule.skew,
        "realtime_schedule": "0",
        "is_visible": "0",
        "alert_type": "number of events",
        "alert_comparator": "greater than",
        "alert_threshold": "0",
        "alert.digest_mode": "1",
        "alert.track": "0",
    }


def alert_settings(alert: Alert) -> dict[str, str]:
    """The actions that make risk events and notables."""
    actions = [name for name, wanted in (("risk", alert.risk), ("notable", alert.notable)) if wanted]
    settings = {"actions": ", ".join(actions)}
    settings |= {f"action.{name}": "1" for name in actions}
    if alert.risk:
        risk: list[dict[str, object]] = [
            {
                "risk_object_field": item.field,
                "risk_object_type": item.type,
                "risk_score": item.score,
                **({"risk_message": item.message} if item.message else {}),
            }
            for item in alert.risk_objects
        ]
        risk += [{"threat_object_field": item.field, "threat_object_type": item.type} for item in alert.threat_objects]
        settings |= {
            "action.risk.param._risk": json.dumps(risk),
            "action.risk.param._risk_message": alert.message,
            "action.risk.param._risk_score": "0",
            "action.risk.param.verbose": "0",
        }
    return settings
