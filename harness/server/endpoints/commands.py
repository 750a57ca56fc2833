"""Search commands that apps bring as programs: none here."""

from __future__ import annotations

from harness.server.atom import Entry
from harness.server.call import Call
from harness.server.eai import Collection

commands = Collection("data/commands", "commandsconf")


@commands.entries
def listed(_: Call) -> list[Entry]:
    """Built-in commands are not listed (N3.35)."""
    return []
