"""Sessions and credentials: login and its cookie, ``Splunk <key>``, ``Basic`` and ``Bearer``."""

from __future__ import annotations

import base64
import binascii
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from http.cookies import CookieError, SimpleCookie

from harness.server.accounts import Accounts, User
from harness.server.answers import Refusal

SESSION_SECONDS = 3600
"""Idle time after which a session ends: ``sessionTimeout`` is 1h (M1.17)."""


@dataclass(slots=True)
class Session:
    key: str
    user: str
    accessed: float


class Sessions:
    """Session keys, in memory. Thread-safe."""

    def __init__(self, seconds: float = SESSION_SECONDS, now: Callable[[], float] = time.time) -> None:
        self._lock = threading.Lock()
        self._sessions: dict[str, Session] = {}
        self._seconds = seconds
        self._now = now

    def create(self, user: User) -> str:
        key = secrets.token_urlsafe(48)
        with self._lock:
            self._drop_idle()
            self._sessions[key] = Session(key, user.name, self._now())
        return key

    def use(self, key: str) -> str | None:
        """The user of a session that is alive; using it keeps it so."""
        with self._lock:
            session = self._sessions.get(key)
            if session is None:
                return None
            if self._now() - session.accessed > self._seconds:
                del self._sessions[key]
                return None
            session.accessed = self._now()
            return session.user

    def end(self, key: str) -> bool:
        with self._lock:
            return self._sessions.pop(key, None) is not None

    def all(self) -> list[Session]:
        with self._lock:
            self._drop_idle()
            return sorted(self._sessions.values(), key=lambda session: session.key)

    def _drop_idle(self) -> None:
        limit = self._now() - self._seconds
        for key in [key for key, session in self._sessions.items() if session.accessed < limit]:
            del self._sessions[key]


@dataclass(frozen=True, slots=True)
class Identity:
    """``session`` is the session key that was used, None for a password or token. A ``cookie`` that was sent is to be
    set again, as it lives from its last use."""

    user: User
    session: str | None = None
    cookie: bool = False


def unauthorized() -> Refusal:
    """No, or wrong, Basic credentials (M1.2, M1.3, M1.12)."""
    return Refusal(
        401,
        "ERROR",
        "Unauthorized",
        no_store=False,
        headers={"WWW-Authenticate": 'Basic realm="/splunk"', "Vary": "Cookie, Authorization"},
    )


def not_authenticated() -> Refusal:
    """A session key or token that is not known: no challenge (M1.5, M1.6), and ``Vary`` lacks the cookie (M1.14)."""
    return Refusal(401, "WARN", "call not properly authenticated", no_store=False, headers={"Vary": "Authorization"})


class Gate:
    """Decides who a request comes from. ``token_user`` resolves authentication tokens."""

    def __init__(
        self, accounts: Accounts, sessions: Sessions, token_user: Callable[[str], str | None], cookie: str
    ) -> None:
        self._accounts = accounts
        self._sessions = sessions
        self._token_user = token_user
        self.cookie = cookie
        """Name of the cookie that carries a session key: ``splunkd_<port>`` (N1.7)."""

    def set_cookie(self, key: str, *, secure: bool) -> str:
        """The header that sets the session cookie."""
        mark = "; Secure" if secure else ""
        return f"{self.cookie}={key}; Path=/{mark}; HttpOnly; Max-Age={SESSION_SECONDS}"

    def identify(self, headers: Mapping[str, str]) -> Identity:
        """The user behind a request. Raises :class:`Refusal` (401)."""
        authorization = headers.get("authorization")
        if authorization is None:
            return self._by_cookie(headers.get("cookie", ""))
        scheme, _, value = authorization.strip().partition(" ")
        kind, value = scheme.lower(), value.strip()
        if kind == "basic":
            return self._by_password(value)
        if kind in {"splunk", "bearer"}:
            return self._by_key(value)
        raise unauthorized()

    def _by_cookie(self, header: str) -> Identity:
        try:
            morsel = SimpleCookie(header).get(self.cookie)
        except CookieError:
            morsel = None
        if morsel is None:
            raise unauthorized()
        return replace(self._by_key(morsel.value), cookie=True)

    def _by_password(self, value: str) -> Identity:
        try:
            name, colon, password = base64.b64decode(value, validate=True).decode("utf-8").partition(":")
        except (binascii.Error, UnicodeDecodeError):
            raise unauthorized() from None
        user = self._accounts.check(name, password) if colon else None
        if user is None:
            raise unauthorized()
        return Identity(user)

    def _by_key(self, key: str) -> Identity:
        name = self._sessions.use(key)
        session = key if name is not None else None
        if name is None:
            name = self._token_user(key)
        user = self._accounts.user(name) if name is not None else None
        if user is None:
            raise not_authenticated()
        return Identity(user, session)
