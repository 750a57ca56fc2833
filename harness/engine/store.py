"""Events at rest: named indexes, each a set of segments.

What is appended waits until somebody reads, and then becomes one segment per source type, so that many small batches
(one HEC request each) cost no more than a large one. A segment never changes, apart from which of its events are
deleted; whatever is derived from a segment (search-time fields, data-model rows) can be kept beside it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from harness.values.column import Column, Mask, Value
from harness.values.frame import Frame, concatenate_frames

DEFAULT_INDEXES: Final = ("main", "summary", "history", "_internal", "_audit", "_introspection", "_telemetry")
"""The event indexes that a fresh Splunk has."""

Times = npt.NDArray[np.float64]
Serials = npt.NDArray[np.int64]


class UnknownIndexError(LookupError):
    """No index has this name."""


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Segment:
    """Events of one source type of one index, oldest arrival first.

    ``frame`` holds their index-time fields, ``times`` their ``_time`` in epoch seconds, ``serials`` their place in the
    order of arrival over the whole store.
    """

    number: int
    index: str
    frame: Frame
    times: Times
    serials: Serials

    def __len__(self) -> int:
        return self.frame.length

    def holds(self, field: str) -> Sequence[Value]:
        """The distinct values of an index-time field in this segment (some may not be used by any event)."""
        column = self.frame.columns.get(field)
        return column.values if column is not None else ()


@dataclass(frozen=True, slots=True)
class Slice:
    """The rows of a segment that a scan found: not deleted, and inside the time range."""

    segment: Segment
    rows: Mask

    def __len__(self) -> int:
        return int(np.count_nonzero(self.rows))


@dataclass(frozen=True, slots=True)
class Part:
    """Some rows of a frame whose rows have times and an order of arrival."""

    frame: Frame
    times: Times
    serials: Serials
    rows: Mask


@dataclass(frozen=True, slots=True)
class IndexFacts:
    """What is known of an index without reading events: times are epoch seconds, None without events."""

    name: str
    event_count: int
    earliest: float | None
    latest: float | None
    size: int
    """Bytes of raw text."""


class StoreJournal(Protocol):
    """Is told of a change before anybody can see it; if it raises, the change is not made. Internal indexes are not
    its business."""

    def appended(self, index: str, frame: Frame, serials: Serials) -> None: ...

    def deleted(self, index: str, serials: Serials) -> None: ...

    def removed(self, index: str) -> None: ...


class _Index:
    def __init__(self, name: str, *, metric: bool = False) -> None:
        self.name = name
        self.metric = metric
        self.pending: dict[str, list[tuple[Frame, Serials]]] = {}
        self.segments: list[Segment] = []
        self.deleted: dict[Segment, Mask] = {}


class Store:
    """Thread-safe: readers see a snapshot, writers wait for each other only."""

    def __init__(self, indexes: Iterable[str] = DEFAULT_INDEXES) -> None:
        self._lock = threading.RLock()
        self._indexes = {name: _Index(name) for name in indexes}
        self._serial = 0
        self._segment = 0
        self._generation = 0
        self.journal: StoreJournal | None = None

    @property
    def generation(self) -> int:
        """Changes whenever anything that a search could see has changed."""
        return self._generation

    # --- indexes

    def create_index(self, name: str, *, metric: bool = False) -> None:
        """Make an empty index of events or of metrics; one that exists stays as it is."""
        with self._lock:
            if name not in self._indexes:
                self._indexes[name] = _Index(name, metric=metric)
                self._generation += 1

    def remove_index(self, name: str) -> None:
        """Remove an index and its events. Raises :class:`UnknownIndexError`."""
        with self._lock:
            self._index(name)
            if self.journal is not None and not is_internal_index(name):
                self.journal.removed(name)
            del self._indexes[name]
            self._generation += 1

    def clear_index(self, name: str) -> None:
        """Remove the events of an index. Raises :class:`UnknownIndexError`."""
        with self._lock:
            metric = self._index(name).metric
            self.remove_index(name)
            self.create_index(name, metric=metric)

    def index_names(self) -> list[str]:
        with self._lock:
            return sorted(self._indexes)

    def is_metric(self, name: str) -> bool:
        """Whether an index holds metrics. Raises :class:`UnknownIndexError`."""
        with self._lock:
            return self._index(name).metric

    def has_index(self, name: str) -> bool:
        with self._lock:
            return name in self._indexes

    def facts(self, name: str) -> IndexFacts:
        """Counts and times of an index. Raises :class:`UnknownIndexError`."""
        with self._lock:
            slices = self.slices([name])
        counts = [len(part) for part in slices]
        times = [part.segment.times[part.rows] for part in slices if len(part)]
        raw = [part.segment.frame.column("_raw").take(part.rows) for part in slices]
        return IndexFacts(
            name,
            sum(counts),
            min((float(t.min()) for t in times), default=None),
            max((float(t.max()) for t in times), default=None),
            sum(_text_size(column) for column in raw),
        )

    # --- events

    def append(self, index: str, frame: Frame) -> None:
        """Add events, in the order of arrival. Every row has ``_time``. Raises :class:`UnknownIndexError`."""
        if not frame.length:
            return
        with self._lock:
            target = self._index(index)
            serials = np.arange(self._serial, self._serial + frame.length, dtype=np.int64)
            if self.journal is not None and not is_internal_index(index):
                self.journal.appended(index, frame, serials)
            self._take(target, frame, serials)

    def restore(self, index: str, frame: Frame, serials: Serials) -> None:
        """Add events that were here before, with their place in the order of arrival."""
        with self._lock:
            self._take(self._index(index), frame, serials)

    def _take(self, target: _Index, frame: Frame, serials: Serials) -> None:
        self._serial = max(self._serial, int(serials[-1]) + 1)
        for sourcetype, rows in _by_sourcetype(frame):
            part = frame if rows is None else frame.take(rows)
            own = serials if rows is None else serials[rows]
            target.pending.setdefault(sourcetype, []).append((part, own))
        self._generation += 1

    def select_indexes(self, patterns: Iterable[str], *, metric: bool = False) -> list[str]:
        """Names of indexes, of events or of metrics, that one of the patterns matches. ``*`` leaves out internal ones:
        they need ``_*``."""
        patterns = tuple(patterns)
        with self._lock:
            names = sorted(name for name, index in self._indexes.items() if index.metric == metric)
        return [name for name in names if any(index_matches(pattern, name) for pattern in patterns)]

    def slices(self, indexes: Iterable[str], earliest: float | None = None, latest: float | None = None) -> list[Slice]:
        """Rows of the named indexes with ``earliest <= _time < latest``, by segment; empty ones are left out."""
        with self._lock:
            parts = [
                (segment, index.deleted.get(segment))
                for index in map(self._index, indexes)
                for segment in self._settled(index)
            ]
        found: list[Slice] = []
        for segment, deleted in parts:
            rows = np.ones(len(segment), dtype=np.bool_) if deleted is None else ~deleted
            if earliest is not None:
                rows &= segment.times >= earliest
            if latest is not None:
                rows &= segment.times < latest
            if rows.any():
                found.append(Slice(segment, rows))
        return found

    def scan(self, patterns: Iterable[str], earliest: float | None = None, latest: float | None = None) -> Frame:
        """Events with their index-time fields, newest first."""
        slices = self.slices(self.select_indexes(patterns), earliest, latest)
        return newest_first([part_of(each.segment, each.segment.frame, each.rows) for each in slices])

    def delete(self, rows: Mapping[int, Iterable[int]]) -> dict[str, int]:
        """Mark events deleted: by segment number, their serials. Gives how many were deleted of each index."""
        counts: dict[str, int] = {}
        with self._lock:
            for index in self._indexes.values():
                for segment in self._settled(index):
                    if segment.number not in rows:
                        continue
                    wanted = np.fromiter(rows[segment.number], dtype=np.int64)
                    if self.journal is not None and not is_internal_index(index.name):
                        self.journal.deleted(index.name, wanted)
                    count = _delete(index, segment, wanted)
                    counts[index.name] = counts.get(index.name, 0) + count
            self._generation += 1
        return counts

    def delete_serials(self, index: str, serials: Serials) -> None:
        """Mark events deleted by their place in the order of arrival."""
        with self._lock:
            target = self._index(index)
            for segment in self._settled(target):
                _delete(target, segment, serials)
            self._generation += 1

    # --- inside the lock

    def _index(self, name: str) -> _Index:
        found = self._indexes.get(name)
        if found is None:
            raise UnknownIndexError(name)
        return found

    def _settled(self, index: _Index) -> list[Segment]:
        """The index's segments, after what was pending has become segments too."""
        for parts in index.pending.values():
            frame = replace(concatenate_frames([part for part, _ in parts]), ordered=False, events=True)
            serials = np.concatenate([own for _, own in parts])
            times = times_of(frame)
            self._segment += 1
            index.segments.append(Segment(self._segment, index.name, frame, times, serials))
        index.pending.clear()
        return list(index.segments)


