"""Saved searches over REST."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from harness.clock import SteppedClock
from harness.server.config import ServerConfig
from harness.server.server import Server
from tests.server.wire import PASSWORD, Reply, Rest

SAVED = "/services/saved/searches"
SHARED = "/servicesNS/nobody/search/saved/searches"
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC).timestamp()


@pytest.fixture
def rest() -> Iterator[Rest]:
    with Server(ServerConfig(password=PASSWORD, clock=SteppedClock(NOON))).start() as running:
        yield Rest(running)


def create(rest: Rest, name: str = "mine", path: str = SAVED, **settings: str) -> Reply:
    return rest.post(path, name=name, **{"search": "| makeresults", **settings})


def content(reply: Reply) -> dict[str, object]:
    return dict(reply.json["entry"][0]["content"])


@pytest.mark.measured("M5.11", "N5.3", "N5.12")
def test_create(rest: Rest) -> None:
    reply = create(rest)
    assert reply.status == 201
    entry = reply.json["entry"][0]
    assert "/servicesNS/admin/search/saved/searches/mine" in entry["id"]
    assert (entry["acl"]["sharing"], entry["acl"]["perms"], entry["acl"]["removable"]) == ("user", None, True)
    again = create(rest)
    assert (again.status, again.message) == (
        409,
        ("ERROR", "Unable to create saved search with name 'mine'. A saved search with that name already exists."),
    )
    shared = create(rest, path=SHARED).json["entry"][0]
    assert "/servicesNS/nobody/search/saved/searches/mine" in shared["id"]
    assert shared["acl"]["sharing"] == "app"


@pytest.mark.measured("M5.1", "M5.2", "M5.3", "M5.4", "M5.5")
def test_defaults(rest: Rest) -> None:
    found = content(create(rest))
    assert len(found) >= 217
    assert found["alert_type"] == "always"
    assert (found["alert_comparator"], found["alert_threshold"]) == ("", "")
    assert (found["alert.expires"], found["alert.severity"], found["alert.digest_mode"]) == ("24h", 3, True)
    assert found["alert.suppress"] is None
    assert (found["dispatch.ttl"], found["dispatch.max_count"], found["dispatch.sample_ratio"]) == ("2p", 500000, "1")
    assert (found["realtime_schedule"], found["schedule_window"], found["max_concurrent"]) == (True, "0", 1)
    assert (found["is_scheduled"], found["is_visible"], found["disabled"]) == (False, True, False)
    assert found["action.email"] is False
    assert found["next_scheduled_time"] == ""


@pytest.mark.measured("M5.6", "N5.1")
def test_the_qualified_search(rest: Rest) -> None:
    assert content(create(rest, "a", search="| rest x"))["qualifiedSearch"] == " rest x"
    assert content(create(rest, "b", search="index=main"))["qualifiedSearch"] == "search index=main"
    assert content(create(rest, "c", search="search index=x"))["qualifiedSearch"] == "search search index=x"


@pytest.mark.measured("M5.7", "M5.8", "N5.2")
def test_links(rest: Rest) -> None:
    entry = create(rest).json["entry"][0]
    assert set(entry["links"]) == {
        "_reload", "alternate", "disable", "dispatch", "edit", "embed", "history", "list", "move", "remove"
    }  # fmt: skip
    assert {"can_change_perms", "can_share_app", "can_share_global", "can_share_user"} <= entry["acl"].keys()
    scheduled = create(rest, "s", is_scheduled="1", cron_schedule="0 * * * *").json["entry"][0]
    assert {"acknowledge", "notify", "reschedule", "scheduled_times", "suppress"} <= scheduled["links"].keys()


@pytest.mark.measured("M5.9", "M5.10")
def test_unknown_and_missing(rest: Rest) -> None:
    assert rest.get(f"{SAVED}/nope").message == ("ERROR", "Could not find object id=nope")
    reply = rest.post(SAVED, search="x")
    assert (reply.status, reply.message[1]) == (
        400,
        'Cannot perform action "POST" without a target name to act on.',
    )
    assert rest.post(SAVED, name="x").status == 400
    assert create(rest, "x", zzz="1").message == ("ERROR", 'Argument "zzz" is not supported by this handler.')
    assert create(rest, "x", cron_schedule="every day").status == 400


def test_edit_keeps_what_is_not_sent(rest: Rest) -> None:
    create(rest, description="first", **{"action.risk": "1", "action.risk.param._risk": "[]"})
    found = content(rest.post(f"{SAVED}/mine", description="second"))
    assert (found["description"], found["search"], found["actions"]) == ("second", "| makeresults", "risk")
    assert found["action.risk.param._risk"] == "[]"
    found = content(rest.post(f"{SAVED}/mine", actions="notable"))
    assert (found["actions"], found["action.risk"], found["action.notable"]) == ("notable", False, True)


@pytest.mark.measured("N9.2", "N9.3", "N9.4")
def test_a_private_search_hides_a_shared_one(rest: Rest) -> None:
    create(rest, description="private")
    create(rest, path=SHARED, description="shared")
    assert content(rest.get(f"{SAVED}/mine"))["description"] == "private"
    assert content(rest.get(f"{SHARED}/mine"))["description"] == "shared"
    assert len(rest.get("/servicesNS/-/search/saved/searches/mine").json["entry"]) == 2
    assert rest("DELETE", f"{SAVED}/mine").status == 200
    assert content(rest.get(f"{SAVED}/mine"))["description"] == "shared"


@pytest.mark.measured("M2.27", "M9.4")
def test_names_are_encoded_in_ids(rest: Rest) -> None:
    entry = create(rest, "ESCU - Grüße/x - Rule").json["entry"][0]
    assert entry["id"].endswith("/ESCU%20-%20Gr%C3%BC%C3%9Fe%252Fx%20-%20Rule")
    assert rest.get(entry["links"]["alternate"]).json["entry"][0]["name"] == "ESCU - Grüße/x - Rule"


@pytest.mark.measured("M2.68")
def test_a_blank_may_come_as_a_plus(rest: Rest) -> None:
    """A plus is a plus where there is such a name; splunklib writes blanks as one."""
    create(rest, "two words")
    assert rest.get(f"{SAVED}/two+words").json["entry"][0]["name"] == "two words"
    assert rest.post(f"{SAVED}/two+words/disable").status == 200
    create(rest, "two+words")
    assert rest.get(f"{SAVED}/two+words").json["entry"][0]["name"] == "two+words"
    assert rest.get(f"{SAVED}/no+such").message == ("ERROR", "Could not find object id=no+such")


# --- running ----------------------------------------------------------------------------------------------------------


def dispatch(rest: Rest, name: str = "mine", path: str = SAVED, **arguments: str) -> dict[str, object]:
    reply = rest.post(f"{path}/{name}/dispatch", **arguments)
    assert reply.status == 201, reply.text
    sid = reply.json["sid"]
    rest.server.instance.jobs.get(sid).finished.result(10)
    return content(rest.get(f"/services/search/jobs/{sid}"))


@pytest.mark.measured("N3.3", "N5.7")
def test_dispatch(rest: Rest) -> None:
    create(rest)
    create(rest, path=SHARED)
    private, shared = dispatch(rest), dispatch(rest, path=SHARED)
    assert str(private["sid"]).startswith("admin__admin__search__RMD5")
    assert str(shared["sid"]).startswith("admin__nobody__search__RMD5")
    assert f"_at_{int(NOON)}_" in str(shared["sid"])
    assert private["isSavedSearch"] is True
    assert private["label"] == "mine"


def test_dispatch_as_if_at_another_time(rest: Rest) -> None:
    create(rest, **{"dispatch.earliest_time": "-70m@m", "dispatch.latest_time": "-10m@m"})
    moment = NOON - 86400
    found = dispatch(rest, **{"dispatch.now": f"{moment:.0f}"})
    assert (found["searchEarliestTime"], found["searchLatestTime"]) == (moment - 4200, moment - 600)
    found = dispatch(rest, **{"dispatch.earliest_time": "0", "dispatch.latest_time": "now"})
    assert (found["searchEarliestTime"], found["searchLatestTime"]) == (0, NOON)


@pytest.mark.measured("N5.8")
def test_dispatch_is_refused(rest: Rest) -> None:
    create(rest)
    reply = rest.post("/servicesNS/-/search/saved/searches/mine/dispatch")
    assert (reply.status, reply.message[1]) == (
        400,
        "Cannot edit/create a saved search for wildcarded users or applications",
    )
    rest.post(f"{SAVED}/mine/disable")
    assert rest.post(f"{SAVED}/mine/dispatch").status == 400
    assert rest.post(f"{SAVED}/nope/dispatch").status == 404


@pytest.mark.measured("N5.9")
def test_history(rest: Rest) -> None:
    create(rest)
    sids = [str(dispatch(rest)["sid"]) for _ in range(3)]
    feed = rest.get(f"{SAVED}/mine/history").json
    assert {entry["name"] for entry in feed["entry"]} == set(sids)
    entry = feed["entry"][0]
    assert entry["links"]["alternate"].startswith("/servicesNS/nobody/search/search/jobs/")
    assert {"isDone", "isFinalized", "isRealTimeSearch", "isSaved", "isScheduled", "isZombie", "ttl"} <= entry[
        "content"
    ].keys()
    assert len(rest.get(f"{SAVED}/mine/history", count=2).json["entry"]) == 2
    assert b"<title>mine</title>" in rest("GET", f"{SAVED}/mine/history").body


# --- the schedule -----------------------------------------------------------------------------------------------------


@pytest.mark.measured("N5.4", "N5.5")
def test_next_and_further_times(rest: Rest) -> None:
    create(rest, is_scheduled="1", cron_schedule="*/15 * * * *")
    assert content(rest.get(f"{SAVED}/mine"))["next_scheduled_time"] == "2026-03-01 12:15:00 UTC"
    reply = rest.get(f"{SAVED}/mine/scheduled_times", earliest_time="now", latest_time="+1h")
    assert content(reply)["scheduled_times"] == [int(NOON) + 900 * n for n in (1, 2, 3, 4)]


@pytest.mark.measured("N5.6")
def test_reschedule(rest: Rest) -> None:
    create(rest, is_scheduled="1", cron_schedule="*/15 * * * *")
    bad = rest.post(f"{SAVED}/mine/reschedule", schedule_time="2030-01-01T00:00:00.000+00:00")
    assert (bad.status, bad.message[1]) == (400, "Invalid schedule_time format")
    assert rest.post(f"{SAVED}/mine/reschedule", schedule_time="+5s").status == 200


@pytest.mark.measured("N5.10", "N5.11")
def test_suppress_and_acknowledge(rest: Rest) -> None:
    create(rest)
    assert content(rest.get(f"{SAVED}/mine/suppress"))["suppressed"] is False
    assert content(rest.post(f"{SAVED}/mine/suppress", expiration="60"))["expiration"] == "60"
    assert content(rest.get(f"{SAVED}/mine/suppress"))["suppressed"] is True
    assert "mine" in str(content(rest.post(f"{SAVED}/mine/acknowledge"))["suppressionKey"])
    assert content(rest.get(f"{SAVED}/mine/suppress"))["suppressed"] is False


def test_buckets_of_a_dispatch_are_those_of_its_timeline(rest: Rest) -> None:
    """The SDK for JavaScript asks for them: tests/service_tests/savedsearch.js"""
    rest.post("/servicesNS/nobody/search/saved/searches", name="bucketed", search="index=main | head 1")
    path = "/servicesNS/nobody/search/saved/searches/bucketed/dispatch"
    for given, shown in (({"dispatch.buckets": "295"}, 295), ({}, 0)):
        sid = rest.post(path, **given).json["sid"]
        assert rest.get(f"/services/search/jobs/{sid}").json["entry"][0]["content"]["statusBuckets"] == shown
