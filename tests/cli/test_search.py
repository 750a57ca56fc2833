"""``harness search`` over files."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.command import harness
from tests.runner.packs import write
from tests.runner.test_run import NET_USE


def test_json_output_is_one_object_a_line_as_splunk_gives_rows(tmp_path: Path) -> None:
    write(tmp_path / "a.log", NET_USE)
    ended = harness(
        "search", "sourcetype=things | stats values(user) as user count by dest | sort dest", "--output", "json",
        "--data", "a.log", "--sourcetype", "things", cwd=tmp_path,
    )  # fmt: skip
    assert (ended.code, ended.err) == (0, "")
    assert [json.loads(line) for line in ended.out.splitlines()] == [
        {"dest": "host-1", "user": "ann", "count": "2"},
        {"dest": "host-2", "user": "bob", "count": "1"},
    ]


def test_each_dataset_has_the_options_that_follow_it(tmp_path: Path) -> None:
    write(tmp_path / "a.log", "2026-01-01T00:00:00Z one\n")
    write(tmp_path / "b.log", "2026-01-01T00:00:00Z two\n")
    ended = harness(
        "search", "index=* | stats count by index sourcetype source host | sort sourcetype", "--output", "csv",
        "--data", "a.log", "--sourcetype", "first", "--source", "src",
        "--data", "b.log", "--sourcetype=second", "--index", "other", "--host", "h", cwd=tmp_path,
    )  # fmt: skip
    assert ended.out == "index,sourcetype,source,host,count\nmain,first,src,harness,1\nother,second,b.log,h,1\n"


def test_a_table_has_the_rows_under_their_fields(tmp_path: Path) -> None:
    ended = harness(
        "search", '| makeresults | eval a=1, b=mvappend("x","y") | table a b', "--output", "table", cwd=tmp_path
    )
    assert ended.code == 0
    assert [line.split() for line in ended.out.splitlines() if line.strip() and "─" not in line] == [
        ["a", "b"],
        ["1", "x"],
        ["y"],
    ]
    assert "1 row in " in ended.err


def test_the_time_range_is_kept(tmp_path: Path) -> None:
    write(tmp_path / "a.log", NET_USE)
    ended = harness(
        "search", "index=* | stats count", "--earliest", "1767348005", "--latest", "1767348010",
        "--data", "a.log", "--sourcetype", "things", "--output", "json", cwd=tmp_path,
    )  # fmt: skip
    assert json.loads(ended.out) == {"count": "1"}


def test_a_search_that_does_not_run_says_so_in_splunks_words(tmp_path: Path) -> None:
    ended = harness("search", "| tstatz", cwd=tmp_path)
    assert (ended.code, ended.err) == (2, "harness: Unknown search command 'tstatz'.\n")
    assert harness("search", "| makeresults | sendemail to=a", cwd=tmp_path).code == 4
