"""The settings that entities of a kind have and their defaults, as a stock instance serves them.

``shapes/*.json`` hold them as JSON shows them, so that a default also tells the type of a setting (M8.5).
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import msgspec

from harness.server.capabilities import Json


@cache
def shape(name: str) -> dict[str, Json]:
    """The default settings of one kind. Copy before changing."""
    data = (files(__package__) / "shapes" / f"{name}.json").read_bytes()
    found: dict[str, Json] = msgspec.json.decode(data)
    return found
