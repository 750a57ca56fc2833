"""The store: what is appended is found again, newest first, until it is deleted."""

from __future__ import annotations

import threading

import pytest

from harness.engine.store import DEFAULT_INDEXES, Store, UnknownIndexError, index_matches
from harness.values.frame import Frame


def events(*times: float, sourcetype: str = "a") -> Frame:
    return Frame.from_rows(
        [{"_time": time, "_raw": f"e{time:g}", "sourcetype": sourcetype, "index": "main"} for time in times]
    )


def raws(frame: Frame) -> list[object]:
    return frame.column("_raw").to_values()


def test_events_come_newest_first_over_batches_and_source_types() -> None:
    store = Store()
    store.append("main", events(1, 5, sourcetype="a"))
    store.append("main", events(3, sourcetype="b"))
    store.append("main", events(4, sourcetype="a"))
    assert raws(store.scan(["main"])) == ["e5", "e4", "e3", "e1"]


def test_of_equal_times_the_later_arrival_comes_first() -> None:
    store = Store()
    store.append("main", Frame.from_rows([{"_time": 1.0, "_raw": "first"}, {"_time": 1.0, "_raw": "second"}]))
    store.append("main", Frame.from_rows([{"_time": 1.0, "_raw": "third"}]))
    assert raws(store.scan(["main"])) == ["third", "second", "first"]


def test_the_time_range_begins_inclusive_and_ends_exclusive() -> None:
    store = Store()
    store.append("main", events(1, 2, 3))
    assert raws(store.scan(["main"], 1, 3)) == ["e2", "e1"]


def test_many_small_batches_become_one_segment() -> None:
    store = Store()
    for time in range(50):
        store.append("main", events(time))
    assert len(store.slices(["main"])) == 1
    store.append("main", events(99))
    assert len(store.slices(["main"])) == 2, "what was read before is not touched again"


def test_facts_count_events_and_know_their_times() -> None:
    store = Store()
    store.append("main", events(7, 3))
    facts = store.facts("main")
    assert (facts.event_count, facts.earliest, facts.latest, facts.size) == (2, 3.0, 7.0, 4)
    assert store.facts("summary").earliest is None


def test_deleted_events_are_gone_and_counted_once() -> None:
    store = Store()
    store.append("main", events(1, 2, 3))
    (part,) = store.slices(["main"])
    serials = part.segment.serials.tolist()
    assert store.delete({part.segment.number: serials[:2]}) == {"main": 2}
    assert store.delete({part.segment.number: serials[1:2]}) == {"main": 0}
    assert raws(store.scan(["main"])) == ["e3"]
    assert store.facts("main").event_count == 1


def test_an_index_that_is_removed_takes_its_events_along() -> None:
    store = Store()
    store.create_index("extra")
    store.append("extra", events(1))
    store.remove_index("extra")
    store.create_index("extra")
    assert raws(store.scan(["extra"])) == []


def test_an_index_that_is_not_there_is_refused() -> None:
    with pytest.raises(UnknownIndexError):
        Store().append("nope", events(1))


def test_a_fresh_store_has_the_indexes_of_a_fresh_splunk() -> None:
    assert {"main", "_internal", "_audit", "summary"} <= set(Store().index_names())
    assert len(DEFAULT_INDEXES) == len(set(DEFAULT_INDEXES))


@pytest.mark.parametrize(
    ("pattern", "name", "matches"),
    [
        ("*", "main", True),
        ("*", "_internal", False),
        ("_*", "_internal", True),
        ("MAIN", "main", True),
        ("ma*", "main", True),
        ("m?in", "main", False),
        ("[m]ain", "main", False),
    ],
)
def test_a_star_leaves_internal_indexes_out(pattern: str, name: str, matches: bool) -> None:
    assert index_matches(pattern, name) is matches


def test_writers_and_readers_at_once_lose_nothing() -> None:
    store = Store()

    def write() -> None:
        for time in range(100):
            store.append("main", events(time))

    seen: list[int] = []

    def read() -> None:
        seen.extend(store.scan(["main"]).length for _ in range(50))

    threads = [threading.Thread(target=work) for work in (write, write, write, write, read, read)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.scan(["main"]).length == 400
    assert max(seen) <= 400
    serials = [serial for part in store.slices(["main"]) for serial in part.segment.serials.tolist()]
    assert sorted(serials) == list(range(400))
