"""Bulletin messages."""

from __future__ import annotations

from datetime import UTC, datetime

from harness.server.answers import Refusal, could_not_find
from harness.server.atom import Acl, Entry
from harness.server.call import Call
from harness.server.eai import Collection, check_arguments
from harness.server.messages import Bulletin

messages = Collection("messages", "messages", links=("create",), capability="edit_messages")


@messages.entries
def listed(call: Call) -> list[Entry]:
    """The text stands under ``message`` and under the message's own name (N8.17)."""
    return [_entry(bulletin) for bulletin in call.instance.bulletins.all()]


@messages.creator
def create(call: Call, name: str, settings: dict[str, str]) -> Entry:
    """``name``, ``value`` and a ``severity`` of info, warn or error."""
    check_arguments(settings, ("value", "severity", "capability", "role", "help"))
    if not settings.get("value"):
        raise Refusal(400, "ERROR", "The following required arguments are missing: value.")
    bulletin = Bulletin(name, settings["value"], settings.get("severity", "info"), call.instance.wall())
    call.instance.bulletins.add(bulletin)
    return _entry(bulletin)


@messages.remover
def remove(call: Call, name: str) -> None:
    """404 for an unknown one (N8.17)."""
    if not call.instance.bulletins.remove(name):
        raise could_not_find(name)


def _entry(bulletin: Bulletin) -> Entry:
    return Entry(
        name=bulletin.name,
        content={
            bulletin.name: bulletin.text,
            "eai:acl": None,
            "message": bulletin.text,
            "severity": bulletin.severity,
            "timeCreated_epochSecs": int(bulletin.created),
            "timeCreated_iso": datetime.fromtimestamp(bulletin.created, UTC).isoformat(timespec="seconds"),
        },
        acl=Acl(removable=True),
        links=("alternate", "list", "remove"),
        updated=bulletin.created,
    )
