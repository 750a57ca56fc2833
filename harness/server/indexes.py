"""The indexes of an instance: their settings, and the store behind them."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from harness.engine.store import Store, UnknownIndexError
from harness.server.accounts import typed
from harness.server.answers import Refusal, could_not_find
from harness.server.atom import Acl, Entry, Fields
from harness.server.capabilities import Json
from harness.server.data_dir import Memory
from harness.server.eai import check_arguments
from harness.server.shapes import shape

NAME_LENGTH: Final = 255
_ALLOWED: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_-")
_FIXED: Final = """
assureUTF8 defaultDatabase enableRealtimeSearch indexThreads isReady isVirtual lastInitSequenceNumber
maxBucketSizeCacheEntries maxRunningProcessGroups maxRunningProcessGroupsLowPriority memPoolMB serviceOnlyAsNeeded
serviceSubtaskTimingPeriod suppressBannerList sync
"""
"""Shown, but not settable."""
_PATHS: Final = ("coldPath", "homePath", "thawedPath", "summaryHomePath", "tstatsHomePath")
_DB: Final = "/opt/splunk/var/lib/splunk"


@dataclass(slots=True)
class Index:
    name: str
    settings: dict[str, Json] = field(default_factory=dict)
    disabled: bool = False
    created: float = 0.0
    rolled: bool = False
    """Its hot buckets were rolled, so that what is older than its period can be frozen."""

    @property
    def system(self) -> bool:
        """One that every Splunk has (M8.8)."""
        return self.name.startswith("_") or self.name in {"main", "summary", "history"}


def editable() -> list[str]:
    """Settings that an existing index takes."""
    return sorted(set(shape("index")) - set(_FIXED.split()) - {"datatype"})


def creatable() -> list[str]:
    """Settings that a new index takes (M8.6): paths and type can only be chosen then."""
    return sorted({*editable(), *_PATHS, "datatype", "datalake_type", "storage_tier"})


class Indexes:
    """Thread-safe. A name is an index here exactly when it is one of the store."""

    def __init__(self, store: Store, kept: Memory | None = None) -> None:
        self._lock = threading.RLock()
        self._store = store
        self._kept = kept if kept is not None else Memory()
        self._started = time.time()
        self._indexes: dict[str, Index] = {}
        for (name,), index in self._kept.items("index", _index_of):
            self._indexes[name] = index
            store.create_index(name, metric=index.settings.get("datatype") == "metric")

    def names(self) -> list[str]:
        return self._store.index_names()

    def get(self, name: str) -> Index:
        """404 if there is none (M8.13)."""
        if not self._store.has_index(name):
            raise could_not_find(name)
        with self._lock:
            return self._indexes.setdefault(name, Index(name, created=self._started))

    def all(self) -> list[Index]:
        """Those there are now, by name; others may remove one meanwhile."""
        with self._lock:
            return [self.get(name) for name in self.names()]

    def entries(self) -> list[Entry]:
        """Every index as an entity."""
        found = []
        for index in self.all():
            with suppress(UnknownIndexError):
                found.append(self.entry(index))
        return found

    def writable(self, name: str) -> bool:
        """Whether events can go there: it exists and is not disabled."""
        return self._store.has_index(name) and not self.get(name).disabled

    def create(self, name: str, settings: dict[str, str]) -> Index:
        check_arguments(settings, creatable())
        with self._lock:
            if self._store.has_index(name):
                raise Refusal(409, "ERROR", f"Index name={name} already exists.")
            _check_name(name)
            index = Index(name, typed(settings, shape("index")), created=time.time())
            self._keep(index)
            self._indexes[name] = index
            self._store.create_index(name, metric=settings.get("datatype") == "metric")
        return index

    def edit(self, name: str, settings: dict[str, str]) -> Index:
        index = self.get(name)
        check_arguments(settings, editable())
        with self._lock:
            index.settings.update(typed(settings, shape("index")))
            self._keep(index)
        return index

    def switch(self, name: str, *, on: bool) -> Index:
        index = self.get(name)
        with self._lock:
            index.disabled = not on
            self._keep(index)
        return index

    def remove(self, name: str) -> None:
        """The index and its events are gone at once (N8.2)."""
        index = self.get(name)
        if index.system:
            raise Refusal(400, "ERROR", f"Cannot remove the index {name}: it belongs to the system.")
        with self._lock:
            self._store.remove_index(name)
            self._kept.drop("index", (name,))
            self._indexes.pop(name, None)

    def roll(self, name: str) -> Index:
        """Roll the hot buckets."""
        index = self.get(name)
        with self._lock:
            index.rolled = True
            self._keep(index)
        self._freeze(index)
        return index

    def _freeze(self, index: Index) -> None:
        """An index whose newest event is older than the period that a client has set loses its events. Without such a
        period nothing is ever frozen here, old attack data least of all."""
        period = index.settings.get("frozenTimePeriodInSecs")
        if not index.rolled or not isinstance(period, int | float):
            return
        latest = self._store.facts(index.name).latest
        if latest is not None and latest >= time.time() - period:
            return
        if latest is not None:
            self._store.clear_index(index.name)
        with self._lock:
            index.rolled = False  # what comes now is in buckets of its own
            self._keep(index)

    def _keep(self, index: Index) -> None:
        self._kept.put("index", (index.name,), asdict(index))

    def entry(self, index: Index) -> Entry:
        """M8.1-M8.12."""
        links = ("alternate", "list", "_reload", "edit", "enable" if index.disabled else "disable")
        return Entry(
            name=index.name,
            content=self._content(index),
            acl=Acl(
                app="system" if index.system else "search",
                owner="nobody",
                sharing="system" if index.system else "app",
                removable=not index.system,
            ),
            links=links if index.system else (*links, "remove"),
            updated=index.created,
            fields=Fields(optional=editable()),
        )

    def _content(self, index: Index) -> dict[str, Json]:
        self._freeze(index)
        facts = self._store.facts(index.name)
        folder = {"main": "defaultdb", "_audit": "audit", "_internal": "_internaldb"}.get(index.name, index.name)
        found: dict[str, Json] = {
            **shape("index"),
            "coldPath": f"$SPLUNK_DB/{folder}/colddb",
            "homePath": f"$SPLUNK_DB/{folder}/db",
            "thawedPath": f"$SPLUNK_DB/{folder}/thaweddb",
            "tstatsHomePath": f"volume:_splunk_summaries/{folder}/datamodel_summary",
            "summaryHomePath": f"$SPLUNK_DB/{folder}/summary",
            **index.settings,
            "currentDBSizeMB": str(max(1, facts.size // 1_048_576)),  # a string (M8.1)
            "disabled": index.disabled,
            "eai:acl": None,
            "isInternal": index.name.startswith("_"),
            "lastInitTime": int(self._started),
            "maxTime": _moment(facts.latest),
            "minTime": _moment(facts.earliest),
            "totalEventCount": facts.event_count,
        }
        for path in _PATHS:
            shown = str(found[path]).replace("$SPLUNK_DB", _DB).replace("volume:_splunk_summaries", _DB)
            found[f"{path}_expanded"] = shown
        if "summaryHomePath" not in index.settings:
            del found["summaryHomePath"]
        return dict(sorted(found.items()))


def _index_of(value: Any) -> Index:
    return Index(**value)


def _moment(epoch: float | None) -> str:
    """An offset without a colon; nothing for an empty index (M8.4)."""
    return "" if epoch is None else datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%S%z")


def _check_name(name: str) -> None:
    if name[:1] in "_-" or not set(name) <= _ALLOWED or "kvstore" in name or len(name) > NAME_LENGTH:
        raise Refusal(
            400,
            "ERROR",
            f"Argument \"name\" is not valid: an index is named in lower-case letters, digits, '_' and '-', not "
            f"beginning with '_' or '-' and without the word kvstore: {name}",
        )
