"""A file that only grows: records one after the other, each whole or not there at all.

A record is its length, a checksum and its bytes. What has been appended is with the operating system when
:meth:`Journal.append` returns, so that it outlives the process however that ends; a power cut can take the last second.
A record that was not written whole is cut off when the file is opened again. One that was, and reads otherwise now, is
damage, and the file is refused.
"""

from __future__ import annotations

import os
import struct
import threading
import time
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from harness.errors import BackendError

_HEAD: Final = struct.Struct("<II")
MAX_RECORD: Final = 1 << 30
SYNC_SECONDS: Final = 1.0


class Journal:
    """Open with :meth:`open`, read with :meth:`records`, then append. Thread-safe."""

    def __init__(self, path: Path, file: int, mark: bytes) -> None:
        self._path = path
        self._file = file
        self._mark = mark
        self._end = len(mark)
        self._synced = time.monotonic()
        self._lock = threading.Lock()

    @classmethod
    def open(cls, path: Path, mark: bytes) -> Journal:
        """The file at ``path``, made if there is none. ``mark`` begins it and names its format. Raises
        :class:`BackendError` for a file of another."""
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        found = os.pread(file, len(mark), 0)
        if not mark.startswith(found):
            os.close(file)
            raise BackendError(
                f"{path} is not written in the format of this version",
                hint="open it with the version that wrote it, or give another --data-dir",
            )
        if len(found) < len(mark):
            os.pwrite(file, mark, 0)
        return cls(path, file, mark)

    def records(self) -> Iterator[bytes]:
        """Every record, oldest first. To be read to its end before anything is appended."""
        size = os.fstat(self._file).st_size
        position = len(self._mark)
        with open(self._path, "rb") as stream:  # noqa: PTH123 - as a stream, beside the descriptor that writes
            stream.seek(position)
            while position < size:
                head = stream.read(_HEAD.size)
                length, checksum = _HEAD.unpack(head) if len(head) == _HEAD.size else (0, 0)
                after = position + _HEAD.size + length
                if len(head) < _HEAD.size or after > size:
                    break  # the last record was not written whole
                record = stream.read(length)
                if zlib.crc32(record) != checksum:
                    if after == size:
                        break
                    raise BackendError(
                        f"{self._path} is damaged at byte {position}",
                        hint="restore it from a copy, or give another --data-dir",
                    )
                yield record
                position = after
        os.ftruncate(self._file, position)
        self._end = position

    def append(self, record: bytes) -> None:
        """Write one record. Raises :class:`BackendError` if it cannot be written; then none of it is."""
        if len(record) > MAX_RECORD:
            raise BackendError(f"{len(record)} bytes are too much for one record of {self._path}")
        data = memoryview(_HEAD.pack(len(record), zlib.crc32(record)) + record)
        with self._lock:
            position = self._end
            try:
                while data:
                    written = os.pwrite(self._file, data, position)
                    data, position = data[written:], position + written
            except OSError as error:
                os.ftruncate(self._file, self._end)
                raise BackendError(f"{self._path} cannot be written: {error.strerror}") from error
            self._end = position
            if time.monotonic() - self._synced > SYNC_SECONDS:
                os.fsync(self._file)
                self._synced = time.monotonic()

    def rewrite(self, records: Iterable[bytes]) -> None:
        """Replace all records by these, at once or not at all."""
        beside = self._path.with_suffix(".new")
        beside.unlink(missing_ok=True)
        fresh = Journal.open(beside, self._mark)
        for record in records:
            fresh.append(record)
        os.fsync(fresh._file)
        beside.replace(self._path)
        folder = os.open(self._path.parent, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)
        os.close(self._file)
        self._file, self._end = fresh._file, fresh._end

    def close(self) -> None:
        """Everything is on the disk then. A second time does nothing."""
        with self._lock:
            if self._file >= 0:
                os.fsync(self._file)
                os.close(self._file)
                self._file = -1
