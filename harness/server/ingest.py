"""The way of data into the store: through index-time knowledge, or past it for events that are events already."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from harness.engine.store import UnknownIndexError
from harness.server.messages import Bulletin
from harness.values.frame import Frame, concatenate_frames

if TYPE_CHECKING:
    from harness.knowledge.index_time import Indexed
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


MAX_WARNINGS: Final = 200
"""Different warnings about data that are kept; a server that runs for long hears the same ones again and again."""


class Ingest:
    """Everything is in the store when a method returns. Thread-safe.

    ``refused`` counts the events that index-time rules sent to the null queue.
    """

    def __init__(self, instance: SplunkInstance) -> None:
        self._instance = instance
        self._lock = threading.Lock()
        self._missing: set[str] = set()
        self._warnings: dict[str, None] = {}
        self.refused = 0

    @property
    def warnings(self) -> tuple[str, ...]:
        """What could not be read as it should be, each once: the source, the place in it, and what is the matter."""
        with self._lock:
            return tuple(self._warnings)

    def raw(self, data: bytes, origin: Origin, *, time: float | None = None) -> int:
        """Break data into events by the rules of its source type. Gives how many events it was."""
        from harness.knowledge.knowledge import Metadata

        metadata = Metadata(host=origin.host, source=origin.source, sourcetype=origin.sourcetype, index=origin.index)
        now = self._instance.clock.now() if time is None else time
        indexed = self._instance.knowledge.index_time(data, metadata, now)
        self._note(indexed, origin)
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
            self._note(indexed, origin)
            frames.setdefault(origin.index, []).append(indexed.frame)
            origins.setdefault(origin.index, origin)
        return sum(self._store(concatenate_frames(parts), origins[index]) for index, parts in frames.items())

    def frame(self, index: str, frame: Frame) -> int:
        """Rows that are events already, as a search writes them."""
        return self._append(frame, Origin(index, "", "", ""))

    def _note(self, indexed: Indexed, origin: Origin) -> None:
        with self._lock:
            self.refused += indexed.refused
            for warning in indexed.warnings:
                if len(self._warnings) < MAX_WARNINGS:
                    self._warnings[f"{origin.source}: {warning}"] = None

    def _store(self, frame: Frame, origin: Origin) -> int:
        """Each event into the index that it is for: rules of its source type may have chosen another one."""
        numbers, groups = frame.group(["index"])
        names = [str(values[0]) for values in groups]
        if names in ([], [origin.index]):
            return self._append(frame, origin)
        return sum(
            self._append(frame.take(numbers == number), replace(origin, index=name))
            for number, name in enumerate(names)
        )

    def _append(self, frame: Frame, origin: Origin) -> int:
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
