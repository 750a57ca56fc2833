"""The parser, the time parser, typeahead, and what the server says about itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from harness.clock import SteppedClock
from harness.server.config import ServerConfig
from harness.server.routing import Listed, all_paths, listing
from harness.server.server import Server
from tests.server.wire import PASSWORD, Rest

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC).timestamp()


@pytest.fixture(scope="module")
def rest() -> Iterator[Rest]:
    with Server(ServerConfig(password=PASSWORD, clock=SteppedClock(NOON))).start() as running:
        yield Rest(running)


# --- timeparser -------------------------------------------------------------------------------------------------------


@pytest.mark.measured("M3.49", "N3.34")
def test_timeparser(rest: Rest) -> None:
    assert rest.get("/services/search/timeparser", time="-1d@d").json == {"-1d@d": "2026-02-28T00:00:00.000+00:00"}
    for wrong in ("-30x", ["now", "now"]):
        reply = rest.get("/services/search/timeparser", time=wrong)
        assert (reply.status, reply.message) == (400, ("FATAL", "Invalid time."))
    nothing = rest.get("/services/search/timeparser")
    assert (nothing.status, nothing.body) == (204, b"")
    both = rest.get("/services/search/timeparser", time=["-1h", "+1h"], now="3600", output_time_format="%s")
    assert both.json == {"-1h": "0", "+1h": "7200"}


# --- parser -----------------------------------------------------------------------------------------------------------


@pytest.mark.measured("M3.39", "M3.40", "M3.41", "M3.42")
@pytest.mark.parametrize("path", ["/services/search/parser", "/services/search/v2/parser"])
def test_parser(rest: Rest, path: str) -> None:
    found = rest.post(path, q="search index=main | eval x=1 | stats count by host").json
    assert set(found) == {
        "remoteSearch", "normalizedSearch", "remoteTimeOrdered", "eventsSearch", "eventsTimeOrdered",
        "eventsStreaming", "reportsSearch", "isStreamingSearch", "canSummarize", "commands",
    }  # fmt: skip
    assert found["eventsSearch"] == "search index=main | eval x=1"
    assert found["reportsSearch"] == "stats count by host"
    kinds = [(command["command"], command["pipeline"], command["streamType"]) for command in found["commands"]]
    assert kinds == [
        ("search", "streaming", "SP_STREAM"),
        ("eval", "streaming", "SP_STREAM"),
        ("stats", "report", "SP_STREAMREPORT"),
    ]
    assert found["commands"][2]["preStreamingOp"] == "prestats count by host"
    assert "preStreamingOp" not in found["commands"][0]


@pytest.mark.measured("M3.43", "M3.44", "M3.45", "M3.46")
def test_arguments_of_commands(rest: Rest) -> None:
    def command(text: str) -> dict[str, object]:
        return dict(rest.post("/services/search/parser", q=f"search index=main | {text}").json["commands"][1])

    stats = command("stats count dc(host) AS hosts BY user")
    assert stats["args"] == {
        "stat-specifiers": [
            {"function": "count", "rename": "count"},
            {"function": "dc", "field": "host", "rename": "hosts"},
        ],
        "groupby-fields": ["user"],
    }
    assert command("top limit=5 host")["args"] == {
        "limit": 5, "showperc": True, "showcount": True, "percentfield": "percent", "countfield": "count",
        "fields": ["host"],
    }  # fmt: skip
    chart = command("timechart span=1h count by host")["args"]
    assert isinstance(chart, dict)
    assert (chart["xfield"], chart["xfieldopts"], chart["seriesfield"]) == ("_time", ["span=1h"], "host")
    assert (chart["usenull"], chart["otherstr"], chart["seriesfilter"]) == (True, "OTHER", "sum IN top10")
    assert command("head 5")["preStreamingOp"] == "prehead limit=5 null=false keeplast=false"
    sort = command("sort -count")
    assert (sort["preStreamingOp"], sort["isStreamingOpRequired"]) == ("presort 10000 -auto(count)", True)
    dedup = command("dedup host")
    assert dedup["preStreamingOp"] == 'prededup 1 keepempty=false consecutive=false keepevents=false "host"'
    assert (command("tail 5")["preStreamingOp"], command("tail 5")["args"]) == ("", "5")


@pytest.mark.measured("M3.39", "M3.48", "M2.75")
def test_what_the_parser_refuses(rest: Rest) -> None:
    assert rest.post("/services/search/parser").message == ("FATAL", "Invalid query.")
    unknown = rest.post("/services/search/parser", q="| boguscmd")
    assert (unknown.status, unknown.message) == (400, ("FATAL", "Unknown search command 'boguscmd'."))
    get = rest.get("/services/search/parser")
    assert (get.status, get.message, get.headers["allow"]) == (405, ("FATAL", "The method is not allowed."), "POST")
    assert rest.get("/services/search/parse").message == ("FATAL", "Unknown endpoint.")


@pytest.mark.measured("M3.47")
def test_a_leading_pipe_has_no_events(rest: Rest) -> None:
    found = rest.post("/services/search/parser", q='| makeresults | eval x="a|b"').json
    assert found["eventsSearch"] == ""
    assert [command["command"] for command in found["commands"]] == ["makeresults", "eval"]


# --- typeahead --------------------------------------------------------------------------------------------------------


@pytest.mark.measured("M2.13", "M2.76", "M3.50", "M3.51", "N3.36")
def test_typeahead(rest: Rest) -> None:
    path = "/services/search/typeahead"
    csv = rest("GET", f"{path}?prefix=index%3Dmai&count=10")
    assert csv.text == 'content,count,operator\n"index=""main""",0,true\n'
    assert {"content": 'index="_internal"', "count": 0, "operator": True} in rest.get(
        path, prefix="index=_", count=50
    ).json["results"]
    rest.hec("/services/collector/event", b'{"event":"x","host":"web1"}{"event":"y","host":"web1"}')
    assert rest.get(path, prefix="host=we", count=5).json["results"] == [
        {"content": 'host="web1"', "count": 2, "operator": False}
    ]
    assert rest("GET", f"{path}?prefix=index%3Dmai").status == 400
    nothing = rest("GET", f"{path}?prefix=bare&count=5")
    assert (nothing.status, "content-type" in nothing.headers) == (204, False)
    wrong = rest("POST", f"{path}?output_mode=json")
    assert (wrong.status, wrong.message, "allow" in wrong.headers) == (405, ("ERROR", "Method Not Allowed"), False)


