"""The benchmark suite measures what it says, over data that finds something, and compares with an earlier run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.bench.events import SOURCE, SOURCETYPE, process_creations
from harness.bench.suite import SUITE, measure
from harness.cli.root import run
from harness.knowledge.knowledge import Knowledge, Metadata, shipped_apps


def test_the_events_are_the_same_in_every_run_and_no_two_are_alike() -> None:
    data = process_creations(300)
    assert data == process_creations(300)
    assert len(set(data.splitlines())) == 300


def test_the_events_are_what_the_add_on_reads() -> None:
    knowledge = Knowledge.load(shipped_apps())
    indexed = knowledge.index_time(process_creations(3), Metadata("h", SOURCE, SOURCETYPE), 1.78e9)
    rows = knowledge.search_time(indexed.frame).to_rows()
    assert [row["EventID"] for row in rows] == ["1", "1", "1"]
    assert all(row["process_name"] and row["dest"] and row["parent_process"] for row in rows)


def test_every_measurement_measures_something() -> None:
    measured = list(measure((), events=20, repeat=1))
    assert [each.name for each in measured] == list(SUITE)
    assert all(each.seconds > 0 and each.ratio > 0 and each.rate > 0 for each in measured)


def test_a_run_is_compared_with_an_earlier_one_over_as_many_events(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "bench.json"
    assert run(["bench", "plan", "--events", "10", "--repeat", "1", "--json", str(file)]) == 0
    assert [each["name"] for each in json.loads(file.read_text())["measured"]] == ["plan"]
    assert run(["bench", "plan", "--events", "10", "--repeat", "1", "--against", str(file)]) == 0
    assert "x  Read searches" in capsys.readouterr().out.splitlines()[-1]
    assert run(["bench", "plan", "--events", "11", "--against", str(file)]) == 2
    assert "was measured over 10 events" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nonsense"], "there is no measurement 'nonsense'"),
        (["plan", "--against", "gone.json"], "gone.json: cannot be read"),
        (["plan", "--events", "0"], "--events"),
    ],
)
def test_what_cannot_be_measured_is_refused(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["bench", *arguments]) == 2
    assert said in capsys.readouterr().err
