"""Correlations that rest on the risk that other detections leave in the same Splunk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.content import load_content
from harness.runner.dependencies import Dependencies
from harness.runner.events import RiskLeft
from harness.runner.plan import plan_run
from harness.runner.record import ContributorRecord, Level, Status, TestRecord
from harness.runner.run import run
from tests.runner.packs import a_test, detection, stem, write, write_pack
from tests.runner.test_run import NET_USE, record_of, tools_for

SCORES = (
    "| tstats sum(All_Risk.calculated_risk_score) as score dc(source) as sources count from datamodel=Risk.All_Risk "
    "by All_Risk.risk_object | rename All_Risk.* as * | where score > 100"
)
VIEW = "`things` process=*view* | stats count by dest user process"
BOTH = ["Net Use", "Net View"]


def correlation(test: dict[str, Any], search: str = SCORES, **changes: Any) -> dict[str, Any]:
    changes = {"type": "Correlation", "rba": None, **changes}
    return detection("Many Things", id="0" * 8 + "-0000-4000-8000-000000000003", search=search, tests=[test], **changes)


def contributors(**changes: Any) -> list[dict[str, Any]]:
    return [detection(**changes), detection("Net View", search=VIEW, id="0" * 8 + "-0000-4000-8000-000000000002")]


def ran(
    root: Path, test: dict[str, Any], *others: dict[str, Any], levels: tuple[Level, ...] = (Level.UNIT,), **more: Any
) -> list[TestRecord]:
    """The results of the correlation, which alone is asked for."""
    files = more.pop("files", {})
    document = correlation(test, **more)
    write_pack(root, document, *(others or contributors()), **{"data.log": NET_USE, **files})
    content = load_content(root, [root / "detections" / f"{stem(document['name'])}.yml"])
    return record_of(list(run(plan_run(content, levels=levels), tools_for(content)))).results()


@pytest.mark.parametrize("level", [Level.UNIT, Level.INTEGRATION])
def test_the_named_detections_run_first_and_their_risk_is_added_up(tmp_path: Path, level: Level) -> None:
    """host-1 is found by both, with 64 each; host-2 by one."""
    expect = {"count": 1, "rows": [{"risk_object": "host-1", "score": 128, "sources": 2}]}
    test = a_test(risk_from=BOTH, expect=expect)
    (result,) = ran(tmp_path, test, levels=(level,), deployment={"scheduling": {"earliest_time": "-24h"}})
    assert (result.status, result.reason) == (Status.PASS, "")
    assert result.risk_from == (ContributorRecord("Net Use", 1, 2), ContributorRecord("Net View", 1, 1))


def test_what_was_left_is_told_as_it_happens(tmp_path: Path) -> None:
    write_pack(tmp_path, correlation(a_test(risk_from=BOTH)), *contributors(), **{"data.log": NET_USE})
    content = load_content(tmp_path, [tmp_path / "detections/many_things.yml"])
    events = list(run(plan_run(content, levels=[Level.UNIT]), tools_for(content)))
    assert [event.contributor.detection for event in events if isinstance(event, RiskLeft)] == BOTH


def test_with_one_of_them_there_is_less_risk(tmp_path: Path) -> None:
    (result,) = ran(tmp_path, a_test(risk_from=["Net Use"]))
    assert result.status is Status.FAIL
    assert "dropped the last 2: score > 100" in result.reason


def test_every_run_of_a_schedule_that_finds_something_leaves_its_risk(tmp_path: Path) -> None:
    """Two runs, three hours apart, find host-1, each in a window of its own; what is found twice counts twice."""
    later = NET_USE + '2026-01-02T13:00:00Z dest=host-1 user=ann process="net use"\n'
    rows = [{"risk_object": "host-1", "score": 128}]
    (result,) = ran(tmp_path, a_test(risk_from=["Net Use"], expect={"rows": rows}), files={"data.log": later})
    assert (result.status, result.reason) == (Status.PASS, "")
    assert result.risk_from == (ContributorRecord("Net Use", 2, 3),)


def test_overlapping_time_ranges_leave_risk_twice_as_in_production(tmp_path: Path) -> None:
    own = {"scheduling": {"cron_schedule": "*/30 * * * *", "earliest_time": "-60m@m", "latest_time": "now"}}
    rows = [{"risk_object": "host-1", "score": 128}, {"risk_object": "host-2", "score": 128}]
    test = a_test(risk_from=["Net Use"], expect={"count": 2, "rows": rows})
    (result,) = ran(tmp_path, test, detection(deployment=own))
    assert (result.status, result.reason) == (Status.PASS, "")


def test_throttling_holds_over_the_runs(tmp_path: Path) -> None:
    own = {"scheduling": {"cron_schedule": "*/30 * * * *", "earliest_time": "-60m@m", "latest_time": "now"}}
    tags = detection()["tags"] | {"throttling": {"fields": ["dest"], "period": "1d"}}
    test = a_test(risk_from=["Net Use"], expect={"count": 0})
    (result,) = ran(tmp_path, test, detection(deployment=own, tags=tags))
    assert (result.status, result.reason) == (Status.PASS, "")
    assert result.risk_from == (ContributorRecord("Net Use", 2, 2),)


@pytest.mark.parametrize(
    ("changes", "status", "why"),
    [
        (
            {"search": "`things` process=nothing"},
            Status.FAIL,
            "no rows: 3 events indexed, search (command 1 of 1) dropped the last 3: process=nothing",
        ),
        ({"search": "`things` | nonsense"}, Status.FAIL, "the search does not run: Unknown search command"),
        ({"search": "`things` | sendemail to=a"}, Status.ERROR, "unsupported: "),
        ({"search": "`things` | stats count by user process"}, Status.FAIL, "but leaves no risk event"),
    ],
)
def test_one_that_leaves_nothing_is_named_with_the_reason(
    tmp_path: Path, changes: dict[str, Any], status: Status, why: str
) -> None:
    (result,) = ran(tmp_path, a_test(risk_from=["Net Use"]), detection(**changes))
    assert result.status is status
    assert result.reason.startswith("Net Use, whose risk this rests on: ")
    assert why in result.reason


@pytest.mark.parametrize(
    ("names", "why"),
    [
        (["Net Uze"], "there is no detection 'Net Uze'"),
        (["Many Things"], "it cannot rest on the risk that it leaves itself"),
        (["Hunted"], "Hunted makes no risk events"),
    ],
)
def test_a_name_that_can_leave_no_risk_makes_the_test_an_error(tmp_path: Path, names: list[str], why: str) -> None:
    hunted = detection("Hunted", type="Hunting", rba=None)
    (result,) = ran(tmp_path, a_test(risk_from=names), detection(), hunted)
    assert result.status is Status.ERROR
    assert why in result.reason
    assert ":1: error" not in result.reason  # the line of the test


def test_what_they_use_is_part_of_the_evidence(tmp_path: Path) -> None:
    write_pack(tmp_path, correlation(a_test(risk_from=BOTH)), *contributors(), **{"data.log": NET_USE})

    def evidence() -> str:
        content = load_content(tmp_path, [tmp_path / "detections/many_things.yml"])
        return Dependencies(content).evidence(content.detections[0])

    before = evidence()
    write(tmp_path / "macros/things.yml", "name: things\ndefinition: sourcetype=things NOT x=1\n")
    assert evidence() != before
