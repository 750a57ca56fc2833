"""The time range of a search."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Window:
    """A time range as the jobs endpoint takes it. None: no bound; no ``now``: seen from today."""

    earliest: str | None = None
    latest: str | None = None
    now: str | None = None

    @property
    def parameters(self) -> dict[str, str]:
        """What the jobs endpoint is told besides the two ends."""
        return {} if self.now is None else {"now": self.now}
