"""Credentials that clients have stored, in memory."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field


@dataclass(slots=True)
class StoredPassword:
    realm: str
    username: str
    password: str = field(repr=False)
    owner: str
    app: str

    @property
    def name(self) -> str:
        """``realm:user:``, with a backslash before a colon or backslash inside (N8.37)."""
        return f"{_escaped(self.realm)}:{_escaped(self.username)}:"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace(":", "\\:")


class Passwords:
    """By name. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._passwords: dict[str, StoredPassword] = {}

    def all(self) -> list[StoredPassword]:
        with self._lock:
            return sorted(self._passwords.values(), key=lambda stored: stored.name)

    def get(self, name: str) -> StoredPassword | None:
        """By its name, with or without the colon at its end (N8.39)."""
        with self._lock:
            return self._passwords.get(name) or self._passwords.get(f"{name}:")

    def add(self, stored: StoredPassword) -> bool:
        """False if there is one of that name."""
        with self._lock:
            return self._passwords.setdefault(stored.name, stored) is stored

    def remove(self, name: str) -> bool:
        stored = self.get(name)
        with self._lock:
            return stored is not None and self._passwords.pop(stored.name, None) is not None
