"""The channels of splunkd's own log, and how much each of them says."""

from __future__ import annotations

from typing import Final

from harness.server.answers import Refusal, could_not_find
from harness.server.atom import Acl, Entry, Fields
from harness.server.call import Call
from harness.server.eai import Collection, check_arguments

CHANNELS: Final = (
    "AuditLogger", "AuthenticationManager", "DateParserVerbose", "DispatchManager", "HttpInputDataHandler",
    "HttpListener", "IndexProcessor", "KVStorage", "LineBreakingProcessor", "SavedSplunker", "SearchParser",
)  # fmt: skip
LEVELS: Final = ("DEBUG", "INFO", "WARN", "ERROR", "CRIT", "FATAL")

loggers = Collection("server/logger", "logger", links=("_reload",), capability="edit_server")


@loggers.entries
def listed(call: Call) -> list[Entry]:
    """Channels of splunkd that have a counterpart here. This server writes no log of its own."""
    return [_entry(call, name) for name in CHANNELS]


@loggers.editor
def edit(call: Call, name: str, settings: dict[str, str]) -> Entry:
    """Shown only: ``level`` is kept."""
    if name not in CHANNELS:
        raise could_not_find(name)
    check_arguments(settings, ("level",))
    level = settings.get("level", "")
    if level not in LEVELS:
        raise Refusal(400, "ERROR", f'Argument "level" is not valid: "{level}" is none of {", ".join(LEVELS)}.')
    call.instance.log_levels[name] = level
    return _entry(call, name)


def _entry(call: Call, name: str) -> Entry:
    return Entry(
        name=name,
        content={"eai:acl": None, "level": call.instance.log_levels.get(name, "INFO")},
        acl=Acl(app="system", owner="nobody", read=None, write=None),
        links=("alternate", "list", "edit"),
        fields=Fields(required=["level"]),
    )
