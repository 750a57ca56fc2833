"""Risk events are held against the rows they were raised for."""

from __future__ import annotations

from dataclasses import replace

from harness.client.answers import Row
from harness.runner.alerts import (
    RiskEvent,
    complaints_about_notables,
    complaints_about_range,
    complaints_about_risk,
    unthrottled,
)
from harness.runner.subject import Alert, RiskObject, ThreatObject

ALERT = Alert(
    risk=True,
    message="$user$ ran $process$ on $dest$",
    risk_objects=(RiskObject("dest", "system", 64), RiskObject("user", "user", 32)),
)
ROW: Row = {"user": "ann", "dest": "host", "process": "net.exe use"}
MESSAGE = "ann ran net.exe use on host"
GOOD = [RiskEvent("host", "system", "64", MESSAGE), RiskEvent("ann", "user", "32", MESSAGE)]


def test_one_event_per_row_and_risk_object_is_right() -> None:
    assert complaints_about_risk([ROW], ALERT, GOOD) == []
    assert complaints_about_risk([ROW, ROW], ALERT, GOOD * 2) == []
    assert complaints_about_risk([], ALERT, []) == []


def test_each_wrong_detail_is_told() -> None:
    wrong = [
        RiskEvent("other", "system", "64", MESSAGE),
        RiskEvent("host", "user", "64", MESSAGE),
        RiskEvent("host", "system", "63", MESSAGE),
        RiskEvent("host", "system", "64", "$user$ ran net.exe use on host"),
        RiskEvent("host", "system", "64", MESSAGE + " and more"),
    ]
    for event in wrong:
        complaints = complaints_about_risk([ROW], ALERT, [event, GOOD[1]])
        assert complaints == [
            "2 risk events for 1 row, but 2 expected",
            f"missing risk event: {GOOD[0]}",
            f"unexpected risk event: {event}",
        ]


def test_too_few_and_too_many_are_told() -> None:
    assert complaints_about_risk([ROW], ALERT, GOOD[:1])[1:] == [f"missing risk event: {GOOD[1]}"]
    assert complaints_about_risk([ROW], ALERT, [*GOOD, GOOD[0]])[1:] == [f"unexpected risk event: {GOOD[0]}"]
    assert complaints_about_risk([], ALERT, GOOD)[1:] == [f"unexpected risk event: {event}" for event in GOOD]


def test_a_multivalue_risk_object_gives_an_event_for_each_value_and_any_joining_in_the_message() -> None:
    row: Row = {"user": ["ann", "bob"], "dest": "host", "process": "p"}
    for joined in ("ann, bob", "ann bob", "ann\nbob"):
        message = f"{joined} ran p on host"
        found = [
            RiskEvent("host", "system", "64", message),
            RiskEvent("ann", "user", "32", message),
            RiskEvent("bob", "user", "32", message),
        ]
        assert complaints_about_risk([row], ALERT, found) == []
    assert complaints_about_risk([row], ALERT, [RiskEvent("ann bob", "user", "32", "ann bob ran p on host")])


def test_threat_objects_are_held_against_the_rows_values_in_any_order() -> None:
    alert = replace(ALERT, risk_objects=ALERT.risk_objects[:1], threat_objects=(ThreatObject("process", "process"),))
    row: Row = {**ROW, "process": ["b", "a"]}
    found = RiskEvent("host", "system", "64", "ann ran b, a on host", ("process a", "process b"))
    assert complaints_about_risk([row], alert, [found]) == []
    assert complaints_about_risk([row], alert, [replace(found, threats=("process a",))])[1] == (
        "missing risk event: system host, score 64: ann ran b, a on host (threat objects: process a, process b)"
    )


def test_a_notable_has_its_title_filled_or_as_it_is_written() -> None:
    alert = Alert(notable=True, title="$user$ on $dest$")
    for title in ("ann on host", "$user$ on $dest$"):
        assert complaints_about_notables([ROW], alert, [{"rule_title": title}]) == []
    assert complaints_about_notables([ROW], alert, [{"rule_title": "bob on host"}]) == [
        "missing notable: ann on host",
        "unexpected notable: bob on host",
    ]
    assert complaints_about_notables([ROW], alert, []) == ["0 notable events, but 1 expected"]


def test_every_event_carries_the_range_of_its_run() -> None:
    events: list[Row] = [{"info_min_time": "10.000", "info_max_time": "20"}, {"info_min_time": "11"}]
    assert complaints_about_range(10.0, 20.0, events, "risk") == [
        "info_min_time is 11 in 1 risk event, but it was 10.000",
        "info_max_time is nothing in 1 risk event, but it was 20.000",
    ]


def test_throttling_lets_the_first_row_of_each_combination_through() -> None:
    rows: list[Row] = [{"dest": "a", "n": "1"}, {"dest": "b", "n": "2"}, {"dest": "a", "n": "3"}]
    assert unthrottled(rows, ["dest"]) == rows[:2]
    assert unthrottled(rows, []) == rows
