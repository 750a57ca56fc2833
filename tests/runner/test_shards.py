"""Parts of a plan that machines run apart."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import UsageError
from harness.runner.record import DetectionRecord, Level
from harness.runner.schedule import Schedule
from harness.runner.shards import Shard
from harness.runner.subject import Alert, PlannedTest, SavedSearch, Subject


def plan_of(tests: dict[str, int]) -> list[PlannedTest]:
    """A plan with so many tests of each detection."""
    planned = []
    for name, count in tests.items():
        header = DetectionRecord(name=name, id="", version=1, type="TTP", status="production", file=name, sha256="")
        subject = Subject(header, Path(name), "", Alert(), SavedSearch("", Schedule()))
        planned += [PlannedTest(subject, Level.UNIT, str(number)) for number in range(count)]
    return planned


names = st.text(alphabet="abcdef/", min_size=1, max_size=4)


@given(
    st.dictionaries(names, st.integers(1, 4), max_size=12),
    st.dictionaries(names, st.floats(0, 1000), max_size=12),
    st.integers(1, 6),
)
def test_shards_are_disjoint_and_complete_and_keep_detections_whole(
    tests: dict[str, int], seconds: dict[str, float], count: int
) -> None:
    plan = plan_of(tests)
    parts = [Shard(index, count).part_of(plan, seconds) for index in range(1, count + 1)]
    files = [{test.subject.header.file for test in part} for part in parts]
    assert sum(map(len, files)) == len(set().union(*files)) == len(tests)
    assert sorted((t.subject.header.file, t.name) for part in parts for t in part) == sorted(
        (test.subject.header.file, test.name) for test in plan
    )


def test_shards_are_balanced_by_what_detections_once_took() -> None:
    plan = plan_of({"a": 1, "b": 1, "c": 1, "d": 1})
    seconds = {"a": 9.0, "b": 3.0, "c": 3.0, "d": 3.0}
    assert [{t.subject.header.file for t in Shard(i, 2).part_of(plan, seconds)} for i in (1, 2)] == [
        {"a"},
        {"b", "c", "d"},
    ]


def test_without_times_shards_have_equally_many_tests() -> None:
    plan = plan_of({"a": 3, "b": 1, "c": 1, "d": 1})
    assert [len(Shard(index, 2).part_of(plan, {})) for index in (1, 2)] == [3, 3]


@pytest.mark.parametrize("text", ["0/3", "4/3", "1", "1/0", "a/b", "-1/2", "1/2/3", ""])
def test_a_shard_is_one_of_a_number(text: str) -> None:
    with pytest.raises(UsageError, match=r"is not I/N with I from 1 to N"):
        Shard.parse(text)
