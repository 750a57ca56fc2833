"""Output modes, envelopes, headers, paths and verbs of the management port."""

from __future__ import annotations

import gzip

import pytest
from lxml import etree

from tests.server.wire import Rest

ATOM = {
    "a": "http://www.w3.org/2005/Atom",
    "s": "http://dev.splunk.com/ns/rest",
    "o": "http://a9.com/-/spec/opensearch/1.1/",
}


# --- output modes -----------------------------------------------------------------------------------------------------


@pytest.mark.measured("M2.1", "N2.1", "N2.2", "N2.3", "N2.5", "N2.6", "N2.8", "N2.15")
def test_without_a_mode_the_answer_is_atom(rest: Rest) -> None:
    reply = rest("GET", "/servicesNS/nobody/search/data/indexes")
    assert reply.headers["content-type"] == "text/xml; charset=UTF-8"
    feed = etree.fromstring(reply.body)
    assert feed.tag == f"{{{ATOM['a']}}}feed"
    assert feed.findtext("a:title", namespaces=ATOM) == "indexes"
    assert feed.findtext("a:id", namespaces=ATOM).endswith("/servicesNS/nobody/search/data/indexes")
    assert feed.findtext("o:itemsPerPage", namespaces=ATOM) == "30"
    links = {link.get("rel"): link.get("href") for link in feed.findall("a:link", ATOM)}
    assert links["create"] == "/servicesNS/nobody/search/data/indexes/_new"
    tags = [child.tag.partition("}")[2] for child in feed]
    assert list(dict.fromkeys(tags)) == [
        "title", "id", "updated", "generator", "author", "link", "totalResults", "itemsPerPage", "startIndex",
        "messages", "entry",
    ]  # fmt: skip
    assert set(feed.find("a:generator", ATOM).attrib) == {"build", "version"}
    entry = feed.find("a:entry", ATOM)
    inside = [child.tag.partition("}")[2] for child in entry]
    assert list(dict.fromkeys(inside)) == ["title", "id", "updated", "link", "author", "content"]
    assert inside[:6] == ["title", "id", "updated", "link", "author", "link"]
    assert entry.find("a:link", ATOM).get("rel") == "alternate"
    lines = reply.text.splitlines()
    assert lines[0] == '<?xml version="1.0" encoding="UTF-8"?>'
    assert lines[1].startswith("<!--This is to override browser formatting; see server.conf[httpServer] to disable")
    assert lines[2] == '<?xml-stylesheet type="text/xml" href="/static/atom.xsl"?>'
    assert reply.text.endswith("</feed>\n")


@pytest.mark.measured("M8.1", "N2.10", "N2.13")
def test_xml_values_are_text_and_json_values_are_typed(rest: Rest) -> None:
    entry = rest.get("/services/data/indexes/main").json["entry"][0]
    assert entry["content"]["disabled"] is False
    assert entry["content"]["maxTotalDataSizeMB"] == 500000
    assert entry["content"]["currentDBSizeMB"] == "1"
    assert entry["content"]["eai:acl"] is None
    feed = etree.fromstring(rest("GET", "/services/data/indexes/main").body)
    keys = {key.get("name"): key for key in feed.findall("a:entry/a:content/s:dict/s:key", ATOM)}
    assert keys["disabled"].text == "0"
    assert keys["maxTotalDataSizeMB"].text == "500000"
    assert keys["hashTableSize"].text is None
    assert keys["eai:acl"].findtext("s:dict/s:key[@name='app']", namespaces=ATOM) == "system"
    lists = keys["eai:attributes"].findall("s:dict/s:key", ATOM)
    assert [key.get("name") for key in lists] == ["optionalFields", "requiredFields", "wildcardFields"]


@pytest.mark.measured("M2.3", "M2.4", "M2.5")
def test_the_mode_may_stand_in_the_form(rest: Rest) -> None:
    headers = {**rest.basic(), "Accept": "text/csv", "Content-Type": "text/plain"}
    reply = rest("POST", "/services/search/jobs", {"search": "| makeresults", "output_mode": "json"}, headers=headers)
    assert reply.headers["content-type"] == "application/json; charset=UTF-8"
    assert reply.json["sid"]


