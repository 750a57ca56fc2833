"""What an expression may ask of its surroundings."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, tzinfo

from harness.values.column import Value

LookupFunction = Callable[[str, Mapping[str, str], Sequence[str]], Mapping[str, Value] | None]
"""For eval's ``lookup()``: in the lookup of that name, the wanted fields of the rows that match the inputs, several
values as a multivalue; None if no row matches."""


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
