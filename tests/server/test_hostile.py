"""What clients should not send: too much, too deep, too clever. None of it is more than a refusal."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator

import pytest
from lxml import etree

from harness.server.config import ServerConfig
from harness.server.server import Server
from harness.settings import Limits
from tests.server.wire import PASSWORD, Rest

EVENT = "/services/collector/event"
DEEP = b"[" * 100_000 + b"]" * 100_000


@pytest.fixture(scope="module")
def rest() -> Iterator[Rest]:
    config = ServerConfig(password=PASSWORD, limits=Limits(upload_max_bytes=1_000_000))
    with Server(config).start() as running:
        yield Rest(running)


@pytest.mark.parametrize("body", [DEEP, b'{"event":' + DEEP + b"}", b'{"event":"x","fields":' + DEEP + b"}"])
def test_deep_json_to_the_collector(rest: Rest, body: bytes) -> None:
    reply = rest.hec(EVENT, body)
    assert (reply.status, reply.json["code"]) == (400, 6)


def test_deep_json_to_the_kv_store(rest: Rest) -> None:
    path = "/servicesNS/nobody/search/storage/collections"
    rest.post(f"{path}/config", name="deep")
    assert rest("POST", f"{path}/data/deep", b'{"x":' + DEEP + b"}").status == 400
    nested = '{"$not":' * 300 + "{}" + "}" * 300
    assert rest.get(f"{path}/data/deep", query=nested).status == 400
    assert rest("POST", f"{path}/data/deep", json.dumps({"a" * 3: [[[[1]]]]}).encode()).status == 201


def test_a_body_beyond_the_limit(rest: Rest) -> None:
    assert rest.hec("/services/collector/raw", b"x" * 1_000_001).status == 413
    assert rest.hec("/services/collector/raw", b"x" * 999_999).status == 200


def test_a_bomb_is_unpacked_no_further_than_the_limit(rest: Rest) -> None:
    packed = {"Content-Encoding": "gzip"}
    assert rest.hec("/services/collector/raw", gzip.compress(b"x" * 50_000_000), **packed).status == 413
    assert rest.hec("/services/collector/raw", gzip.compress(b"packed needle\n"), **packed).status == 200
    assert len(rest.search("search index=main packed needle")) == 1
    assert rest.hec("/services/collector/raw", b"not gzip", **packed).json["code"] == 6


@pytest.mark.parametrize("sid", ["a\r\nSet-Cookie: x=1", "ü/../x", "<&>", " "])
def test_a_sid_cannot_break_out_of_headers_or_markup(rest: Rest, sid: str) -> None:
    reply = rest("POST", "/services/search/jobs", {"search": "| makeresults", "id": sid, "exec_mode": "blocking"})
    assert reply.status == 201
    assert "set-cookie" not in reply.headers
    assert etree.fromstring(reply.body).findtext("sid", "").strip() == sid.replace("\r\n", "\n").strip()
    location = reply.headers["location"]
    found = rest("GET", location)
    assert found.status == 200
    etree.fromstring(found.body)
    gone = rest("DELETE", location)
    assert "set-cookie" not in gone.headers
    assert rest("GET", location).status == 404


def test_names_with_markup_stay_text(rest: Rest) -> None:
    name = "<b>\"'&\x01]]>"
    assert rest.post("/services/saved/searches", name=name, search="x", description=name).status == 201
    feed = etree.fromstring(rest("GET", "/services/saved/searches?count=0").body)
    titles = [title.text for title in feed.iterfind("{*}entry/{*}title")]
    assert "<b>\"'&]]>" in titles  # a control character cannot stand in XML at all


def test_too_many_arguments(rest: Rest) -> None:
    body = "&".join(f"a{n}=1" for n in range(20_000)).encode()
    assert rest("POST", "/services/search/jobs", body).status == 400


def test_paths_lead_nowhere_else(rest: Rest) -> None:
    for path in ("/services/../etc/passwd", "/services/%2e%2e/%2e%2e/etc/passwd", "/servicesNS/../../x/server/info"):
        assert rest("GET", path).status in {200, 404}
        assert b"root:" not in rest("GET", path).body
