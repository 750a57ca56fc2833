"""``rare``: the least frequent values, the rarest first. Follows "rare" in the Search Reference and M4.96."""

from __future__ import annotations

from dataclasses import dataclass

from harness.engine.commands.top import Top


@dataclass(frozen=True, slots=True)
class Rare(Top):
    names = ("rare",)
    rarest = True
