"""Authentication tokens: what a client sends as ``Bearer`` instead of logging in."""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC

from harness.server.answers import Refusal
from harness.spl.time import InvalidTimeError, resolve_time


@dataclass(slots=True)
class Token:
    """``expires`` is epoch seconds, 0 for never."""

    id: str
    user: str
    audience: str
    digest: str
    created: float
    expires: float
    status: str = "enabled"


class Tokens:
    """Kept by their digest, so that no value can be read back. Thread-safe."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._lock = threading.Lock()
        self._tokens: dict[str, Token] = {}
        self._now = now

    def create(self, user: str, audience: str, expires_on: str) -> tuple[Token, str]:
        """A token and its value."""
        try:
            expires = resolve_time(expires_on, self._now(), UTC) if expires_on else 0.0
        except InvalidTimeError as error:
            raise Refusal(400, "ERROR", f"Invalid expires_on: {expires_on}") from error
        value = secrets.token_urlsafe(48)
        token = Token(secrets.token_hex(32), user, audience, _digest(value), self._now(), expires)
        with self._lock:
            self._tokens[token.id] = token
        return token, value

    def all(self) -> list[Token]:
        with self._lock:
            return sorted(self._tokens.values(), key=lambda token: token.created)

    def get(self, identifier: str) -> Token | None:
        with self._lock:
            return self._tokens.get(identifier)

    def remove(self, identifier: str) -> None:
        with self._lock:
            self._tokens.pop(identifier, None)

    def user_of(self, value: str) -> str | None:
        """The user that a value stands for, if its token is enabled and has not expired."""
        digest = _digest(value)
        with self._lock:
            for token in self._tokens.values():
                if secrets.compare_digest(token.digest, digest):
                    alive = token.status == "enabled" and (not token.expires or token.expires > self._now())
                    return token.user if alive else None
        return None


def _digest(value: str) -> str:
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()