@pytest.mark.measured("M2.7", "M2.8", "M2.26")
@pytest.mark.parametrize("mode", ["nonsense", ""])
def test_an_unknown_mode_is_refused_in_xml(rest: Rest, mode: str) -> None:
    reply = rest("GET", f"/services/data/indexes?output_mode={mode}")
    assert reply.status == 400
    assert reply.text == (
        '<?xml version="1.0" encoding="UTF-8"?>\n<response>\n  <messages>\n'
        f'    <msg type="ERROR">Invalid output mode specified ({mode}).</msg>\n  </messages>\n</response>\n'
    )
    assert reply.headers["cache-control"] == "private"


# --- headers ----------------------------------------------------------------------------------------------------------


@pytest.mark.measured("M2.64", "M2.65")
@pytest.mark.parametrize(
    ("accepted", "compressed"),
    [("gzip", True), ("GZIP", True), ("deflate, gzip", True), ("gzip;q=0", False), ("deflate", False), ("*", False)],
)
def test_compression(rest: Rest, accepted: str, compressed: bool) -> None:
    headers = {**rest.basic(), "Accept-Encoding": accepted}
    reply = rest("GET", "/services/server/info?output_mode=json", headers=headers)
    assert (reply.headers.get("content-encoding") == "gzip") == compressed
    if compressed:
        assert reply.headers["vary"] == "Cookie, Authorization, Accept-Encoding"
        assert b"serverName" in gzip.decompress(reply.body)
    small = rest("GET", "/services/nothing?output_mode=json", headers=headers)
    assert "content-encoding" not in small.headers


# --- paths and verbs --------------------------------------------------------------------------------------------------


@pytest.mark.measured("M2.67", "M9.11")
@pytest.mark.parametrize("path", ["/services/server/info/", "//services//server/info", "/servicesNS/-/-/server/info/"])
def test_slashes_at_the_end_and_doubled_ones_do_no_harm(rest: Rest, path: str) -> None:
    assert rest("GET", path).status == 200


@pytest.mark.measured("M2.68", "N9.5")
@pytest.mark.parametrize(
    ("encoded", "name"), [("a%2Fb", "a/b"), ("a%20b", "a b"), ("a%3Fb", "a?b"), ("a+b", "a+b"), ("a%252Fb", "a/b")]
)
def test_encoded_names(rest: Rest, encoded: str, name: str) -> None:
    reply = rest("GET", f"/services/data/indexes/{encoded}?output_mode=json")
    assert (reply.status, reply.message) == (404, ("ERROR", f"Could not find object id={name}"))


@pytest.mark.measured("M2.69", "M2.70")
def test_unknown_paths(rest: Rest) -> None:
    for path in ("/services/nothing", "/elsewhere", "/"):
        assert rest("GET", f"{path}?output_mode=json").message == ("ERROR", "Not Found")
    assert rest("GET", "/services/search/nothing?output_mode=json").message == ("FATAL", "Unknown endpoint.")


@pytest.mark.measured("M2.69")
def test_the_root_is_a_feed_in_atom_only(rest: Rest) -> None:
    feed = etree.fromstring(rest("GET", "/services").body)
    assert "search" in [title.text for title in feed.findall("a:entry/a:title", ATOM)]
    assert rest("GET", "/services?output_mode=json").message == ("ERROR", "Not Found")


def test_the_port_itself_answers_without_a_login(rest: Rest) -> None:
    """What the health check of a container asks (api-addons-cim 3.3)"""
    reply = rest("GET", "/", headers={})
    feed = etree.fromstring(reply.body)
    assert (reply.status, feed.find("a:title", ATOM).text) == (200, "splunkd")
    names = [title.text for title in feed.findall("a:entry/a:title", ATOM)]
    assert names == ["rpc", "services", "servicesNS", "static"]
