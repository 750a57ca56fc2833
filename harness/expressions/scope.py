"""What an expression may ask of its surroundings."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo

from harness.values.column import Value

LookupFunction = Callable[[str, Mapping[str, Value]], Mapping[str, Value] | None]
"""Finds the first row of a named lookup that matches the inputs, for eval's ``lookup()``."""


@dataclass(frozen=True, slots=True)
class Scope:
    """``now`` is the moment the search was dispatched, in epoch seconds. ``command`` is the command that asks, and
    ``text`` the whole search, for messages and the place they underline."""

    now: float
    timezone: tzinfo = UTC
    command: str = "eval"
    text: str = ""
    random: random.Random = field(default_factory=random.Random)
    lookup: LookupFunction | None = None

    @property
    def subject(self) -> str:
        """Who complains: ``'EvalCommand'``, or ``'where' command``."""
        return "'EvalCommand'" if self.command == "eval" else f"'{self.command}' command"
