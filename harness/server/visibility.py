"""Which indexes the searches of a user reach: those that the user's roles allow, and none that is disabled."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from harness.engine.store import Store, index_matches


@dataclass(frozen=True, slots=True)
class Reach:
    """Patterns of ``srchIndexesAllowed`` and ``srchIndexesDisallowed`` over all roles, and the disabled indexes."""

    allowed: tuple[str, ...] = ("*", "_*")
    disallowed: tuple[str, ...] = ()

    @property
    def everything(self) -> bool:
        return {"*", "_*"} <= set(self.allowed) and not self.disallowed

    def holds(self, name: str) -> bool:
        return any(index_matches(pattern, name) for pattern in self.allowed) and not any(
            index_matches(pattern, name) for pattern in self.disallowed
        )


class VisibleStore(Store):
    """The same store, events and all, in which only some indexes are to be found (N3.7)."""

    __slots__ = ("_reach",)

    def __init__(self, store: Store, reach: Reach) -> None:
        self.__dict__ = store.__dict__
        self._reach = reach

    def select_indexes(self, patterns: Iterable[str], *, metric: bool = False) -> list[str]:
        return [name for name in super().select_indexes(patterns, metric=metric) if self._reach.holds(name)]
