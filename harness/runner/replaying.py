"""The data of a test goes into a Splunk, and is counted there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from math import floor
from pathlib import Path

from harness.backends.base import Session
from harness.client.hec import Target
from harness.errors import DatasetError, FilePlace
from harness.replay.locate import Locator
from harness.replay.payload import Payload, read_payloads
from harness.runner.record import DatasetRecord
from harness.wording import counted

SEARCHABLE_SECONDS = 60.0
MAX_KEPT_BYTES = 16 << 20
"""A larger file is read anew for each test."""


@dataclass(frozen=True, slots=True)
class TestData:
    """One dataset of a test, as its detection describes it. Empty ``index`` and ``host`` leave the choice to us; with
    ``retime`` its newest event is moved to that time."""

    __test__ = False  # not a pytest class

    data: str
    source: str
    sourcetype: str
    index: str = ""
    host: str = ""
    retime: str = ""
    line: int | None = None
    """Of the file that names it."""


@dataclass(frozen=True, slots=True)
class Moved:
    """How data was moved in time: by ``seconds``, to events from ``oldest`` to ``newest`` (epoch seconds)."""

    seconds: int
    oldest: float
    newest: float


@dataclass(frozen=True, slots=True)
class Loaded:
    """A dataset that was found and read. ``path`` is where it lies; ``moved`` says whether it is as it lies there."""

    described: TestData
    path: Path
    payloads: tuple[Payload, ...]
    moved: Moved | None = None


@dataclass(frozen=True, slots=True)
class Indexed:
    """``events`` in the server that came under this source, source type and index."""

    index: str
    source: str
    sourcetype: str
    events: int


def load(datasets: Sequence[TestData], locator: Locator, mentioned_in: Path) -> list[Loaded]:
    """Find and read every dataset before anything is sent: a missing one costs nothing then."""
    loaded = []
    for dataset in datasets:
        try:
            path = locator.find(dataset.data, mentioned_in=mentioned_in)
        except DatasetError as error:
            if error.where == FilePlace(mentioned_in):
                error.where = FilePlace(mentioned_in, dataset.line)
            raise
        loaded.append(Loaded(dataset, path, _prepared(path, dataset.sourcetype)))
    return loaded


def _prepared(path: Path, sourcetype: str) -> tuple[Payload, ...]:
    """Unpacked and converted. The levels of a test, and often several detections, replay the same file."""
    status = path.stat()
    if status.st_size > MAX_KEPT_BYTES:
        return tuple(read_payloads(path, sourcetype=sourcetype))
    return _kept(path, sourcetype, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=4)
def _kept(path: Path, sourcetype: str, _changed: int, _size: int) -> tuple[Payload, ...]:
    return tuple(read_payloads(path, sourcetype=sourcetype))


def send(loaded: Sequence[Loaded], session: Session) -> Iterator[DatasetRecord]:
    """Send one dataset after another; each is told with the number of events that the server indexed from it."""
    known = sum(found.events for found in census(session))
    for item in loaded:
        described = item.described
        if described.index:
            session.use_index(described.index)
        target = Target(
            source=described.source,
            sourcetype=described.sourcetype,
            index=described.index or session.index,
            host=described.host or session.host,
        )
        before = _between(session, item.moved)
        for payload in item.payloads:
            session.hec.send_raw(payload.data, target)
        total = _settled(session, known)
        if total == known:
            raise DatasetError(
                f"the server took {described.data} but indexed no event of it",
                where=FilePlace(item.path),
                hint=f"does it break events of the source type {described.sourcetype} at all?",
            )
        elsewhere = total - known - (_between(session, item.moved) - before)
        if item.moved is not None and elsewhere:
            raise DatasetError(
                f"{described.data} was moved in time, but {counted(elsewhere, 'event')} of it came out at another time",
                where=FilePlace(item.path),
                hint=f"the rules of this Splunk for {described.sourcetype} take the time of an event from elsewhere",
            )
        yield DatasetRecord(
            data=described.data,
            source=described.source,
            sourcetype=described.sourcetype,
            sha256=item.payloads[0].sha256,
            events=total - known,
            moved_s=item.moved.seconds if item.moved is not None else 0,
        )
        known = total


def _between(session: Session, moved: Moved | None) -> int:
    """How many events lie in the time that data was moved to."""
    if moved is None:
        return 0
    earliest, latest = str(floor(moved.oldest)), str(floor(moved.newest) + 1)
    rows = session.client.ask(f"| tstats count where {mine(session)}", earliest=earliest, latest=latest)
    return int(str(rows[0]["count"])) if rows else 0


def census(session: Session) -> list[Indexed]:
    """What lies in the indexes that this test may have filled, largest first."""
    rows = session.client.ask(f"| tstats count where {mine(session)} by index source sourcetype")
    found = [
        Indexed(str(row["index"]), str(row["source"]), str(row["sourcetype"]), int(str(row["count"]))) for row in rows
    ]
    return sorted(found, key=lambda item: -item.events)


def mine(session: Session) -> str:
    """The search terms that find this test's events, and in a shared Splunk no others. ``*`` leaves out the internal
    indexes, where a Splunk also writes what it does itself."""
    own = f'host="{session.host}"'
    internal = [f'(index="{name}" {own})' for name in sorted(session.used) if name.startswith("_")]
    if not session.alone:
        terms = [f'index="{session.index}"', f"(index=* {own})", *internal]
        return f"({' OR '.join(terms)})"
    return f"({' OR '.join(['(index=* NOT index=_*)', *internal])})" if internal else "index=*"


def event_times(session: Session) -> list[float]:
    """The minutes in which the test's events lie, in epoch seconds."""
    rows = session.client.ask(f"| tstats count where {mine(session)} by _time span=1m")
    return [datetime.fromisoformat(str(row["_time"])).timestamp() for row in rows]


def _settled(session: Session, known: int) -> int:
    """The number of events once it has stopped growing. An acknowledged event is on disk; to be found it may need a
    moment more."""
    seen = [known]

    def still() -> bool:
        seen.append(sum(found.events for found in census(session)))
        return seen[-1] > known and (session.alone or seen[-1] == seen[-2])

    if session.alone:
        still()  # the embedded server has indexed what it has answered for
    else:
        session.client.wait_until(still, SEARCHABLE_SECONDS, "indexing the data")
    return seen[-1]
