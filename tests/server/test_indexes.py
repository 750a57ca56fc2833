"""Indexes, and events over the management port."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from harness.server.config import ServerConfig
from harness.server.server import Server
from tests.server.wire import PASSWORD, Reply, Rest

INDEXES = "/services/data/indexes"
SIMPLE = "/services/receivers/simple"


@pytest.fixture
def fresh() -> Iterator[Rest]:
    with Server(ServerConfig(password=PASSWORD)).start() as running:
        yield Rest(running)


@pytest.mark.measured("M8.1", "M8.2", "M8.3", "M8.4")
def test_an_index_has_113_settings(rest: Rest) -> None:
    content = rest.get(f"{INDEXES}/main").json["entry"][0]["content"]
    assert len(content) == 113
    assert content["homePath"] == "$SPLUNK_DB/defaultdb/db"
    assert content["homePath_expanded"].endswith("/defaultdb/db")
    assert content["hashTableSize"] is None
    assert content["maxHotBuckets"] == "auto"
    assert (content["minTime"], content["maxTime"]) == ("", "")


@pytest.mark.measured("M2.63")
def test_reads_may_be_kept(rest: Rest) -> None:
    reply = rest.get(f"{INDEXES}/main")
    assert reply.headers["cache-control"] == "must-revalidate, private, max-age=1800"
    assert reply.headers["etag"].startswith('W/"YWRtaW4=-')
    assert "etag" not in rest.get(f"{INDEXES}/nope").headers

    def again() -> Reply:
        tag = rest.get(f"{INDEXES}/main").headers["etag"]
        headers = {**rest.basic(), "If-None-Match": tag}
        return rest("GET", f"{INDEXES}/main?output_mode=json", headers=headers)

    # The tag changes with each second, by the time of the feed.
    kept = next(found for _ in range(10) if (found := again()).status == 304)
    assert kept.body == b""
    assert "etag" not in rest.get("/services/server/info").headers


@pytest.mark.measured("M8.5", "M8.7", "M8.9", "M8.10", "M8.11", "N8.2")
def test_create_edit_switch_and_remove(fresh: Rest) -> None:
    created = fresh.post(INDEXES, name="attack", maxTotalDataSizeMB="12345")
    assert created.status == 201
    entry = created.json["entry"][0]
    assert entry["content"]["maxTotalDataSizeMB"] == 12345
    assert "fields" not in entry
    assert "disable" not in entry["links"]
    assert "remove" in entry["links"]
    assert (entry["acl"]["app"], entry["acl"]["sharing"], entry["acl"]["removable"]) == ("search", "app", True)
    edited = fresh.post(f"{INDEXES}/attack", maxTotalDataSizeMB="99")
    assert (edited.status, edited.json["entry"][0]["content"]["maxTotalDataSizeMB"]) == (200, 99)
    disabled = fresh.post(f"{INDEXES}/attack/disable").json["entry"][0]
    assert {"enable", "disable"}.isdisjoint(disabled["links"])
    assert "enable" in fresh.get(f"{INDEXES}/attack").json["entry"][0]["links"]
    assert fresh.post(f"{INDEXES}/attack/enable").status == 200
    left = fresh("DELETE", f"{INDEXES}/attack?output_mode=json&count=0")
    assert "attack" not in [entry["name"] for entry in left.json["entry"]]
    assert fresh.get(f"{INDEXES}/attack").status == 404


@pytest.mark.measured("M8.8", "M9.1", "M9.2", "M9.6")
def test_system_indexes(rest: Rest) -> None:
    entry = rest.get("/servicesNS/nobody/search/data/indexes/_internal").json["entry"][0]
    assert (entry["acl"]["app"], entry["acl"]["sharing"], entry["acl"]["removable"]) == ("system", "system", False)
    assert "remove" not in entry["links"]
    assert "/servicesNS/nobody/system/data/indexes/_internal" in entry["id"]
    assert rest("DELETE", f"{INDEXES}/main").status == 400


@pytest.mark.measured("M8.6", "M8.13", "M8.14", "N8.3")
def test_what_is_refused(rest: Rest) -> None:
    duplicate = rest.post(INDEXES, name="_internal")
    assert duplicate.status == 409
    assert "name=_internal already exists" in duplicate.message[1]
    unknown = rest.post(INDEXES, name="x", zzzNotAThing="1")
    assert (unknown.status, unknown.message) == (
        400,
        ("ERROR", 'Argument "zzzNotAThing" is not supported by this handler.'),
    )
    assert rest.post(f"{INDEXES}/main", disabled="1").status == 400
    assert rest.post(f"{INDEXES}/nope").message == ("ERROR", "Could not find object id=nope")
    assert rest.post(INDEXES, name="Not OK").status == 400


@pytest.mark.measured("M8.6")
def test_new_lists_what_can_be_given(rest: Rest) -> None:
    fields = rest.get(f"{INDEXES}/_new").json["entry"][0]["fields"]
    assert len({*fields["required"], *fields["optional"]}) == 89


@pytest.mark.measured("M8.16", "M8.17", "N8.5")
def test_simple_input(fresh: Rest) -> None:
    reply = fresh("POST", f"{SIMPLE}?output_mode=json&host=h", b"an event\n")
    assert reply.json == {
        "index": "default", "bytes": 9, "host": "h", "source": "http-simple", "sourcetype": "unknown-too_small"
    }  # fmt: skip
    assert fresh.search("search index=main an event | table _raw source") == [
        {"_raw": "an event", "source": "http-simple"}
    ]
    assert fresh.search("search index=default") == []
    xml = fresh("POST", SIMPLE, b"x").text
    assert '<field k="_index">' in xml
    assert '<field k="bytes">\n        <value>\n          <text>1</text>' in xml
    facts = fresh.get(f"{INDEXES}/main").json["entry"][0]["content"]
    assert facts["totalEventCount"] == 2
    assert facts["maxTime"].endswith("+0000")


@pytest.mark.measured("M1.15", "M8.18")
def test_simple_input_refusals(fresh: Rest) -> None:
    assert fresh("POST", f"{SIMPLE}?output_mode=json&index=x", b"e").message == ("WARN", "supplied index 'x' missing")
    assert fresh("POST", f"{SIMPLE}?output_mode=json", b"").message == ("WARN", "empty body")
    fresh.server.instance.accounts.add_user("plain", "plain pass", ["user"])
    fresh.server.instance.accounts.add_user("strong", "strong pass", ["power"])
    refused = fresh("POST", f"{SIMPLE}?output_mode=json", b"e", headers=fresh.basic("plain", "plain pass"))
    assert (refused.status, refused.message) == (403, ("WARN", "insufficient permission to access this resource"))
    assert fresh("POST", SIMPLE, b"e", headers=fresh.basic("strong", "strong pass")).status == 200
    index = fresh("POST", f"{INDEXES}?output_mode=json", {"name": "i"}, headers=fresh.basic("plain", "plain pass"))
    assert index.status == 403
    assert "requires capability: admin_all_objects" in index.message[1]


@pytest.mark.measured("M3.26", "M4.8", "N3.24")
def test_events_carry_their_stamps(fresh: Rest) -> None:
    fresh("POST", f"{SIMPLE}?sourcetype=plain", b"user=alice action=login\n")
    sid = fresh.post("/services/search/jobs", search="search index=main", exec_mode="blocking").json["sid"]
    stamps = {
        "_bkt", "_cd", "_indextime", "_raw", "_serial", "_si", "_sourcetype", "_time", "host", "index", "linecount",
        "source", "sourcetype", "splunk_server",
    }  # fmt: skip
    events = fresh.get(f"/services/search/jobs/{sid}/events").json["results"]
    assert set(events[0]) == stamps
    assert events[0]["_si"] == [fresh.server.instance.name, "main"]
    assert set(fresh.search("search index=main")[0]) == stamps
    assert set(fresh.search("search index=main user=alice")[0]) == stamps | {"user"}
    assert {"user", "action"} <= fresh.search("search index=main | fields *")[0].keys()


@pytest.mark.measured("N8.6")
def test_a_stream_is_indexed_when_its_connection_ends(fresh: Rest) -> None:
    """No length, many writes, closed without a goodbye."""
    sent = 20
    for number in range(sent):
        with fresh.connect() as stream:
            stream.sendall(b"POST /services/receivers/stream?index=main&host=h&sourcetype=t HTTP/1.1\r\n")
            stream.sendall(f"Authorization: {fresh.basic()['Authorization']}\r\n".encode())
            stream.sendall(b"X-Splunk-Input-Mode: Streaming\r\n\r\n")
            stream.sendall(f"line {number}".encode())
            stream.sendall(b" of the stream\r\n")
    deadline = time.monotonic() + 10
    while len(fresh.search("search index=main host=h sourcetype=t line of the stream")) < sent:
        assert time.monotonic() < deadline, "a stream was lost"


def test_a_stream_needs_credentials(fresh: Rest) -> None:
    for _ in range(3):
        with fresh.connect() as stream:
            stream.sendall(
                b"POST /services/receivers/stream HTTP/1.1\r\nX-Splunk-Input-Mode: Streaming\r\n\r\nsecret\r\n"
            )
    with fresh.connect() as stream:
        stream.sendall(b"POST /services/receivers/stream HTTP/1.1\r\n")
        stream.sendall(f"Authorization: {fresh.basic()['Authorization']}\r\n".encode())
        stream.sendall(b"X-Splunk-Input-Mode: Streaming\r\n\r\nallowed\r\n")
    deadline = time.monotonic() + 10
    while not fresh.search("search index=main allowed"):
        assert time.monotonic() < deadline
    assert fresh.search("search index=main secret") == []


@pytest.mark.measured("N8.6")
def test_a_stream_with_a_length_is_an_ordinary_request(fresh: Rest) -> None:
    reply = fresh("POST", "/services/receivers/stream?index=main", b"with a length\n")
    assert (reply.status, reply.body) == (204, b"")
    assert len(fresh.search("search index=main with a length")) == 1