# --- the server -------------------------------------------------------------------------------------------------------


@pytest.mark.measured("M8.19", "M8.20")
def test_server_info(rest: Rest) -> None:
    entry = rest.get("/services/server/info").json["entry"][0]
    assert entry["name"] == "server-info"
    assert set(entry["links"]) == {"alternate", "list"}
    content = entry["content"]
    assert content["max_users"] == 4294967295
    assert content["shutting_down"] == "0"
    assert content["licenseState"] == "OK"
    assert tuple(map(int, content["version"].split("."))) >= (9, 0, 2)


@pytest.mark.measured("M8.22")
def test_server_settings(rest: Rest) -> None:
    entry = rest.get("/services/server/settings/settings").json["entry"][0]
    assert len(entry["content"]) == 25
    assert entry["content"]["mgmtHostPort"] == int(rest.server.rest_url.rpartition(":")[2])


@pytest.mark.measured("M2.58", "M8.21")
def test_server_status(rest: Rest) -> None:
    feed = rest.get("/services/server/status", count=1).json
    assert len(feed["entry"]) == 7
    assert "paging" not in feed
    assert feed["entry"][0]["acl"]["perms"] is None
    assert [entry["name"] for entry in feed["entry"] if "_reload" in entry["links"]] == ["limits", "resource-usage"]


@pytest.mark.measured("M7.14", "M8.23", "M8.24")
def test_health_and_licence(rest: Rest) -> None:
    assert rest.get("/services/server/health/splunkd").json["entry"][0]["content"]["health"] == "green"
    assert rest.get("/services/licenser/licenses").json["entry"][0]["content"]["quota"] == 524288000
    assert rest.get("/services/kvstore/status").json["entry"][0]["content"]["current"]["status"] == "ready"


@pytest.mark.measured("N8.14", "N8.17")
def test_bulletins_and_restart(rest: Rest) -> None:
    made = rest.post("/services/messages", name="restart_required", value="please", severity="warn")
    assert made.status == 201
    content = rest.get("/services/messages/restart_required").json["entry"][0]["content"]
    assert (content["message"], content["restart_required"], content["severity"]) == ("please", "please", "warn")
    assert rest.post("/services/server/control/restart").status == 200
    assert rest.get("/services/messages").json["entry"] == []
    assert rest("DELETE", "/services/messages/nope").status == 404


# --- all endpoints ----------------------------------------------------------------------------------------------------


def test_every_endpoint_says_what_it_does() -> None:
    """The page of all endpoints is made from the routes and these texts."""
    for path in all_paths():
        for verb, route in path.routes.items():
            assert route.function.__doc__, f"{verb} {path.pattern}"


def test_the_listing_of_endpoints() -> None:
    found = listing()
    assert Listed("POST", "/services/auth/login", "A session key for a user and password; with ``cookie=1`` as a "
                  "cookie too (M1.8-M1.13, N1.7, N1.22)", "served") in found  # fmt: skip
    assert all(row.text for row in found)


def test_every_collection_can_be_listed(rest: Rest) -> None:
    """No endpoint that needs no arguments fails."""
    special = {"", "search/typeahead", "data/lookup_edit/lookup_contents", "storage/collections/config"}
    for path in all_paths():
        if "{" not in path.pattern and "GET" in path.routes and path.pattern not in special:
            for mode in ("json", "xml"):
                reply = rest("GET", f"/services/{path.pattern}?output_mode={mode}")
                assert reply.status in {200, 204}, (path.pattern, reply.text)
