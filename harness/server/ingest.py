"""The way of data into the store: through index-time knowledge, or past it for events that are events already."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.engine.store import UnknownIndexError
from harness.server.messages import Bulletin
from harness.values.frame import Frame, concatenate_frames

if TYPE_CHECKING:
    from harness.server.instance import SplunkInstance


@dataclass(frozen=True, slots=True)
class Origin:
    """Where data comes from and goes to."""

    index: str
    host: str
    source: str
    sourcetype: str


@dataclass(frozen=True, slots=True)
class Event:
    """One ready-made event. ``time`` is epoch seconds, None if the event has none of its own."""

    origin: Origin
    raw: str
    time: float | None = None
    find_time: bool = False
    """Without a time, look for one in the text."""
    fields: Mapping[str, str | list[str]] = field(default_factory=dict)


class Ingest:
    """Everything is in the store when a method returns. Thread-safe."""

    def __init__(self, instance: SplunkInstance) -> None:
        self._instance = instance
        self._lock = threading.Lock()
        self._missing: set[str] = set()

    def raw(self, data: bytes, origin: Origin, *, time: float | None = None) -> int:
        """Break data into events by the rules of its source type. Gives how many events it was."""
        from harness.knowledge.knowledge import Metadata

        metadata = Metadata(host=origin.host, source=origin.source, sourcetype=origin.sourcetype, index=origin.index)
        now = self._instance.clock.now() if time is None else time
        indexed = self._instance.knowledge.index_time(data, metadata, now)
        return self._store(indexed.frame, origin)

    def events(self, events: Sequence[Event]) -> int:
        """Take events as they are, apart from the fields that index time gives them."""
        from harness.knowledge.knowledge import Metadata

        knowledge, now = self._instance.knowledge, self._instance.clock.now()
        frames: dict[str, list[Frame]] = {}
        origins: dict[str, Origin] = {}
        for event in events:
            origin = event.origin
            metadata = Metadata(
                host=origin.host, source=origin.source, sourcetype=origin.sourcetype, index=origin.index
            )
            indexed = knowledge.index_event(
                event.raw, metadata, now, time=event.time, fields=event.fields, find_time=event.find_time
            )
            frames.setdefault(origin.index, []).append(indexed.frame)
            origins.setdefault(origin.index, origin)
        return sum(self._store(concatenate_frames(parts), origins[index]) for index, parts in frames.items())

    def frame(self, index: str, frame: Frame) -> int:
        """Rows that are events already, as a search writes them."""
        return self._store(frame, Origin(index, "", "", ""))

    def _store(self, frame: Frame, origin: Origin) -> int:
        try:
            if not self._instance.indexes.writable(origin.index):
                raise UnknownIndexError(origin.index)
            self._instance.store.append(origin.index, frame)
        except UnknownIndexError:
            self._missed(origin)
            return 0
        return frame.length

    def _missed(self, origin: Origin) -> None:
        """Events for an index that is not there are dropped, and a bulletin says so."""
        with self._lock:
            self._missing.add(origin.index)
            count = len(self._missing)
        text = (
            f"Received event for unconfigured/disabled/deleted index={origin.index} with "
            f'source="source::{origin.source}" host="host::{origin.host}" '
            f'sourcetype="sourcetype::{origin.sourcetype}". '
            f"So far received events from {count} missing index(es)."
        )
        self._instance.bulletins.add(Bulletin(f"missing_index_{origin.index}", text, "warn", self._instance.wall()))
