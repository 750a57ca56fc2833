"""HTTP Event Collector tokens, as inputs of the management port, and the acknowledgements they hand out."""

from __future__ import annotations

import hmac
import threading
import time
import uuid
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from harness.server.accounts import as_list
from harness.server.answers import Refusal, could_not_find
from harness.server.capabilities import Json
from harness.server.data_dir import Memory
from harness.server.eai import unsupported_argument

MAX_CHANNELS: Final = 100_000
MAX_PENDING: Final = 1_000_000

_SETTINGS: Final = """
index indexes source sourcetype host description token disabled useACK allowQueryStringAuth connection_host outputgroup
queueSize persistentQueueSize _rcvbuf
"""
SETTINGS: Final = frozenset(_SETTINGS.split())
"""What a token may be given."""

PREFIX: Final = "http://"
GLOBAL: Final = "http"
"""The entry of the global settings (N6.10)."""


@dataclass(slots=True)
class HecToken:
    """``name`` is without ``http://``. An empty ``indexes`` allows any index (M6.19)."""

    name: str
    token: str
    index: str = "default"
    indexes: list[str] = field(default_factory=list)
    source: str = ""
    sourcetype: str = ""
    host: str = ""
    description: str = ""
    disabled: bool = False
    use_ack: bool = False
    query_auth: bool = False
    other: dict[str, Json] = field(default_factory=dict)
    created: float = field(default_factory=time.time)

    def apply(self, settings: dict[str, str]) -> None:
        """Change what is sent, or nothing at all if something of it is wrong."""
        unknown = sorted(set(settings) - SETTINGS)
        if unknown:
            raise unsupported_argument(unknown[0])
        if "indexes" in settings and not settings.get("index", self.index if self.index != "default" else ""):
            raise Refusal(400, "ERROR", "The indexes should be specified together with index.")  # M6.26
        for name in ("index", "source", "sourcetype", "host", "description", "token"):
            if name in settings:
                setattr(self, name, settings[name])
        if "indexes" in settings:
            self.indexes = as_list([settings["indexes"]])
        self.disabled = _flag(settings.get("disabled"), self.disabled)
        self.use_ack = _flag(settings.get("useACK"), self.use_ack)
        self.query_auth = _flag(settings.get("allowQueryStringAuth"), self.query_auth)


def _flag(text: str | None, default: bool) -> bool:
    return default if text is None else text.strip().lower() in {"1", "true", "t", "yes"}


class HecTokens:
    """By name. Thread-safe."""

    def __init__(self, kept: Memory | None = None) -> None:
        self._lock = threading.RLock()
        self._kept = kept if kept is not None else Memory()
        self._tokens = {key[0]: token for key, token in self._kept.items("hec token", _token_of)}
        self.disabled = bool(self._kept.items("hec disabled", bool))
        """The global switch."""

    def all(self) -> list[HecToken]:
        with self._lock:
            return sorted(self._tokens.values(), key=lambda token: token.name)

    def get(self, name: str) -> HecToken:
        """By ``X`` or ``http://X`` (N6.9); 404 without one."""
        with self._lock:
            token = self._tokens.get(name.removeprefix(PREFIX))
        if token is None:
            raise could_not_find(name)
        return token

    def create(self, name: str, settings: dict[str, str] | None = None) -> HecToken:
        """A token with a value of its own, unless ``settings`` name one."""
        name = name.removeprefix(PREFIX)
        token = HecToken(name, str(uuid.uuid4()))
        token.apply(settings or {})
        with self._lock:
            if name in self._tokens:
                raise Refusal(409, "ERROR", f"An object with name={PREFIX}{name} already exists")
            self.keep(token)
            self._tokens[name] = token
        return token

    def make(self, name: str, settings: dict[str, str]) -> HecToken:
        """The token of that name, made if there is none, with these settings."""
        with self._lock:
            token = self._tokens.get(name)
        if token is None:
            return self.create(name, settings)
        token.apply(settings)
        self.keep(token)
        return token

    def keep(self, token: HecToken) -> None:
        """A token has changed."""
        self._kept.put("hec token", (token.name,), asdict(token))

    def switch(self, *, on: bool) -> None:
        """All of them at once."""
        if on:
            self._kept.drop("hec disabled", ())
        else:
            self._kept.put("hec disabled", (), True)
        self.disabled = not on

    def remove(self, name: str) -> None:
        token = self.get(name)
        with self._lock:
            self._kept.drop("hec token", (token.name,))
            self._tokens.pop(token.name, None)

    def find(self, value: str) -> HecToken | None:
        """By its secret value, compared in constant time with every token."""
        found = None
        for token in self.all():
            if hmac.compare_digest(token.token.lower().encode(), value.lower().encode()):
                found = token
        return found


def _token_of(value: Any) -> HecToken:
    return HecToken(**value)


class Acknowledgements:
    """``ackId`` by channel, counting from 0 (M6.27). What is sent is indexed when it is answered, so that every id is
    true from the start; a status that was read as true is forgotten, as Splunk does. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._channels: OrderedDict[tuple[str, str], tuple[int, set[int]]] = OrderedDict()

    def issue(self, token: str, channel: str) -> int:
        with self._lock:
            number, waiting = self._channels.pop((token, channel), (0, set()))
            if len(waiting) < MAX_PENDING:
                waiting.add(number)
            self._channels[token, channel] = (number + 1, waiting)
            if len(self._channels) > MAX_CHANNELS:
                self._channels.popitem(last=False)
            return number

    def ask(self, token: str, channel: str, numbers: Iterable[int]) -> dict[str, bool]:
        """Asked on another channel an id is not known (N6.5)."""
        with self._lock:
            _, waiting = self._channels.get((token, channel), (0, set()))
            found = {str(number): number in waiting for number in numbers}
            waiting.difference_update(int(number) for number, known in found.items() if known)
            return found