def _delete(index: _Index, segment: Segment, serials: Serials) -> int:
    """How many events of the segment are deleted that were not."""
    before = index.deleted.get(segment)
    hit = np.isin(segment.serials, serials)
    if not hit.any():
        return 0
    index.deleted[segment] = hit if before is None else hit | before
    return int(np.count_nonzero(hit if before is None else hit & ~before))


def is_internal_index(name: str) -> bool:
    """One that Splunk writes about itself."""
    return name.startswith("_")


def index_matches(pattern: str, name: str) -> bool:
    """Whether ``index=pattern`` reaches the index ``name``."""
    pattern = pattern.lower()
    if name.startswith("_") and not pattern.startswith("_"):
        return False
    return fnmatchcase(name, pattern.replace("[", "[[]").replace("?", "[?]"))


def part_of(segment: Segment, frame: Frame, rows: Mask) -> Part:
    """Rows of a frame that has a row for each event of the segment."""
    return Part(frame, segment.times, segment.serials, rows)


def newest_first(parts: Sequence[Part]) -> Frame:
    """All rows as one frame, newest ``_time`` first and the later arrival first among equals."""
    frames: list[Frame] = []
    times: list[Times] = []
    serials: list[Serials] = []
    for part in parts:
        own = np.flatnonzero(part.rows)
        own = own[np.lexsort((-part.serials[own], -part.times[own]))]
        taken = part.frame.take(own)
        frames.append(compacted(taken) if len(parts) > 1 else taken)
        times.append(part.times[own])
        serials.append(part.serials[own])
    if len(frames) == 1:
        return replace(frames[0], ordered=False, events=True)
    merged = replace(concatenate_frames(frames), ordered=False, events=True)
    if not frames:
        return merged
    order = np.lexsort((-np.concatenate(serials), -np.concatenate(times)))
    return merged.take(order)


