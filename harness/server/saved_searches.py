"""Saved searches: how their stanzas read as settings, and what follows from these."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from harness.server.accounts import as_list, like
from harness.server.answers import Refusal
from harness.server.capabilities import Json
from harness.server.confs import Stanza
from harness.server.shapes import shape

FILE: Final = "savedsearches"

CONF_NAMES: Final[Mapping[str, str]] = {
    "is_scheduled": "enableSched",
    "alert_type": "counttype",
    "alert_comparator": "relation",
    "alert_threshold": "quantity",
}
"""Settings that REST calls otherwise than ``savedsearches.conf``."""
_REST_NAMES: Final = {conf: rest for rest, conf in CONF_NAMES.items()}

_WILDCARDS: Final = re.compile(r"(?:action|args|dispatch|display|alert|auto_summarize|durable|request|embed)\..+")
_MORE: Final = frozenset(
    (
        "search",
        "description",
        "actions",
        "next_scheduled_time",
        "schedule_as",
        "vsid",
        "disabled",
        "triggered_alert_count",
    )
)
_UNLISTED: Final = frozenset(("logevent", "lookup", "webhook"))
"""Alert actions of every Splunk whose switches a saved search shows only where they are set (M5.1)."""
_DURATION: Final = re.compile(r"(\d+)\s*([smhdwp]?)(?:ec|in|our|ay)?s?")
_UNITS: Final = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604_800}
_ACTION: Final = re.compile(r"action\.([A-Za-z0-9_]+)")

SCHEDULED_LINKS: Final = ("acknowledge", "notify", "reschedule", "scheduled_times", "suppress")
"""Further links of a search with a schedule (N5.2)."""
LINKS: Final = ("alternate", "list", "_reload", "edit", "remove", "move", "dispatch", "embed", "history")


@dataclass(frozen=True)
class SavedSearch:
    """A stanza of ``savedsearches.conf`` with every setting under the name that REST gives it."""

    stanza: Stanza

    @property
    def name(self) -> str:
        return self.stanza.name

    @cached_property
    def settings(self) -> dict[str, str]:
        return {_REST_NAMES.get(name, name): value for name, value in self.stanza.settings.items()}

    def text(self, name: str, default: str = "") -> str:
        """A setting as written, or its default."""
        value = self.settings.get(name)
        if value is not None:
            return value
        known = shape("saved_search").get(name)
        if isinstance(known, bool):
            return "1" if known else "0"
        return default if known is None else str(known)

    def flag(self, name: str) -> bool:
        return is_true(self.text(name))

    @property
    def search(self) -> str:
        return self.settings.get("search", "")

    @property
    def qualified(self) -> str:
        """The search with its ``search`` command; a leading pipe becomes a blank (M5.6, N5.1)."""
        text = self.search.lstrip()
        return f" {text[1:].lstrip()}" if text.startswith("|") else f"search {text}"

    @property
    def dispatched(self) -> str:
        """What runs: the pipe stays a pipe."""
        return self.search if self.search.lstrip().startswith("|") else self.qualified

    @property
    def scheduled(self) -> bool:
        """Runs by itself."""
        return self.flag("is_scheduled") and not self.flag("disabled") and bool(self.text("cron_schedule"))

    @property
    def actions(self) -> list[str]:
        """The alert actions that are switched on."""
        found = dict.fromkeys(as_list([self.settings.get("actions", "")]), True)
        for name, value in self.settings.items():
            action = _ACTION.fullmatch(name)
            if action is not None:
                found[action[1]] = is_true(value)
        return [action for action, on in found.items() if on]

    def content(self, actions: Iterable[str] = ()) -> dict[str, Json]:
        """Every setting, typed as the defaults show (M5.1-M5.6). Every one of ``actions``, the alert actions that the
        server knows, has a switch."""
        switches = {f"action.{action}": False for action in actions if action not in _UNLISTED}
        defaults = {**switches, **shape("saved_search")}
        found: dict[str, Json] = dict(defaults)
        for name, value in self.settings.items():
            found[name] = is_true(value) if _ACTION.fullmatch(name) else like(defaults.get(name), value)
        if self.text("alert.suppress"):
            found["alert.suppress"] = self.flag("alert.suppress")
        found |= {f"action.{action}": True for action in self.actions}
        found |= {
            "actions": ", ".join(self.actions),
            "eai:acl": None,
            "qualifiedSearch": self.qualified,
            "search": self.search,
        }
        return found

    def sid(self, user: str, moment: float, number: int, *, scheduled: bool) -> str:
        """``[scheduler__]user__owner__app__RMD5..._at_epoch_n`` (N3.3); a shared search has the owner nobody."""
        stanza = self.stanza
        digest = hashlib.md5(self.name.encode(), usedforsecurity=False).hexdigest()[16:]
        owner = stanza.owner if stanza.sharing == "user" else "nobody"
        lead = f"scheduler__{owner}" if scheduled else f"{user}__{owner}"
        return f"{lead}__{stanza.app}__RMD5{digest}_at_{int(moment)}_{number}"


def is_true(text: str) -> bool:
    return text.strip().lower() in {"1", "true", "t", "yes", "y"}


def check_settings(settings: Mapping[str, str]) -> None:
    """Refuse what a saved search does not take, and what cannot be read."""
    from harness.server.eai import unsupported_argument

    known = {*shape("saved_search"), *_MORE, *CONF_NAMES.values()}
    for name in sorted(settings):
        if name not in known and _WILDCARDS.fullmatch(name) is None:
            raise unsupported_argument(name)
    cron = settings.get("cron_schedule", "")
    if cron and not valid_cron(cron):
        raise Refusal(400, "ERROR", f'Invalid cron_schedule="{cron}"')


def valid_cron(text: str) -> bool:
    from datetime import UTC, datetime

    from cronsim import CronSim, CronSimError

    if len(text.split()) != 5:
        return False
    try:
        CronSim(text, datetime(2000, 1, 1, tzinfo=UTC))
    except CronSimError:
        return False
    return True


def to_conf(settings: Mapping[str, str]) -> dict[str, str]:
    """Settings under the names of the conf file. ``actions`` switches the actions on that it lists."""
    found = {CONF_NAMES.get(name, name): value for name, value in settings.items()}
    if "actions" in found:
        for action in as_list([found.pop("actions")]):
            found.setdefault(f"action.{action}", "1")
    return found


def seconds(text: str, *, period: float = 0) -> float | None:
    """``24h``, ``60``, ``2p`` (two periods of the schedule) in seconds; None for what is none of these."""
    found = _DURATION.fullmatch(text.strip().lower())
    if found is None:
        return None
    count, unit = int(found[1]), found[2]
    return count * period if unit == "p" else float(count * _UNITS[unit])
