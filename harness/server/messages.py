"""Bulletin messages: what a Splunk shows to everybody who logs in."""

from __future__ import annotations

import threading
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bulletin:
    name: str
    text: str
    severity: str
    created: float


class Bulletins:
    """By name. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._bulletins: dict[str, Bulletin] = {}

    def add(self, bulletin: Bulletin) -> None:
        with self._lock:
            self._bulletins[bulletin.name] = bulletin

    def remove(self, name: str) -> bool:
        with self._lock:
            return self._bulletins.pop(name, None) is not None

    def all(self) -> list[Bulletin]:
        with self._lock:
            return sorted(self._bulletins.values(), key=lambda bulletin: bulletin.name)
