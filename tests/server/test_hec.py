"""The HTTP Event Collector."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator

import pytest

from harness.server.config import ServerConfig
from harness.server.server import Server
from tests.server.wire import PASSWORD, Reply, Rest

EVENT = "/services/collector/event"
RAW = "/services/collector/raw"


@pytest.fixture
def fresh() -> Iterator[Rest]:
    with Server(ServerConfig(password=PASSWORD, indexes=["other"])).start() as running:
        yield Rest(running)


def make_token(rest: Rest, name: str, **settings: str) -> str:
    reply = rest.post("/services/data/inputs/http", name=name, **settings)
    assert reply.status == 201, reply.text
    return str(reply.json["entry"][0]["content"]["token"])


def answer(reply: Reply) -> tuple[int, dict[str, object]]:
    return reply.status, reply.json


# --- who may send -----------------------------------------------------------------------------------------------------


@pytest.mark.measured("M6.1")
def test_a_token_is_needed(rest: Rest) -> None:
    reply = rest("POST", EVENT, b'{"event":"x"}', headers={}, hec=True)
    assert answer(reply) == (401, {"text": "Token is required", "code": 2})
    assert reply.headers["content-type"] == "application/json; charset=UTF-8"


@pytest.mark.measured("M6.2", "M6.3")
def test_an_unknown_token(rest: Rest) -> None:
    wrong = {"text": "Invalid token", "code": 4}
    assert answer(rest.hec(EVENT, b'{"event":"x"}', token="nope")) == (403, wrong)
    assert answer(rest("POST", f"{EVENT}?token=nope", b'{"event":"x"}', headers={}, hec=True)) == (403, wrong)


@pytest.mark.measured("M6.4", "M6.5", "M6.23")
def test_a_token_in_the_query_must_be_allowed(fresh: Rest) -> None:
    token = make_token(fresh, "q")
    url = f"{EVENT}?token={token}"
    refused = fresh("POST", url, b'{"event":"x"}', headers={}, hec=True)
    assert answer(refused) == (400, {"text": "Query string authorization is not enabled", "code": 16})
    assert "vary" not in refused.headers
    fresh.post("/services/data/inputs/http/q", allowQueryStringAuth="true")
    assert answer(fresh("POST", url, b'{"event":"x"}', headers={}, hec=True)) == (200, {"text": "Success", "code": 0})


@pytest.mark.measured("M6.6", "N6.9")
def test_a_disabled_token(fresh: Rest) -> None:
    token = make_token(fresh, "d")
    assert fresh.post("/services/data/inputs/http/d/disable").status == 200
    assert answer(fresh.hec(EVENT, b'{"event":"x"}', token)) == (403, {"text": "Token disabled", "code": 1})
    assert fresh.post("/services/data/inputs/http/http%3A%2F%2Fd/enable").status == 200
    assert fresh.hec(EVENT, b'{"event":"x"}', token).status == 200


def test_basic_credentials_carry_the_token_as_password(rest: Rest) -> None:
    headers = rest.basic(username="any", password=rest.server.hec_token)
    assert rest("POST", EVENT, b'{"event":"x"}', headers=headers, hec=True).status == 200


# --- bodies -----------------------------------------------------------------------------------------------------------


@pytest.mark.measured("M6.7", "M6.8", "M6.11", "M6.13", "M6.15", "M6.17", "M6.18")
@pytest.mark.parametrize(
    ("body", "status", "expected"),
    [
        (b"", 400, {"text": "No data", "code": 5}),
        (b" \n ", 400, {"text": "No data", "code": 5}),
        (b"{not json", 400, {"text": "Invalid data format", "code": 6, "invalid-event-number": 0}),
        (b'{"event":"a"}{not json', 400, {"text": "Invalid data format", "code": 6, "invalid-event-number": 1}),
        (b'{"time":1}', 400, {"text": "Event field is required", "code": 12, "invalid-event-number": 0}),
        (b'{"event":""}', 400, {"text": "Event field cannot be blank", "code": 13, "invalid-event-number": 0}),
        (b'{"event":null}', 400, {"text": "Event field cannot be blank", "code": 13, "invalid-event-number": 0}),
        (b'{"event":{}}', 400, {"text": "Event field cannot be blank", "code": 13, "invalid-event-number": 0}),
        (
            b'{"event":""}{not json',
            400,
            {"text": "Event field cannot be blank", "code": 13, "invalid-event-number": 0},
        ),
        (
            b'{"event":"a","time":"yesterday"}',
            400,
            {"text": "Error in handling indexed fields", "code": 15, "invalid-event-number": 0},
        ),
        (
            b'{"event":"a","fields":{"x":{"y":1}}}',
            400,
            {"text": "Error in handling indexed fields", "code": 15, "invalid-event-number": 0},
        ),
        (
            b'{"event":"a"}\n{"event":"b"}\n{"time":1}',
            400,
            {"text": "Event field is required", "code": 12, "invalid-event-number": 2},
        ),
        (b'{"event":"a"}{"event":"b"}', 200, {"text": "Success", "code": 0}),
        (b'[{"event":"a"},{"event":"b"}]', 200, {"text": "Success", "code": 0}),
        (b'{\n "event": {\n  "a": {"b": 1}\n },\n "host": "h"\n}', 200, {"text": "Success", "code": 0}),
    ],
)
def test_bodies(rest: Rest, body: bytes, status: int, expected: dict[str, object]) -> None:
    assert answer(rest.hec(EVENT, body)) == (status, expected)


@pytest.mark.measured("M6.7")
def test_raw_needs_data(rest: Rest) -> None:
    assert answer(rest.hec(RAW, b"\n")) == (400, {"text": "No data", "code": 5})


@pytest.mark.measured("M6.15", "M6.17")
def test_events_before_a_fault_are_in(fresh: Rest) -> None:
    """The collector streams."""
    fresh.hec(EVENT, b'{"event":"kept one"}{"event":"kept two"}{"event":""}')
    assert fresh.search("search index=main kept | stats count") == [{"count": "2"}]


# --- indexes ----------------------------------------------------------------------------------------------------------


@pytest.mark.measured("M6.9", "M6.16", "M6.20")
@pytest.mark.parametrize("before", [0, 1, 2])
def test_an_index_outside_the_list_is_counted_one_higher(fresh: Rest, before: int) -> None:
    token = make_token(fresh, "l", index="main", indexes="main,other")
    events = [{"event": "ok", "index": "other"}] * before + [{"event": "no", "index": "elsewhere"}]
    reply = fresh.hec(EVENT, "".join(map(json.dumps, events)).encode(), token)
    assert answer(reply) == (400, {"text": "Incorrect index", "code": 7, "invalid-event-number": before + 1})
    assert fresh.hec(f"{RAW}?index=elsewhere", b"x", token).json["code"] == 7
    assert fresh.hec(EVENT, b'{"event":"x","index":"default"}', token).json["code"] == 7


@pytest.mark.measured("M6.19")
def test_without_a_list_any_index_is_taken_and_a_missing_one_reported(fresh: Rest) -> None:
    assert fresh.hec(EVENT, b'{"event":"lost","index":"nowhere"}').status == 200
    assert fresh.search("search index=* lost") == []
    bulletin = fresh.get("/services/messages").json["entry"][0]["content"]["message"]
    assert "Received event for unconfigured/disabled/deleted index=nowhere" in bulletin


@pytest.mark.measured("M6.26")
def test_indexes_need_an_index(fresh: Rest) -> None:
    reply = fresh.post("/services/data/inputs/http", name="x", indexes="main,other")
    assert (reply.status, reply.message) == (
        400,
        ("ERROR", "The indexes should be specified together with index."),
    )


# --- acknowledgements -------------------------------------------------------------------------------------------------


@pytest.mark.measured("M6.10", "M6.27", "N6.5")
def test_acknowledgements(fresh: Rest) -> None:
    token, one, two = make_token(fresh, "ack", useACK="1"), str(uuid.uuid4()), str(uuid.uuid4())
    assert answer(fresh.hec(EVENT, b'{"event":"x"}', token)) == (400, {"text": "Data channel is missing", "code": 10})

    def send(channel: str) -> object:
        return fresh.hec(EVENT, b'{"event":"x"}', token, **{"X-Splunk-Request-Channel": channel}).json["ackId"]

    def ask(channel: str, *numbers: int) -> object:
        body = json.dumps({"acks": numbers}).encode()
        return fresh.hec("/services/collector/ack", body, token, **{"X-Splunk-Request-Channel": channel}).json

    assert [send(one), send(one), send(two)] == [0, 1, 0]
    assert ask(two, 1) == {"acks": {"1": False}}
    assert ask(one, 0, 1, 2) == {"acks": {"0": True, "1": True, "2": False}}
    assert fresh.hec(f"{RAW}?channel={one}", b"x", token).json["ackId"] == 2
    assert fresh.hec(EVENT, b'{"event":"x"}', token, **{"X-Splunk-Request-Channel": "1"}).json["code"] == 11


@pytest.mark.measured("M6.12")
def test_acknowledgements_are_off_by_default(rest: Rest) -> None:
    reply = rest.hec("/services/collector/ack", b'{"acks":[0]}')
    assert answer(reply) == (400, {"text": "ACK is disabled", "code": 14})


# --- paths ------------------------------------------------------------------------------------------------------------


@pytest.mark.measured("M6.14", "N6.1")
@pytest.mark.parametrize("path", ["/services/collector/health", "/services/collector/health/1.0"])
def test_health_needs_no_token(rest: Rest, path: str) -> None:
    assert answer(rest("GET", path, headers={}, hec=True)) == (200, {"text": "HEC is healthy", "code": 17})


@pytest.mark.measured("M6.21", "M6.22", "M6.23", "N6.4")
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/services/collector", 405),
        ("GET", "/services/collector/ack", 405),
        ("POST", "/services/collector/1.0", 404),
        ("GET", "/", 404),
    ],
)
def test_paths_that_are_not_there(rest: Rest, method: str, path: str, status: int) -> None:
    reply = rest(method, path, headers={"Authorization": f"Splunk {rest.server.hec_token}"}, hec=True)
    assert answer(reply) == (status, {"text": "The requested URL was not found on this server.", "code": 404})
    assert "vary" not in reply.headers


@pytest.mark.measured("M6.22", "M6.23")
@pytest.mark.parametrize("path", ["/services/collector", EVENT, f"{EVENT}/1.0"])
def test_paths_of_events(rest: Rest, path: str) -> None:
    reply = rest.hec(path, b'{"event":"x"}')
    assert answer(reply) == (200, {"text": "Success", "code": 0})
    assert reply.headers["vary"] == "Authorization"
    assert "cache-control" not in reply.headers


# --- what lands in the index ------------------------------------------------------------------------------------------


def test_an_event_keeps_its_text_time_and_fields(fresh: Rest) -> None:
    """api-addons-cim 2.8"""
    body = (
        b'{"event": {"b": 1, "a": [1,  2]}, "time": "1787500000.25", "host": "h1", "source": "s1", "sourcetype": "t1",'
    )
    body += b'"fields": {"role": "dc", "tags": ["x", "y"]}}'
    assert fresh.hec(EVENT, body).status == 200
    row = fresh.search("search index=main role::dc | table _raw _time host source sourcetype role tags")[0]
    assert row == {
        "_raw": '{"b": 1, "a": [1,  2]}',
        "_time": "2026-08-23T15:46:40.250+00:00",
        "host": "h1",
        "source": "s1",
        "sourcetype": "t1",
        "role": "dc",
        "tags": ["x", "y"],
    }


@pytest.mark.measured("N6.7")
def test_the_query_gives_defaults_for_raw_and_for_events(fresh: Rest) -> None:
    query = "index=other&source=s&sourcetype=st&host=h"
    assert fresh.hec(f"{RAW}?{query}", b"first line\n").status == 200
    assert fresh.hec(f"{EVENT}?{query}", b'{"event":"third"}').status == 200
    rows = fresh.search("search index=other source=s sourcetype=st host=h | table _raw | sort _raw")
    assert [row["_raw"] for row in rows] == ["first line", "third"]


# --- tokens as inputs -------------------------------------------------------------------------------------------------


@pytest.mark.measured("M6.25", "N6.9", "N6.10", "N9.5")
def test_tokens_as_inputs(fresh: Rest) -> None:
    token = make_token(fresh, "mine", index="main", indexes="main,other", useACK="True")
    for name in ("mine", "http%3A%2F%2Fmine", "http%3A%252F%252Fmine"):
        entry = fresh.get(f"/servicesNS/nobody/splunk_httpinput/data/inputs/http/{name}").json["entry"][0]
        assert entry["name"] == "http://mine"
        assert entry["content"]["token"] == token
        assert entry["content"]["useACK"] is True
        assert entry["content"]["indexes"] == ["main", "other"]
    assert "/servicesNS/nobody/splunk_httpinput/data/inputs/http/http%3A%252F%252Fmine" in entry["id"]
    settings = fresh.get("/services/data/inputs/http/http").json["entry"][0]
    assert settings["name"] == "http"
    assert "token" not in settings["content"]
    assert settings["content"]["port"] == fresh.server.hec_url.rpartition(":")[2]
    rotated = fresh.post("/services/data/inputs/http/mine/rotate").json["entry"][0]["content"]["token"]
    assert rotated != token
    assert fresh.hec(EVENT, b'{"event":"x"}', token).json["code"] == 4
    assert fresh.post("/services/data/inputs/http", name="mine").status == 409
    assert fresh("DELETE", "/services/data/inputs/http/mine").status == 200
    assert fresh.get("/services/data/inputs/http/mine").status == 404
