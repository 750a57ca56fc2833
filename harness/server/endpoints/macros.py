"""Search macros."""

from __future__ import annotations

from harness.server.capabilities import Json
from harness.server.confs import Stanza
from harness.server.knowledge_objects import StanzaCollection

SETTINGS = frozenset(("definition", "args", "errormsg", "iseval", "validation", "description"))


def content(stanza: Stanza) -> dict[str, Json]:
    """Only what is set, apart from the definition (M8.31)."""
    return {"definition": "", **{name: value for name, value in stanza.settings.items() if name in SETTINGS}}


for path in ("admin/macros", "data/macros"):
    StanzaCollection(
        path,
        "macros",
        capability=None,
        file="macros",
        content=content,
        settings=SETTINGS - {"definition"},
        required=("definition",),
    ).serve()
