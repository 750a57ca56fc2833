"""The finished tests of a run, on disk as soon as each is finished, so that a run that was killed can go on.

One JSON document a line: first what the run rests on as a whole, then a test a line. A line that is cut off is the one
that was being written: its test is run again, and so is every test whose evidence has changed since.
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO

import msgspec

from harness.errors import FilePlace, UsageError
from harness.locks import lock
from harness.runner.record import BackendRecord, DatasetRecord, Level, Status, TestRecord
from harness.runner.subject import PlannedTest

_Key = tuple[str, Level, str, int]


class _Head(msgspec.Struct, frozen=True):
    """``basis`` is a digest of what all tests of a run rest on: tool, backend, apps."""

    basis: str


class _Entry(msgspec.Struct, frozen=True):
    """``nth`` of the detection's tests of that level and name, from 0: names may occur twice."""

    file: str
    evidence: str
    nth: int
    result: TestRecord

    @property
    def key(self) -> _Key:
        return (self.file, self.result.level, self.result.test, self.nth)


def journal_of(root: Path) -> Path:
    """Where the journal of a content root lies."""
    import platformdirs

    name = hashlib.sha256(str(root.resolve()).encode()).hexdigest()[:32]
    return platformdirs.user_cache_path("harness") / "runs" / f"{name}.ndjson"


class Journal:
    """A journal that this process alone writes.

    ``basis`` names what all verdicts rest on, the backend apart; ``current`` tells whether a dataset is still what was
    sent. Raises UsageError if another process writes it, or none can.
    """

    def __init__(
        self, path: Path, *, resume: bool, basis: str, current: Callable[[PlannedTest, DatasetRecord], bool]
    ) -> None:
        self._path = path
        self._resume = resume
        self._basis = basis
        self._current = current
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file: BinaryIO = path.open("a+b")
        except OSError as error:
            raise UsageError(f"the journal cannot be written: {error.strerror}", where=FilePlace(path)) from error
        if not lock(self._file, wait=False):
            self._file.close()
            raise UsageError(
                "another run over this content is going on", where=FilePlace(path), hint="wait for it to end"
            )
        self._keys: dict[int, _Key] = {}

    def begin(self, plan: Sequence[PlannedTest], backend: BackendRecord) -> dict[int, TestRecord]:
        """Open the journal for a plan. The results that still hold, by position: none unless resuming."""
        basis = hashlib.sha256(self._basis.encode() + msgspec.json.encode(backend)).hexdigest()
        seen: Counter[tuple[str, Level, str]] = Counter()
        for position, test in enumerate(plan):
            name = (test.subject.header.file, test.level, test.name)
            self._keys[position] = (*name, seen[name])
            seen[name] += 1
        entries, length = self._read(basis) if self._resume else ({}, 0)
        # What no longer holds stays: its evidence tells, and a later line about the same test wins.
        self._file.truncate(length)
        if not length:
            self._write(_Head(basis))
        return self._kept(plan, entries)

    def _read(self, basis: str) -> tuple[dict[_Key, _Entry], int]:
        """The entries of a journal with that basis, and how many bytes of it are whole lines."""
        self._file.seek(0)
        first, *rest = self._file.read().splitlines(keepends=True) or [b""]
        entries: dict[_Key, _Entry] = {}
        try:
            if msgspec.json.decode(first, type=_Head).basis != basis:
                return {}, 0
            length = len(first)
            for line in rest:
                if not line.endswith(b"\n"):
                    break  # cut off
                entry = msgspec.json.decode(line, type=_Entry)
                entries[entry.key] = entry
                length += len(line)
        except msgspec.DecodeError:
            return {}, 0
        return entries, length

    def _kept(self, plan: Sequence[PlannedTest], entries: dict[_Key, _Entry]) -> dict[int, TestRecord]:
        kept: dict[int, TestRecord] = {}
        anew: set[str] = set()
        for position, test in enumerate(plan):
            header = test.subject.header
            if test.level is Level.VALIDATION or header.file in anew:
                continue  # the rules look at all of the content at once; and a test may rest on the one before it
            entry = entries.get(self._keys[position])
            if entry is not None and entry.evidence == header.evidence and self._holds(test, entry.result):
                kept[position] = entry.result
            else:
                anew.add(header.file)
        return kept

    def _holds(self, test: PlannedTest, result: TestRecord) -> bool:
        """Whatever kept us from knowing may be gone, and a skip may end with its day."""
        return result.status in {Status.PASS, Status.FAIL} and all(
            self._current(test, dataset) for dataset in result.datasets
        )

    def add(self, position: int, test: PlannedTest, result: TestRecord) -> None:
        """On disk when this returns."""
        header = test.subject.header
        self._write(_Entry(header.file, header.evidence, self._keys[position][3], result))

    def _write(self, line: msgspec.Struct) -> None:
        self._file.write(msgspec.json.encode(line) + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self, *, finished: bool) -> None:
        """A run that came to its end leaves no journal: there is nothing to go on with."""
        if finished:
            self._path.unlink(missing_ok=True)
        self._file.close()
