"""``harness explain``: where rows are lost and what came nearest."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.command import harness
from tests.runner.packs import detection, write_pack
from tests.runner.test_run import NET_USE


def explained(root: Path, search: str, name: str = "Net Use") -> list[str]:
    write_pack(root, detection(search=search, rba=None), **{"data.log": NET_USE})
    ended = harness("explain", name, cwd=root)
    assert ended.code == 1, ended.out + ended.err
    return [line.strip() for line in ended.out.splitlines()]


def test_the_command_the_clause_and_the_nearest_values_are_shown(tmp_path: Path) -> None:
    said = explained(tmp_path, '`things` dest=host-* process="net uze*" | stats count by dest')
    assert said[:2] == [
        "Net Use: True Positive Test",
        "3 events from data.log, source things.log, sourcetype things",
    ]
    assert '0  sourcetype=things dest=host-* process="net uze*"' in said
    at = said.index("rows after each clause of the command that left none:")
    assert said[at + 1 : at + 5] == ["3  events", "3  sourcetype=things", "3  dest=host-*", '0  process="net uze*"']
    nearest = said.index("nearest values of process among the rows before it:")
    assert said[nearest + 1] == "1  net use"


@pytest.mark.parametrize(
    ("search", "said"),
    [
        ("`things` | stats count by dest | where count > 5", "nearest values of count among the rows before it:"),
        ("`things` process_nam=x", "no row before it has the field process_nam; fields with names like it: process"),
        ("`things` | stats count by usr", "no row before it has the field usr; fields with names like it: user"),
        (
            "| tstats count where index=* sourcetype=thinks by host",
            "nearest values of sourcetype among the rows before it:",
        ),
    ],
)
def test_every_kind_of_clause_is_explained(tmp_path: Path, search: str, said: str) -> None:
    assert said in explained(tmp_path, search)


def test_a_detection_that_finds_something_shows_the_way_there(tmp_path: Path) -> None:
    write_pack(tmp_path, detection(), **{"data.log": NET_USE})
    ended = harness("explain", "detections/net_use.yml", cwd=tmp_path)
    assert ended.code == 0
    assert "pass: 2 rows" in ended.out
    assert [line.split()[0] for line in ended.out.split("rows after each command:\n")[1].splitlines()[:3]] == ["2"] * 3


def test_a_name_that_nothing_has_is_told_with_what_is_alike(tmp_path: Path) -> None:
    write_pack(tmp_path, detection(), **{"data.log": NET_USE})
    ended = harness("explain", "Net Uze", cwd=tmp_path)
    assert ended.code == 2
    assert "did you mean Net Use?" in ended.err
