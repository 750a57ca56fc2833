"""Events as searches see them: with their search-time fields, extracted once per segment and kept."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from harness.engine.store import Segment, Store
from harness.values.column import Column, Value
from harness.values.frame import Frame

if TYPE_CHECKING:
    from harness.knowledge.knowledge import Knowledge


class Addresses(Sequence[Value]):
    """``_cd`` of the rows of a segment, made when asked for: ``segment:serial`` names one event of the store."""

    def __init__(self, segment: Segment) -> None:
        self._segment = segment

    def __len__(self) -> int:
        return len(self._segment)

    def __getitem__(self, position: int) -> Value:  # type: ignore[override]  # never sliced
        if position >= len(self._segment):
            raise IndexError(position)
        return f"{self._segment.number}:{self._segment.serials[position]}"

    def __iter__(self) -> Iterator[Value]:
        number = self._segment.number
        return (f"{number}:{serial}" for serial in self._segment.serials.tolist())


class Events:
    """Search-time fields by segment. Thread-safe; entries go away with their segment."""

    def __init__(self, store: Store, knowledge: Knowledge) -> None:
        self.store = store
        self.knowledge = knowledge
        self._lock = threading.Lock()
        self._locks: weakref.WeakKeyDictionary[Segment, threading.Lock] = weakref.WeakKeyDictionary()
        self._extracted: weakref.WeakKeyDictionary[Segment, Frame] = weakref.WeakKeyDictionary()

    def extracted(self, segment: Segment) -> Frame:
        """All fields of a segment's events, in the segment's order, deleted ones included."""
        with self._lock:
            found = self._extracted.get(segment)
            lock = self._locks.setdefault(segment, threading.Lock())
        if found is not None:
            return found
        with lock:
            found = self._extracted.get(segment)
            if found is None:
                found = addressed(segment, self.knowledge.search_time(segment.frame))
                with self._lock:
                    self._extracted[segment] = found
        return found

    def sourcetypes(self, segment: Segment) -> Sequence[Value]:
        """The source types that a segment's events have at search time (``rename`` in props can change them)."""
        with self._lock:
            found = self._extracted.get(segment)
        if found is not None:
            return found.column("sourcetype").values
        return [self.knowledge.search_sourcetype(str(value)) for value in segment.holds("sourcetype")]


def addressed(segment: Segment, frame: Frame) -> Frame:
    """With the fields by which the store finds an event again."""
    rows = np.arange(len(segment), dtype=np.int32)
    return replace(
        frame.with_columns(
            {
                "_cd": Column(Addresses(segment), rows),
                "_bkt": Column.constant(f"{segment.index}~{segment.number}", len(segment)),
                "splunk_server": Column.constant("splunk", len(segment)),
            }
        ),
        events=True,
    )
