"""``serve --data-dir``: what an instance keeps between two runs, in a folder.

Two journals. ``events`` holds what came into the indexes and what was deleted from them, apart from internal indexes;
``state`` holds everything else that is kept, as a table of kinds and keys in which the last value counts. Both are
written before a change is answered, and made compact again at a start, if that is worth while.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec
import numpy as np

from harness.engine.store import Serials, Store, is_internal_index
from harness.errors import BackendError
from harness.server.journal import Journal
from harness.values.column import Column, Value
from harness.values.frame import Frame

_EVENTS: Final = b"harness events 1\n"
_STATE: Final = b"harness state 1\n"
_COMPACT_BYTES: Final = 1 << 20
_encode: Final = msgspec.msgpack.encode
_decode: Final = msgspec.msgpack.decode

Key = tuple[str, ...]
Kept = TypeVar("Kept")


class Memory:
    """Keeps nothing: an instance without a data folder."""

    def items(self, kind: str, what: Callable[[Any], Kept]) -> list[tuple[Key, Kept]]:  # noqa: ARG002
        """Every key of a kind with its value, in the order in which they first came."""
        return []

    def put(self, kind: str, key: Key, value: Any) -> None:
        """Keep a value (of msgpack's types) under a key, from now on."""

    def drop(self, kind: str, key: Key) -> None:
        """Forget a key."""

    def restore_events(self, store: Store) -> None:
        """Give the store its events, and keep from now on what comes into it."""

    def close(self) -> None:
        """Write what is to be written, and let go of the folder."""


class DataDir(Memory):
    """A folder. Raises :class:`BackendError` if it is in use, cannot be used, or is of another version."""

    def __init__(self, path: Path) -> None:
        try:
            path.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._held = _hold(path)
        except OSError as error:
            raise BackendError(f"the data folder {path} cannot be used: {error.strerror}") from error
        self._table: dict[str, dict[Key, Any]] = {}
        try:
            self._events = Journal.open(path / "events", _EVENTS)
            self._state = Journal.open(path / "state", _STATE)
            self._read()
        except BaseException:  # Ctrl-C too: a folder that was not opened is not held against the next one
            os.close(self._held)
            raise

    def _read(self) -> None:
        written = 0
        for record in self._state.records():
            kind, key, value = _decode(record)
            table = self._table.setdefault(kind, {})
            if value is None:
                table.pop(tuple(key), None)
            else:
                table[tuple(key)] = value[0]
            written += len(record)
        live = [_encode((kind, key, (value,))) for kind, table in self._table.items() for key, value in table.items()]
        if written > _COMPACT_BYTES and sum(map(len, live)) < written / 2:
            self._state.rewrite(live)

    def items(self, kind: str, what: Callable[[Any], Kept]) -> list[tuple[Key, Kept]]:
        return [(key, what(value)) for key, value in self._table.pop(kind, {}).items()]

    def put(self, kind: str, key: Key, value: Any) -> None:
        self._state.append(_encode((kind, key, (value,))))

    def drop(self, kind: str, key: Key) -> None:
        self._state.append(_encode((kind, key, None)))

    def restore_events(self, store: Store) -> None:
        came, defined = 0, set(store.index_names())
        for record in self._events.records():
            kind, index, *rest = _decode(record)
            if kind == "append":
                store.create_index(index)
                frame, serials = _frame(rest[0]), np.frombuffer(rest[1], dtype=np.int64)
                store.restore(index, frame, serials)
                came += frame.length
            elif kind == "delete" and store.has_index(index):
                store.delete_serials(index, np.frombuffer(rest[0], dtype=np.int64))
            elif kind == "remove" and store.has_index(index):
                metric = store.is_metric(index)
                store.remove_index(index)
                if index in defined:  # made again since, or made at every start
                    store.create_index(index, metric=metric)
        names = [name for name in store.index_names() if not is_internal_index(name)]
        if sum(store.facts(name).event_count for name in names) < came / 2:
            self._events.rewrite(_live(store, names))
        store.journal = self

    # --- as the journal of a store

    def appended(self, index: str, frame: Frame, serials: Serials) -> None:
        self._events.append(_encode(("append", index, _columns(frame), serials.tobytes())))

    def deleted(self, index: str, serials: Serials) -> None:
        self._events.append(_encode(("delete", index, serials.tobytes())))

    def removed(self, index: str) -> None:
        self._events.append(_encode(("remove", index)))

    def close(self) -> None:
        self._events.close()
        self._state.close()
        if self._held >= 0:
            os.close(self._held)
            self._held = -1


def _hold(path: Path) -> int:
    """Take the folder for this process; the operating system gives it back when the process ends."""
    import fcntl

    lock = os.open(path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        raise BackendError(
            f"the data folder {path} is in use", hint="stop the server that uses it, or give another --data-dir"
        ) from None
    return lock


def _live(store: Store, names: Sequence[str]) -> Iterator[bytes]:
    for name in names:
        for part in store.slices([name]):
            frame, serials = part.segment.frame.take(part.rows), part.segment.serials[part.rows]
            yield _encode(("append", name, _columns(frame), serials.tobytes()))


def _columns(frame: Frame) -> dict[str, Any]:
    """A frame in msgpack's types: distinct values, and codes as bytes."""
    columns = {name: column.compact() for name, column in frame.columns.items()}
    return {name: (list(column.values), column.codes.tobytes()) for name, column in columns.items()}


def _frame(columns: dict[str, Any]) -> Frame:
    found = {
        name: Column([_value(value) for value in values], np.frombuffer(codes, dtype=np.int32))
        for name, (values, codes) in columns.items()
    }
    return Frame(found, len(next(iter(found.values()))))


def _value(value: Any) -> Value:
    return tuple(value) if isinstance(value, list) else value
