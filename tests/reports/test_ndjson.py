"""The events of a run, a line each: what they say, and that they read back as the run's record."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from harness.errors import UsageError
from harness.reports import ndjson
from harness.reports.merge import merge
from harness.runner.record import Attempt, Level, RunRecord, Status
from tests.cli.command import harness
from tests.reports.samples import sample_record
from tests.runner.packs import a_test, detection, write_pack
from tests.runner.test_run import NET_USE, events_of, record_of


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def written(root: Path, path: Path) -> RunRecord:
    tests = [a_test(), a_test(name="True Positive Test", expect={"count": 9}), a_test("gone.log", "Missing")]
    running = iter(events_of(root, detection(tests=tests), detection("Other"), levels=tuple(Level)))
    return record_of(list(ndjson.written(running, path)))


def test_a_run_tells_what_is_planned_then_each_test_from_start_to_end(tmp_path: Path) -> None:
    running = iter(events_of(tmp_path, detection(), levels=(Level.UNIT,)))
    list(ndjson.written(running, tmp_path / "new/run.ndjson"))
    told = lines((tmp_path / "new/run.ndjson").read_text())
    assert [line["event"] for line in told] == [
        *("run-started", "detection-planned", "test-started", "dataset-replayed", "search-finished"),
        *("test-finished", "run-finished"),
    ]
    assert (told[0]["schema"], told[0]["tests"], told[0]["known"]) == (1, 1, 0)
    assert told[1]["tests"] == [{"level": "unit", "test": "True Positive Test"}]
    where = {"file": "detections/net_use.yml", "detection": "Net Use", "level": "unit", "test": "True Positive Test"}
    assert all(where.items() <= line.items() for line in told[2:-1])
    assert [told[3]["dataset"]["events"], told[4]["rows"], told[5]["result"]["status"]] == [3, 2, "pass"]
    assert told[6]["summary"] == {"pass": 1, "fail": 0, "error": 0, "skip": 0}
    assert [line["at"] for line in told] == sorted(line["at"] for line in told)


def test_the_lines_of_a_run_read_back_as_its_record(tmp_path: Path) -> None:
    path = tmp_path / "run.ndjson"
    record = written(tmp_path, path)
    assert {result.status for result in record.results()} == {Status.PASS, Status.FAIL, Status.ERROR}
    assert ndjson.read(path.read_bytes(), path) == record


def test_a_record_is_written_as_lines_that_read_back_as_it(tmp_path: Path) -> None:
    record = sample_record()
    again = replace(record.detections[0].results[0], attempts=(Attempt(Status.FAIL, "why", 0.1),))
    detection = replace(record.detections[0], results=(again, *record.detections[0].results[1:]))
    record = replace(record, detections=(detection, record.detections[1]), shard="1/2")
    text = ndjson.render(record)
    assert "at" not in lines(text)[0]
    assert [line["event"] for line in lines(text)].count("test-repeated") == 1
    assert ndjson.read(text.encode(), tmp_path) == record


def test_tests_that_end_in_another_order_are_read_in_the_order_of_the_plan(tmp_path: Path) -> None:
    record = written(tmp_path, tmp_path / "run.ndjson")
    told = (tmp_path / "run.ndjson").read_bytes().splitlines(keepends=True)
    validated_last = sorted(told[:-1], key=lambda line: b'"test-finished"' in line and b'"validation"' in line)
    assert validated_last != told[:-1]
    assert ndjson.read(b"".join([*validated_last, told[-1]]), tmp_path) == record


def test_a_run_that_did_not_end_is_no_record(tmp_path: Path) -> None:
    text = ndjson.render(sample_record())
    for cut in (text[: text.rindex("{")], text[:-5]):
        with pytest.raises(UsageError, match="did not come to its end"):
            ndjson.read(cut.encode(), tmp_path / "run.ndjson")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [('"schema":1', '"schema":2', "events of schema 2"), ('"test-started"', '"cheers"', "not an event of a run")],
)
def test_lines_that_this_version_does_not_know_are_refused_with_their_place(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    text = ndjson.render(sample_record()).replace(old, new, 1)
    with pytest.raises(UsageError, match=message) as caught:
        ndjson.read(text.encode(), tmp_path / "run.ndjson")
    assert "run.ndjson:" in str(caught.value)


def test_the_published_schema_is_that_of_the_lines() -> None:
    assert ndjson.SCHEMA_FILE.read_bytes() == ndjson.schema_text(), "call harness.reports.ndjson.write_schema()"


def test_shards_that_wrote_lines_are_merged_as_records_are(tmp_path: Path) -> None:
    write_pack(tmp_path, detection(), detection("Other"), **{"data.log": NET_USE})
    for shard in "12":
        reports = [f"--report={name}=part{shard}.{name}" for name in ("ndjson", "json")]
        ended = harness("test", "--level=unit", "-q", f"--shard={shard}/2", *reports, cwd=tmp_path)
        assert ended.code == 0, ended.err
    ended = harness("report", "part1.ndjson", "part2.json", "-q", "--report=ndjson=all.ndjson", cwd=tmp_path)
    assert ended.code == 0, ended.err
    whole = ndjson.read((tmp_path / "all.ndjson").read_bytes(), tmp_path)
    parts = [ndjson.read((tmp_path / f"part{shard}.ndjson").read_bytes(), tmp_path) for shard in "12"]
    assert whole == merge(parts)
    assert [each.name for each in whole.detections] == ["Net Use", "Other"]
