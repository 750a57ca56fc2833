"""The measurements: one function each, found by its name.

A machine is slow or busy as it likes, so that seconds say little. Each measurement is therefore also told in units of a
yardstick, a fixed piece of work beside it, by the processor time of both (client and server are one process):
compare these between runs, not the seconds.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from harness.bench.events import SOURCE, SOURCETYPE, process_creations
from harness.client.hec import Target
from harness.engine.plan import plan
from harness.knowledge.knowledge import Knowledge, Metadata, shipped_apps

if TYPE_CHECKING:
    from harness.backends.base import Session

NOW: Final = 1_780_000_000.0

_PLANNED: Final = (
    "| tstats count min(_time) as firstTime from datamodel=Endpoint.Processes where Processes.process_name=p{}.exe "
    "by Processes.dest Processes.user Processes.process | rename Processes.* as * "
    '| eval x=if(like(process, "%a%"), 1, 0) '
    "| where x=1 | stats values(process) as process by dest user | search NOT user IN (a, b, c)"
)


class Measured(msgspec.Struct, frozen=True):
    """``seconds`` is the median of the repetitions by the clock on the wall, ``ratio`` that of processor time in
    yardsticks, ``rate`` how much a second."""

    name: str
    title: str
    amount: int
    unit: str
    seconds: float
    ratio: float

    @property
    def rate(self) -> float:
        return self.amount / self.seconds


@dataclass
class Bench:
    """What measurements share. ``events`` is how many events they work on."""

    session: Session
    knowledge: Knowledge
    events: int

    @cached_property
    def data(self) -> bytes:
        return process_creations(self.events)

    def fill(self) -> None:
        """Put the events into an index of their own, empty before."""
        with self.session.client.service() as service:
            if "bench" in service.indexes:
                service.indexes.delete("bench")
            service.indexes.create("bench")
        self.session.hec.send_raw(self.data, Target(SOURCE, SOURCETYPE, "bench", "bench"))


Work = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Benchmark:
    """``prepare`` does what is not timed and gives the work that is. ``amount`` is how many ``unit`` that takes on."""

    name: str
    title: str
    unit: str
    prepare: Callable[[Bench], Work]
    amount: Callable[[Bench], int]


SUITE: Final[dict[str, Benchmark]] = {}


def _benchmark(
    name: str, title: str, unit: str = "events", amount: Callable[[Bench], int] = lambda bench: bench.events
) -> Callable[[Callable[[Bench], Work]], Callable[[Bench], Work]]:
    def register(prepare: Callable[[Bench], Work]) -> Callable[[Bench], Work]:
        SUITE[name] = Benchmark(name, title, unit, prepare, amount)
        return prepare

    return register


@_benchmark("index", "Break a body of data into events with their times")
def _index(bench: Bench) -> Work:
    metadata = Metadata("bench", SOURCE, SOURCETYPE, "bench")
    return lambda: bench.knowledge.index_time(bench.data, metadata, NOW)


@_benchmark("hec", "Send them over HTTP Event Collector until they can be searched")
def _hec(bench: Bench) -> Work:
    assert bench.data
    return bench.fill


@_benchmark("fields", "Search by an extracted field for the first time")
def _fields(bench: Bench) -> Work:
    bench.fill()
    return lambda: bench.session.client.ask("search index=bench | stats count by process_name")


@_benchmark("search", "Search the same events again")
def _search(bench: Bench) -> Work:
    bench.fill()
    spl = 'search index=bench process="*run 1*" NOT user=user1* | stats count dc(process) by dest user'
    bench.session.client.ask(spl)
    return lambda: bench.session.client.ask(spl)


@_benchmark("model", "Search a data model for the first time")
def _model(bench: Bench) -> Work:
    bench.fill()
    bench.session.client.ask("search index=bench | stats count by process_name")
    return lambda: bench.session.client.ask(_TSTATS)


@_benchmark("tstats", "Search a data model again")
def _tstats(bench: Bench) -> Work:
    bench.fill()
    bench.session.client.ask(_TSTATS)
    return lambda: bench.session.client.ask(_TSTATS)


_TSTATS: Final = (
    "| tstats count min(_time) as firstTime from datamodel=Endpoint.Processes "
    "where Processes.process=*run* by Processes.dest Processes.user Processes.process_name"
)


@_benchmark("plan", "Read searches and plan them", "searches", lambda _bench: 200)
def _plan(bench: Bench) -> Work:
    return lambda: [plan(_PLANNED.format(number), bench.knowledge) for number in range(200)]


@_benchmark("requests", "Run a search that reads nothing, over REST", "searches", lambda _bench: 20)
def _requests(bench: Bench) -> Work:
    return lambda: [bench.session.client.ask("| makeresults") for _ in range(20)]


def measure(names: Sequence[str], *, events: int, repeat: int) -> Iterator[Measured]:
    """Run the named measurements, or all, ``repeat`` times each, the yardstick before each of them."""
    from harness.backends.embedded import EmbeddedBackend

    knowledge = Knowledge.load(shipped_apps())
    backend = EmbeddedBackend(lambda: knowledge)
    backend.start()
    try:
        for name in names or list(SUITE):
            with backend.session() as session:
                yield _measure(SUITE[name], Bench(session, knowledge, events), repeat)
    finally:
        backend.stop()


def _measure(benchmark: Benchmark, bench: Bench, repeat: int) -> Measured:
    seconds, ratios = [], []
    for _ in range(repeat):
        yardstick = _timed(_yardstick)
        took = _timed(benchmark.prepare(bench))
        seconds.append(took.wall)
        ratios.append(took.processor / yardstick.processor)
    return Measured(
        benchmark.name,
        benchmark.title,
        benchmark.amount(bench),
        benchmark.unit,
        statistics.median(seconds),
        statistics.median(ratios),
    )


class _Took(NamedTuple):
    wall: float
    processor: float


def _timed(work: Work) -> _Took:
    wall, processor = time.perf_counter(), time.process_time()
    work()
    return _Took(time.perf_counter() - wall, time.process_time() - processor)


def _yardstick() -> int:
    """Texts made, looked into and counted, as most of the engine's work is: some tenths of a second."""
    counts: dict[str, int] = {}
    for number in range(400_000):
        text = f"{number * 7919 % 10_007:x}"
        if "a" in text:
            counts[text] = counts.get(text, 0) + len(text)
    return len(counts)
