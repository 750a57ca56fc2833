"""Users and roles of an instance: who exists, with which password, and what the roles together allow."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from harness.server.capabilities import ROLES, Json

OF_EVERY_ROLE: Final = frozenset(
    ("edit_own_objects", "list_all_objects", "run_collect", "run_mcollect", "schedule_rtsearch")
)
"""Capabilities that every role inherits from the ``[default]`` stanza (N1.15)."""


@dataclass(slots=True)
class Role:
    """``settings`` are the role's own, typed as JSON shows them; quotas and indexes come down from ``imported`` too."""

    name: str
    imported: list[str] = field(default_factory=list)
    capabilities: set[str] = field(default_factory=set)
    settings: dict[str, Json] = field(default_factory=dict)
    built_in: bool = False


@dataclass(slots=True)
class User:
    name: str
    roles: list[str]
    password: Secret
    settings: dict[str, Json] = field(default_factory=dict)
    last_login: float = 0
    built_in: bool = False


@dataclass(frozen=True, slots=True)
class Secret:
    """A password kept as a salted digest, compared in constant time.

    It lives no longer than the process, so a fast digest does: nothing is ever written that could be attacked.
    """

    salt: bytes
    digest: bytes

    @classmethod
    def of(cls, password: str) -> Secret:
        salt = secrets.token_bytes(16)
        return cls(salt, _digest(salt, password))

    def matches(self, password: str) -> bool:
        return hmac.compare_digest(self.digest, _digest(self.salt, password))


def _digest(salt: bytes, password: str) -> bytes:
    return hashlib.blake2b(password.encode("utf-8", "surrogatepass"), salt=salt).digest()


_NOBODY = Secret.of(secrets.token_hex(16))
"""Compared with when there is no such user, so that a guess takes as long as for one that exists."""


class Accounts:
    """Thread-safe. User names are folded to lower case (N1.11)."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._users: dict[str, User] = {}
        self._roles = {
            name: Role(name, list(role.imported), set(role.capabilities), dict(role.settings), built_in=True)
            for name, role in ROLES.items()
        }

    # --- users

    def add_user(self, name: str, password: str, roles: Iterable[str], *, built_in: bool = False) -> User:
        user = User(name.lower(), list(roles), Secret.of(password), built_in=built_in)
        with self._lock:
            self._users[user.name] = user
        return user

    def user(self, name: str) -> User | None:
        with self._lock:
            return self._users.get(name.lower())

    def users(self) -> list[User]:
        with self._lock:
            return sorted(self._users.values(), key=lambda user: user.name)

    def remove_user(self, name: str) -> None:
        with self._lock:
            self._users.pop(name.lower(), None)

    def check(self, name: str, password: str) -> User | None:
        """The user, if the password is right."""
        user = self.user(name)
        right = (_NOBODY if user is None else user.password).matches(password)
        return user if right else None

    # --- roles

    def role(self, name: str) -> Role | None:
        with self._lock:
            return self._roles.get(name)

    def roles(self) -> list[Role]:
        with self._lock:
            return sorted(self._roles.values(), key=lambda role: role.name)

    def add_role(self, name: str) -> Role:
        with self._lock:
            return self._roles.setdefault(name, Role(name))

    def remove_role(self, name: str) -> None:
        with self._lock:
            self._roles.pop(name, None)

    def lineage(self, names: Iterable[str]) -> Iterator[Role]:
        """The named roles and all that they import, each once. A role that imports itself does no harm."""
        waiting, seen = list(names), set[str]()
        while waiting:
            name = waiting.pop(0)
            role = self.role(name)
            if role is None or name in seen:
                continue
            seen.add(name)
            yield role
            waiting += role.imported

    def capabilities(self, user: User) -> list[str]:
        """The effective set, imported roles included (N1.8)."""
        return sorted({*OF_EVERY_ROLE, *(name for role in self.lineage(user.roles) for name in role.capabilities)})

    def may(self, user: User, capability: str) -> bool:
        return capability in OF_EVERY_ROLE or any(capability in role.capabilities for role in self.lineage(user.roles))

    def filtered(self, user: User) -> bool:
        """Whether a role lets the user see only some events (``srchFilter``)."""
        return any(role.settings.get("srchFilter", "") not in ("", "*") for role in self.lineage(user.roles))

    def listed(self, user: User, setting: str) -> tuple[str, ...]:
        """The union of a list setting (``srchIndexesDefault``) over the user's roles, in order of first mention."""
        found: dict[str, None] = {}
        for role in self.lineage(user.roles):
            values = role.settings.get(setting)
            if isinstance(values, list):
                found.update(dict.fromkeys(map(str, values)))
        return tuple(found)


def as_list(values: Iterable[str]) -> list[str]:
    """A list setting as clients send it: repeated, or in one argument separated by ``;`` or ``,``."""
    parts = (part.strip() for value in values for part in value.replace(";", ",").split(","))
    return list(dict.fromkeys(part for part in parts if part))


def typed(settings: Mapping[str, str], shape: Mapping[str, Json]) -> dict[str, Json]:
    """Text settings with the types that ``shape`` shows for them (M8.5)."""
    return {name: like(shape.get(name), value) for name, value in settings.items()}


def like(example: Json, text: str) -> Json:
    """``text`` as a value of the same kind as ``example``; text if it is not such a value."""
    if isinstance(example, bool):
        return text.strip().lower() in {"1", "true", "t", "yes", "y"}
    if isinstance(example, int | float):
        try:
            return int(text)
        except ValueError:
            try:
                return float(text)
            except ValueError:
                return text
    return text
