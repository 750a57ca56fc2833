"""Alerts that have triggered."""

from __future__ import annotations

import time
from collections import Counter

from harness.server.alerts import FiredAlert
from harness.server.answers import Refusal
from harness.server.atom import Acl, Entry
from harness.server.call import Call
from harness.server.eai import Collection
from harness.server.saved_searches import FILE

fired = Collection("alerts/fired_alerts", "alerts", links=(), capability=None)


@fired.entries
def groups(call: Call) -> list[Entry]:
    """One entry per saved search that has fired, and ``-`` for all of them (N5.13)."""
    alerts = call.instance.alerts.fired(call.instance.clock.now())
    counts = Counter(alert.saved_search for alert in alerts)
    apps = {alert.saved_search: alert.app for alert in alerts}
    everything = [_group("-", len(alerts), "search")] if alerts else []
    return [*everything, *(_group(name, count, apps[name]) for name, count in sorted(counts.items()))]


def _group(name: str, count: int, app: str) -> Entry:
    return Entry(
        name=name,
        content={"eai:acl": None, "triggered_alert_count": count},
        acl=Acl(app=app, owner="nobody", sharing="app"),
        links=("alternate", "list"),
    )


def one_search(call: Call, name: str) -> list[Entry]:
    """Every firing of one saved search; none for one that never fired (N5.14), 404 for an unknown one (M5.12)."""
    alerts = call.instance.alerts.fired(call.instance.clock.now())
    found = [alert for alert in alerts if name in {"-", alert.saved_search, alert.name}]
    if not found and call.instance.confs.find(FILE, name, call.namespace, call.viewer) is None and name != "-":
        raise Refusal(404, "ERROR", f'Could not find alert savedsearch_id="{call.owner};{call.app};{name}"')
    return [_entry(alert) for alert in found]


fired.alone_function = one_search


@fired.remover
def remove(call: Call, name: str) -> None:
    """One firing by its own name; a whole search cannot be forgotten (N5.15)."""
    alerts = {alert.name: alert for alert in call.instance.alerts.fired(call.instance.clock.now())}
    if name not in alerts or alerts[name].manual:
        raise Refusal(400, "ERROR", f"Could not remove the alert {name}.")
    call.instance.alerts.forget(name)


def _entry(alert: FiredAlert) -> Entry:
    return Entry(
        name=alert.name,
        content={
            "actions": alert.actions,
            "alert_type": alert.alert_type,
            "digest_mode": alert.digest,
            "eai:acl": None,
            "expiration_time_rendered": _rendered(alert.expires),
            "savedsearch_name": alert.saved_search,
            "severity": alert.severity,
            "sid": alert.sid,
            "trigger_time": int(alert.moment),
            "trigger_time_rendered": _rendered(alert.moment),
            "triggered_alerts": 1,
        },
        acl=Acl(app=alert.app, owner=alert.owner, sharing="app", removable=not alert.manual),
        links=("alternate", "list", "remove", "job", "savedsearch"),
        updated=alert.moment,
    )


def _rendered(moment: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(moment))
