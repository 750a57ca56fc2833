"""Event types."""

from __future__ import annotations

from harness.server.capabilities import Json
from harness.server.confs import Stanza
from harness.server.knowledge_objects import StanzaCollection


def content(stanza: Stanza) -> dict[str, Json]:
    """Settings with their defaults."""
    settings = stanza.settings
    return {
        "color": settings.get("color", "none"),
        "description": settings.get("description", ""),
        "priority": settings.get("priority", "1"),
        "search": settings.get("search", ""),
        "tags": settings.get("tags", ""),
    }


eventtypes = StanzaCollection(
    "saved/eventtypes",
    "eventtypes",
    capability=None,
    file="eventtypes",
    content=content,
    settings=frozenset(("color", "description", "priority", "tags")),
    required=("search",),
).serve()
