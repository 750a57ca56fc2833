"""The scheduler on a clock that is stepped by hand, and what alerts do."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from harness.clock import SteppedClock
from harness.server.config import ServerConfig
from harness.server.jobs import Job
from harness.server.server import Server
from tests.server.wire import PASSWORD, Rest

SAVED = "/servicesNS/nobody/search/saved/searches"
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC).timestamp()
HOUR = 3600.0
ROWS = '| makeresults count=3 | eval dest="host1", user=split("alice;bob",";"), _time=now() | table dest user'


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock(NOON)


@pytest.fixture
def rest(clock: SteppedClock) -> Iterator[Rest]:
    config = ServerConfig(password=PASSWORD, clock=clock, indexes=["risk", "notable"])
    with Server(config).start() as running:
        yield Rest(running)


def create(rest: Rest, name: str = "s", search: str = ROWS, **settings: str) -> None:
    defaults = {"is_scheduled": "1", "cron_schedule": "0 * * * *", "disabled": "0"}
    reply = rest.post(SAVED, name=name, search=search, **{**defaults, **settings})
    assert reply.status == 201, reply.text


def step(rest: Rest, clock: SteppedClock, seconds: float) -> list[Job]:
    clock.step_to(clock.now() + seconds)
    return rest.server.instance.scheduler.run_due(clock.now())


# --- when -------------------------------------------------------------------------------------------------------------


@pytest.mark.measured("N3.3")
def test_a_search_runs_at_each_moment_of_its_schedule(rest: Rest, clock: SteppedClock) -> None:
    create(rest)
    assert step(rest, clock, HOUR - 1) == []
    jobs = step(rest, clock, 1 + 2 * HOUR)
    assert [job.request.now for job in jobs] == [NOON + HOUR, NOON + 2 * HOUR, NOON + 3 * HOUR]
    assert all(job.sid.startswith("scheduler__nobody__search__RMD5") for job in jobs)
    assert f"_at_{int(NOON + HOUR)}_" in jobs[0].sid
    assert step(rest, clock, 1) == []


def test_times_are_relative_to_the_scheduled_moment(rest: Rest, clock: SteppedClock) -> None:
    search = "| makeresults | eval seen=now() | table seen"
    create(rest, search=search, **{"dispatch.earliest_time": "-70m@m", "dispatch.latest_time": "-10m@m"})
    job = step(rest, clock, HOUR + 600)[0]
    assert job.result is not None
    assert (job.result.earliest, job.result.latest) == (NOON + HOUR - 4200, NOON + HOUR - 600)
    row = rest.get(f"/services/search/jobs/{job.sid}/results").json["results"][0]
    assert float(row["seen"]) == NOON + HOUR


def test_several_searches_run_in_order(rest: Rest, clock: SteppedClock) -> None:
    create(rest, "b", cron_schedule="30 * * * *")
    create(rest, "a", cron_schedule="*/30 * * * *")
    assert [job.saved_search for job in step(rest, clock, HOUR)] == ["a", "b", "a"]


def test_what_does_not_run(rest: Rest, clock: SteppedClock) -> None:
    create(rest, "off", disabled="1")
    create(rest, "unscheduled", is_scheduled="0")
    assert step(rest, clock, HOUR) == []
    rest.post(f"{SAVED}/off/enable")
    assert [job.saved_search for job in step(rest, clock, HOUR)] == ["off"]
    rest.post(f"{SAVED}/off/disable")
    assert step(rest, clock, HOUR) == []


def test_one_moment_of_one_search(rest: Rest) -> None:
    """A run in the past can be asked for, whatever the clock says."""
    create(rest)
    scheduler = rest.server.instance.scheduler
    past = NOON - 1000 * HOUR
    assert [job.request.now for job in scheduler.run_at("s", past)] == [past]
    assert scheduler.run_at("s", past + 60) == []
    assert scheduler.run_at("nope", past) == []


def test_missed_runs(rest: Rest, clock: SteppedClock) -> None:
    """realtime_schedule of savedsearches.conf: only continuous scheduling makes up for what was missed."""
    create(rest, "continuous", realtime_schedule="0")
    create(rest, "realtime", realtime_schedule="1")
    clock.step_to(NOON + 3 * HOUR)
    jobs = rest.server.instance.scheduler.tick(clock.now())
    assert [job.saved_search for job in jobs] == ["continuous", "continuous", "continuous", "realtime"]
    assert jobs[-1].request.now == NOON + 3 * HOUR


@pytest.mark.parametrize(
    "late",
    [
        {"schedule_window": "30"},
        {"schedule_window": "auto", "allow_skew": "100%"},
        {"allow_skew": "5m", "realtime_schedule": "0"},
    ],
)
def test_a_window_or_a_skew_lets_a_run_start_late_and_moves_neither_its_now_nor_its_time_range(
    rest: Rest, clock: SteppedClock, late: dict[str, str]
) -> None:
    """schedule_window and allow_skew of savedsearches.conf set the actual start apart from the scheduled time."""
    times = {"dispatch.earliest_time": "-1h", "dispatch.latest_time": "now"}
    create(rest, search="| makeresults | eval seen=now() | table seen", **times, **late)
    clock.step_to(NOON + HOUR + 29 * 60)
    (job,) = rest.server.instance.scheduler.tick(clock.now())
    assert job.result is not None
    assert (job.result.earliest, job.result.latest) == (NOON, NOON + HOUR)
    assert rest.get(f"/services/search/jobs/{job.sid}/results").json["results"] == [{"seen": str(int(NOON + HOUR))}]


def test_a_real_time_search_is_refused_by_its_job(rest: Rest, clock: SteppedClock) -> None:
    create(rest, search="index=main", **{"dispatch.earliest_time": "rt-5m", "dispatch.latest_time": "rt"}, **RISK)
    (job,) = step(rest, clock, HOUR)
    content = rest.get(f"/services/search/jobs/{job.sid}").json["entry"][0]["content"]
    assert content["isFailed"] is True
    assert content["messages"][0]["text"] == "Unsupported: Real-time searches are not supported: 'rt-5m'."
    assert risk_count(rest) == 0


def test_a_server_follows_its_schedules_if_told_to() -> None:
    clock = SteppedClock(NOON)
    with Server(ServerConfig(password=PASSWORD, clock=clock, follow_schedules=True)).start() as running:
        rest = Rest(running)
        create(rest)
        clock.step_to(NOON + HOUR)
        deadline = time.monotonic() + 10
        while not rest.get(f"{SAVED}/s/history").json["entry"]:
            assert time.monotonic() < deadline, "the scheduler did not run"


# --- whether ----------------------------------------------------------------------------------------------------------

RISK = {"action.risk": "1", "action.risk.param._risk": json.dumps([{"risk_object_field": "n", "risk_score": 1}])}


def risk_count(rest: Rest) -> int:
    return int(rest.search("search index=risk | stats count")[0]["count"])


@pytest.mark.parametrize(
    ("count", "settings", "fires"),
    [
        (0, {"alert_type": "number of events", "alert_comparator": "greater than", "alert_threshold": "0"}, False),
        (3, {"alert_type": "number of events", "alert_comparator": "greater than", "alert_threshold": "2"}, True),
        (3, {"alert_type": "number of events", "alert_comparator": "greater than", "alert_threshold": "3"}, False),
        (3, {"alert_type": "number of events", "alert_comparator": "less than", "alert_threshold": "4"}, True),
        (3, {"alert_type": "number of events", "alert_comparator": "equal to", "alert_threshold": "3"}, True),
        (3, {"alert_type": "number of events", "alert_comparator": "not equal to", "alert_threshold": "3"}, False),
        (3, {"counttype": "number of events", "relation": "greater than", "quantity": "0"}, True),
        (3, {"alert_type": "number of hosts", "alert_comparator": "equal to", "alert_threshold": "1"}, True),
        (3, {"alert_type": "custom", "alert_condition": "search n=1"}, True),
        (3, {"alert_type": "custom", "alert_condition": "search n=9"}, False),
        (3, {"alert_type": "custom", "alert_condition": "stats sum(n) as n | where n > 2"}, True),
        (3, {"alert_type": "number of events", "alert_condition": "search n=9"}, False),
        (3, {"alert_type": "number of sources", "alert_comparator": "equal to", "alert_threshold": "0"}, True),
        (3, {"alert_type": "always"}, True),
    ],
)
def test_conditions(rest: Rest, clock: SteppedClock, count: int, settings: dict[str, str], fires: bool) -> None:
    """counttype, relation, quantity and alert_condition of savedsearches.conf; by the REST reference, a condition
    stands above the type."""
    create(rest, search=f'| makeresults count={count} | eval n=1, host="h" | table n host', **RISK, **settings)
    step(rest, clock, HOUR)
    assert bool(risk_count(rest)) == fires


def test_a_rise_is_measured_against_the_run_before(rest: Rest, clock: SteppedClock) -> None:
    condition = {"alert_type": "number of events", "alert_comparator": "rises by", "alert_threshold": "2"}
    create(rest, search="| makeresults | eval n=1 | table n", **RISK, **condition)
    step(rest, clock, HOUR)
    rest.post(f"{SAVED}/s", search="| makeresults count=3 | eval n=1 | table n")
    assert risk_count(rest) == 0
    step(rest, clock, HOUR)
    assert risk_count(rest) == 3
    step(rest, clock, HOUR)
    assert risk_count(rest) == 3


COUNTED = {"alert_type": "number of events", "alert_comparator": "greater than", "alert_threshold": "0"}


@pytest.mark.parametrize(
    ("counted", "relation", "quantity", "counts", "fired"),
    [
        ("events", "drops by", "2", [4, 3, 1], [False, False, True]),
        ("events", "rises by", "2", [4, 5, 7], [False, False, True]),
        ("events", "rises by", "30%", [4, 5, 7], [False, False, True]),
        ("events", "drops by perc", "20", [10, 9, 7], [False, False, True]),
        ("events", "rises by", "10%", [0, 5, 5], [False, False, False]),
        ("hosts", "drops by", "2", [3, 1, 1], [False, True, False]),
        ("sources", "rises by", "2", [1, 3, 3], [False, True, False]),
    ],
)
def test_a_change_is_measured_against_the_run_before_in_numbers_or_in_percent(
    rest: Rest, clock: SteppedClock, counted: str, relation: str, quantity: str, counts: list[int], fired: list[bool]
) -> None:
    """quantity of savedsearches.conf ("drops by 10%"), alert_comparator of the REST reference ("drops by perc")."""
    condition = {"alert_type": f"number of {counted}", "alert_comparator": relation, "alert_threshold": quantity}
    create(rest, **RISK, **condition)
    seen = []
    for count in counts:
        rows = '| makeresults count=10 | streamstats count as n | eval host="h".n, source="s".n | table n host source'
        rest.post(f"{SAVED}/s", search=f"{rows} | where n <= {count}")
        before = risk_count(rest)
        step(rest, clock, HOUR)
        seen.append(risk_count(rest) > before)
    assert seen == fired


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"alert_type": "custom"}, "alert_type is custom, but alert_condition is empty"),
        ({"alert_type": "number of users"}, "alert_type=number of users is no condition"),
        ({"alert_comparator": "bigger"}, "alert_comparator=bigger with alert_threshold=0 is no condition"),
        ({"alert_threshold": "many"}, "alert_comparator=greater than with alert_threshold=many is no condition"),
        ({"alert_threshold": "10%"}, "alert_comparator=greater than with alert_threshold=10% is no condition"),
        ({"alert_condition": "| nonsense"}, "Unknown search command 'nonsense'."),
        ({"alert.suppress": "1"}, "alert.suppress.period= is no time"),
        ({"alert.suppress": "1", "alert.suppress.period": "a while"}, "alert.suppress.period=a while is no time"),
        ({"alert.suppress": "1", "alert.suppress.period": "1h", "alert.digest_mode": "0"}, "which is empty"),
    ],
)
def test_a_condition_that_is_none_acts_on_nothing_and_is_an_error_of_the_job(
    rest: Rest, clock: SteppedClock, settings: dict[str, str], said: str
) -> None:
    create(rest, search="| makeresults | eval n=1 | table n", **RISK, **COUNTED | settings)
    (job,) = step(rest, clock, HOUR)
    content = rest.get(f"/services/search/jobs/{job.sid}").json["entry"][0]["content"]
    (message,) = [each for each in content["messages"] if each["type"] == "ERROR"]
    assert said in message["text"]
    assert risk_count(rest) == 0


# --- throttling -------------------------------------------------------------------------------------------------------


def test_throttling_without_fields(rest: Rest, clock: SteppedClock) -> None:
    create(
        rest,
        search="| makeresults | eval n=1 | table n",
        **RISK,
        **{"alert.suppress": "1", "alert.suppress.period": "90m"},
    )
    counts = []
    for _ in range(4):
        step(rest, clock, HOUR)
        counts.append(risk_count(rest))
    assert counts == [1, 1, 2, 2]


def test_throttling_by_fields_lets_other_rows_through(rest: Rest, clock: SteppedClock) -> None:
    throttle = {"alert.suppress": "1", "alert.suppress.period": "86400s", "alert.suppress.fields": "n"}
    create(rest, search="index=main | table n", **RISK, **throttle)
    rest.hec("/services/collector/event", b'{"event":"x","fields":{"n":"1"}}{"event":"y","fields":{"n":"1"}}')
    step(rest, clock, HOUR)
    assert risk_count(rest) == 1  # the second row has the same n
    rest.hec("/services/collector/event", b'{"event":"z","fields":{"n":"2"}}')
    step(rest, clock, HOUR)
    assert rest.search("search index=risk | stats count by risk_object | table risk_object count") == [
        {"risk_object": "1", "count": "1"},
        {"risk_object": "2", "count": "1"},
    ]
    step(rest, clock, 24 * HOUR)
    assert risk_count(rest) > 2


def test_throttling_by_several_fields_goes_by_their_combination(rest: Rest, clock: SteppedClock) -> None:
    throttle = {"alert.suppress": "1", "alert.suppress.period": "1d", "alert.suppress.fields": "n, m"}
    rows = '| makeresults | eval pair=split("1a 1b 2a 1a", " ") | mvexpand pair'
    create(rest, search=f"{rows} | eval n=substr(pair,1,1), m=substr(pair,2) | table n m", **RISK, **throttle)
    step(rest, clock, HOUR)
    assert risk_count(rest) == 3
    step(rest, clock, HOUR)
    assert risk_count(rest) == 3


def test_groups_of_one_name_are_apart_for_each_owner(rest: Rest, clock: SteppedClock) -> None:
    """alert.suppress.group_name of savedsearches.conf: alerts of different users are in no group together."""
    rest.post("/services/authentication/users", name="bob", password="changed-it", roles="admin")
    throttle = {"alert.suppress": "1", "alert.suppress.period": "1d", "alert.suppress.group_name": "g"}
    for owner in ("admin", "bob"):
        settings = {"is_scheduled": "1", "cron_schedule": "0 * * * *", **RISK, **throttle}
        made = rest.post(
            f"/servicesNS/{owner}/search/saved/searches",
            name=owner,
            search="| makeresults | eval n=1 | table n",
            **settings,
        )
        assert made.status == 201, made.text
    step(rest, clock, HOUR)
    assert risk_count(rest) == 2


def test_throttling_can_be_shared_and_lifted(rest: Rest, clock: SteppedClock) -> None:
    throttle = {"alert.suppress": "1", "alert.suppress.period": "1d", "alert.suppress.group_name": "g"}
    for name in ("a", "b"):
        create(rest, name, search="| makeresults | eval n=1 | table n", **RISK, **throttle)
    step(rest, clock, HOUR)
    assert risk_count(rest) == 1
    rest.post(f"{SAVED}/a/suppress", expiration="0")
    step(rest, clock, HOUR)
    assert risk_count(rest) == 2


# --- risk and notable events ------------------------------------------------------------------------------------------

DETECTION = {
    "action.risk": "1",
    "action.risk.param._risk": json.dumps(
        [
            {"risk_object_field": "dest", "risk_object_type": "system", "risk_score": 64},
            {"risk_object_field": "user", "risk_object_type": "user", "risk_score": 30},
            {"risk_object_field": "absent", "risk_object_type": "other", "risk_score": 1},
            {"threat_object_field": "process", "threat_object_type": "process_name"},
        ]
    ),
    "action.risk.param._risk_message": 'On $dest$ ran "$process$" by $user$, $nothing$.',
    "action.notable": "1",
    "action.notable.param.rule_title": "Net on $dest$",
    "action.notable.param.security_domain": "endpoint",
    "action.notable.param.severity": "high",
    "action.correlationsearch.label": "ESCU - Net - Rule",
    "action.correlationsearch.annotations": json.dumps(
        {"analytic_story": ["A", "B"], "mitre_attack": ["T1049"], "confidence": 80}
    ),
    "description": "finds net",
}
FOUND = (
    '| makeresults | eval dest="host1", user=split("alice;bob",";"), process="net.exe \\"a,b\\"", host="x", _time=5 '
    "| table _time dest user process host"
)


def fire(rest: Rest, clock: SteppedClock) -> Job:
    create(rest, "ESCU - Net - Rule", FOUND, **DETECTION)
    return step(rest, clock, HOUR)[0]


def test_a_risk_event_for_each_value_of_each_risk_object(rest: Rest, clock: SteppedClock) -> None:
    """api-addons-cim 5.3"""
    job = fire(rest, clock)
    fields = "risk_object risk_object_type risk_score risk_message threat_object threat_object_type"
    found = f'search index=risk search_name="ESCU - Net - Rule" orig_sid="{job.sid}"'
    rows = rest.search(f"{found} | stats count by {fields} | fields - count")
    message = 'On host1 ran "net.exe "a,b"" by alice, bob, $nothing$.'
    shared = {"risk_message": message, "threat_object": 'net.exe "a,b"', "threat_object_type": "process_name"}
    assert rows == [
        {"risk_object": "alice", "risk_object_type": "user", "risk_score": "30", **shared},
        {"risk_object": "bob", "risk_object_type": "user", "risk_score": "30", **shared},
        {"risk_object": "host1", "risk_object_type": "system", "risk_score": "64", **shared},
    ]


def test_what_a_risk_event_carries(rest: Rest, clock: SteppedClock) -> None:
    """api-addons-cim 5.3, 5.4"""
    job = fire(rest, clock)
    row = rest.search("search index=risk risk_object=host1 | fields *")[0]
    wanted: dict[str, Any] = {
        "search_name": "ESCU - Net - Rule",
        "orig_sid": job.sid,
        "orig_rid": "0",
        "orig_action_name": "risk",
        "orig_time": "1970-01-01T00:00:05.000+00:00",
        "orig_host": "x",
        "dest": "host1",
        "user": ["alice", "bob"],
        "annotations.mitre_attack": "T1049",
        "annotations._all": ["A", "B", "T1049"],
        "analyticstories": ["A", "B"],
        "savedsearch_description": "finds net",
        "contributing_events_search": '| savedsearch "ESCU - Net - Rule" | search dest="host1"',
        "source": "ESCU - Net - Rule",
        "sourcetype": "stash",
        "info_max_time": "+Infinity",
        "_time": "2026-03-01T13:00:00.000+00:00",
    }
    assert {name: row.get(name) for name in wanted} == wanted
    assert json.loads(row["annotations"])["confidence"] == 80
    assert row["_raw"].startswith(f'{int(NOON + HOUR)}, search_name="ESCU - Net - Rule", analyticstories="A", ')
    assert 'process="net.exe \\"a,b\\""' in row["_raw"]


def test_a_notable_per_row(rest: Rest, clock: SteppedClock) -> None:
    """api-addons-cim 5.3"""
    job = fire(rest, clock)
    fields = "search_name rule_name rule_title orig_rule_title severity security_domain dest"
    rows = rest.search(f'search index=notable orig_sid="{job.sid}" | table {fields}')
    assert rows == [
        {
            "search_name": "ESCU - Net - Rule",
            "rule_name": "ESCU - Net - Rule",
            "rule_title": "Net on host1",
            "orig_rule_title": "Net on $dest$",
            "severity": "high",
            "security_domain": "endpoint",
            "dest": "host1",
        }
    ]


def test_a_dispatch_triggers_actions_only_if_asked_to(rest: Rest) -> None:
    create(rest, search="| makeresults | eval n=1 | table n", **RISK)

    def dispatch(**arguments: str) -> None:
        sid = rest.post(f"{SAVED}/s/dispatch", **arguments).json["sid"]
        rest.server.instance.jobs.get(sid).finished.result(10)

    dispatch()
    assert risk_count(rest) == 0
    dispatch(trigger_actions="True")
    assert risk_count(rest) == 1


def test_an_action_that_is_not_carried_out_is_said(rest: Rest, clock: SteppedClock) -> None:
    create(rest, search="| makeresults", **{"action.email": "1"})
    job = step(rest, clock, HOUR)[0]
    assert [m.text for m in job.messages] == ["The alert action 'email' is not carried out by this server."]


def test_parameters_that_cannot_be_read_are_an_error_of_the_job(rest: Rest, clock: SteppedClock) -> None:
    create(rest, search="| makeresults", **{"action.risk": "1", "action.risk.param._risk": "{"})
    job = step(rest, clock, HOUR)[0]
    assert job.messages[0].type == "ERROR"
    assert "action.risk.param._risk" in job.messages[0].text


# --- fired alerts -----------------------------------------------------------------------------------------------------


@pytest.mark.measured("M5.12", "M5.13", "N5.13", "N5.14", "N5.15")
def test_fired_alerts(rest: Rest, clock: SteppedClock) -> None:
    create(rest, search="| makeresults", **{"alert.track": "1", "alert.severity": "4"})
    create(rest, "quiet", search="| makeresults")
    jobs = [job for job in step(rest, clock, 2 * HOUR) if job.saved_search == "s"]
    listed = rest.get("/services/alerts/fired_alerts").json
    assert listed["links"] == {}
    assert {entry["name"]: entry["content"]["triggered_alert_count"] for entry in listed["entry"]} == {"-": 2, "s": 2}
    found = rest.get("/services/alerts/fired_alerts/s").json["entry"]
    assert [entry["name"] for entry in found] == [job.sid for job in jobs]
    assert found[0]["content"]["trigger_time"] == NOON + HOUR
    assert found[0]["content"]["severity"] == 4
    assert rest.get(f"{SAVED}/s").json["entry"][0]["content"]["triggered_alert_count"] == 2
    assert rest.get("/services/alerts/fired_alerts/quiet").json["entry"] == []
    unknown = rest.get("/services/alerts/fired_alerts/nope")
    assert (unknown.status, unknown.message) == (
        404,
        ("ERROR", 'Could not find alert savedsearch_id="admin;search;nope"'),
    )
    assert rest("DELETE", "/services/alerts/fired_alerts/s").status == 400
    assert rest("DELETE", f"/services/alerts/fired_alerts/{jobs[0].sid}").status == 200
    assert len(rest.get("/services/alerts/fired_alerts/s").json["entry"]) == 1


@pytest.mark.parametrize(("kind", "listed"), [("number of events", 1), ("always", 0)])
def test_tracking_that_is_left_to_the_server_leaves_out_what_always_triggers(
    rest: Rest, clock: SteppedClock, kind: str, listed: int
) -> None:
    """alert.track of savedsearches.conf"""
    create(rest, search="| makeresults | eval n=1", **RISK, **COUNTED | {"alert_type": kind}, **{"alert.track": "auto"})
    step(rest, clock, HOUR)
    assert len(rest.get("/services/alerts/fired_alerts/s").json["entry"]) == listed


def test_per_result_alerts_fire_once_a_row(rest: Rest, clock: SteppedClock) -> None:
    create(rest, search="| makeresults count=3", **{"alert.track": "1", "alert.digest_mode": "0"})
    step(rest, clock, HOUR)
    assert len(rest.get("/services/alerts/fired_alerts/s").json["entry"]) == 3
