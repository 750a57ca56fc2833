"""What two Splunks make of the same tests, compared."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from harness.runner.parity import compare
from harness.runner.record import DatasetRecord, RunRecord, StageRecord, Status, TestRecord
from tests.cli.command import harness
from tests.cli.test_existing_splunk import login_of
from tests.cli.test_serve import serving
from tests.reports.samples import sample_record
from tests.runner.packs import detection, write_pack
from tests.runner.test_run import NET_USE


def record(**changes: Any) -> RunRecord:
    """A run of one unit test."""
    values: dict[str, Any] = {
        "status": Status.PASS,
        "datasets": (DatasetRecord("a.log", "s", "things", "0" * 64, 3),),
        "search": "a | stats count",
        "result_count": 2,
        "rows": ({"dest": "h1", "count": "1"}, {"dest": "h2", "count": "2"}),
    }
    result = TestRecord(level="unit", test="T", **(values | changes))  # type: ignore[arg-type]
    result = msgspec.convert(msgspec.to_builtins(result), TestRecord)
    sample = sample_record()
    return msgspec.structs.replace(
        sample, detections=(msgspec.structs.replace(sample.detections[0], name="D", results=(result,)),)
    )


def told(**changes: Any) -> list[tuple[str, str, str]]:
    return [(item.what, item.left, item.right) for item in compare(record(), record(**changes)).differences]


@pytest.mark.parametrize(
    ("changes", "difference"),
    [
        ({"status": Status.FAIL, "reason": "no rows\nat all"}, ("the verdict", "pass", "fail: no rows")),
        ({"datasets": (DatasetRecord("a.log", "s", "things", "0" * 64, 2),)}, ("events of a.log", "3", "2")),
        ({"search": "b"}, ("the expanded search", "a | stats count", "b")),
        ({"rows": ({"dest": "h1", "count": "1"}, {"dest": "h2", "count": "3"})}, ("the field count", "'2'", "'3'")),
        ({"rows": ({"dest": "h1", "count": "1"}, {"dest": "h2"})}, ("the field count", "'2'", "(no value)")),
    ],
)
def test_a_difference_is_told_with_what_each_has(changes: dict[str, Any], difference: tuple[str, str, str]) -> None:
    assert told(**changes) == [difference]


def test_the_order_of_rows_and_the_names_that_a_test_gives_its_host_and_index_do_not_count() -> None:
    assert told(rows=({"dest": "h2", "count": "2"}, {"dest": "h1", "count": "1"})) == []
    here, there = record(rows=({"dest": "harness", "index": "main"},)), {"dest": "harness_0123456789ab"}
    assert compare(here, record(rows=({**there, "index": "harness_0123456789ab"},))).differences == ()
    assert told(rows=({"dest": "harness_0123456789ab", "count": "1"}, {"dest": "h2", "count": "2"})) != []


def test_a_row_that_only_one_has_is_told_as_a_whole() -> None:
    assert told(rows=({"dest": "h1", "count": "1"},), result_count=1) == [
        ("the number of rows", "2", "1"),
        ("a row", "count='2', dest='h2'", "(no such row)"),
    ]


def test_the_first_command_after_which_rows_differ_is_named() -> None:
    ours = record(stages=(StageRecord("search", 3), StageRecord("where", 2), StageRecord("stats", 1)))
    theirs = record(stages=(StageRecord("search", 3), StageRecord("where", 1), StageRecord("stats", 0)))
    (found,) = compare(ours, theirs).differences
    assert (found.what, found.left, found.right) == ("rows after where", "2", "1")
    assert "command 2, where, is the first" in found.hint


def test_a_test_without_a_verdict_is_no_agreement() -> None:
    both = record(status=Status.ERROR, reason="unsupported")
    assert (compare(both, both).differences, compare(both, both).undecided) == ((), 1)


def test_a_test_that_only_one_was_asked_to_run_is_no_agreement() -> None:
    without = msgspec.structs.replace(record(), detections=())
    assert [item.what for item in compare(record(), without).differences] == ["whether it was run"]


def test_a_splunk_at_an_address_is_compared_with_the_embedded_one(tmp_path: Path) -> None:
    write_pack(tmp_path, detection(), **{"data.log": NET_USE})
    with serving(tmp_path) as (_, said):
        url, login = login_of(said)
        same = harness("parity", "--with", url, cwd=tmp_path, env=login)
        assert (same.code, same.err) == (0, ""), same.out
        assert ": 2 equal, 0 different, 0 without a verdict" in same.out
        harness("test", "--backend", url, "--report", "json=then.json", "-q", cwd=tmp_path, env=login)
    (tmp_path / "data.log").write_text(NET_USE + NET_USE.replace("alice", "mallory"))
    now = harness("parity", "--with", "then.json", cwd=tmp_path)
    assert now.code == 1
    assert "events of data.log differs" in now.out