def compacted(frame: Frame) -> Frame:
    """Without dictionary entries that no row uses, where they outnumber the rows."""
    return replace(
        frame,
        columns={name: column.compact() if column.sparse else column for name, column in frame.columns.items()},
    )


def times_of(frame: Frame) -> Times:
    """``_time`` of every row in epoch seconds; NaN where a row has none."""
    column = frame.column("_time")
    table = np.array([*map(_seconds, column.values), np.nan], dtype=np.float64)
    return table[column.codes]


def _seconds(value: Value) -> float:
    if isinstance(value, tuple):
        value = value[0]
    try:
        return float(value) if value is not None else float("nan")
    except ValueError:
        return float("nan")


def _by_sourcetype(frame: Frame) -> list[tuple[str, Mask | None]]:
    column = frame.column("sourcetype")
    used = np.unique(column.codes)
    if len(used) == 1:
        return [(_name(column, int(used[0])), None)]
    return [(_name(column, int(code)), np.equal(column.codes, code)) for code in used]


def _name(column: Column, code: int) -> str:
    return "" if code < 0 else str(column.values[code])


def _text_size(column: Column) -> int:
    sizes = np.array([*(len(value) if isinstance(value, str) else 0 for value in column.values), 0], dtype=np.int64)
    return int(sizes[column.codes].sum())
