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


@pytest.mark.measured("M2.1", "N2.2", "N2.3", "N2.5", "N2.6")
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
    entry = feed.find("a:entry", ATOM)
    assert [child.tag.partition("}")[2] for child in entry][:5] == ["title", "id", "updated", "link", "author"]


@pytest.mark.measured("M3.9", "M8.1", "N2.10", "N2.13")
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


@pytest.mark.measured("M2.9", "M2.12")
@pytest.mark.parametrize("mode", ["csv", "atom", "raw"])
def test_a_mode_that_is_not_served_here(rest: Rest, mode: str) -> None:
    reply = rest("GET", f"/services/data/indexes?output_mode={mode}&zzz=1")
    assert reply.status == 400
    assert f"<msg type=\"WARN\">Output mode '{mode}' is not supported for this endpoint.</msg>" in reply.text


@pytest.mark.measured("M2.10", "M2.11")
def test_row_modes_are_refused_in_json(rest: Rest) -> None:
    reply = rest("GET", "/services/data/indexes?output_mode=json_rows")
    assert reply.message == ("WARN", "Output mode 'json_rows' is not supported for this endpoint.")
    jobs = rest("GET", "/services/search/jobs?output_mode=json_cols")
    assert (jobs.status, jobs.message) == (400, ("FATAL", "Invalid output_mode."))


# --- paging, sorting, filters -----------------------------------------------------------------------------------------


def names(rest: Rest, **query: object) -> list[str]:
    return [entry["name"] for entry in rest.get("/services/data/indexes", **query).json["entry"]]


@pytest.mark.measured("M2.36", "M2.41")
def test_entries_come_by_name(rest: Rest) -> None:
    listed = names(rest)
    assert listed == sorted(listed)
    assert names(rest, sort_dir="desc") == listed[::-1]
    assert names(rest, sort_key="nosuchkey", sort_dir="desc") == listed


@pytest.mark.measured("M2.37", "M2.38", "M2.39", "M2.50")
def test_paging(rest: Rest) -> None:
    everything = names(rest)
    assert names(rest, count=2, offset=1) == everything[1:3]
    assert rest.get("/services/data/indexes", count=0).json["paging"]["perPage"] == 10000000
    assert rest.get("/services/data/indexes", count=-1).json["paging"]["perPage"] == 18446744073709552000
    for nonsense in ("abc", "", "1.5"):
        assert rest.get("/services/data/indexes", count=nonsense).status == 200
    nothing = rest.get("/services/data/indexes", search="name=nothing").json
    assert (nothing["entry"], nothing["paging"]["total"]) == ([], 0)


@pytest.mark.measured("M2.48", "M2.49")
def test_search_filters(rest: Rest) -> None:
    assert names(rest, search="name=main") == ["main"]
    assert names(rest, search="main") == names(rest)  # every index has defaultDatabase main


@pytest.mark.measured("M2.51")
def test_f_narrows_the_content(rest: Rest) -> None:
    entry = rest.get("/services/data/indexes", f="max*", search="name=main").json["entry"][0]
    assert len([name for name in entry["content"] if name.startswith("max")]) == 18
    assert set(entry["content"]) - {n for n in entry["content"] if n.startswith("max")} == {"eai:acl"}


@pytest.mark.measured("M2.40", "M2.44")
def test_wrong_arguments(rest: Rest) -> None:
    assert rest.get("/services/data/indexes", sort_dir="up").message == ("ERROR", 'Unknown sort order "up".')
    reply = rest.get("/services/data/indexes", zzz=1, yyy=2)
    assert (reply.status, reply.message) == (400, ("ERROR", 'Argument "yyy" is not supported by this handler.'))


@pytest.mark.measured("M2.27", "M2.53", "M2.56", "M2.57")
def test_the_envelope(rest: Rest) -> None:
    feed = rest.get("/services/data/indexes")
    assert b": " not in feed.body.replace(b"  ", b"")[:200]
    assert feed.json["origin"].endswith("/services/data/indexes")
    assert set(feed.json["links"]) == {"create", "_reload", "_acl", "_validate"}
    assert "fields" not in feed.json["entry"][0]
    alone = rest.get("/services/data/indexes/main").json["entry"][0]
    assert alone["fields"]["required"] == []
    assert len(alone["fields"]["optional"]) == 80
    assert rest.get("/services/server/info").json["links"] == {}


# --- headers ----------------------------------------------------------------------------------------------------------


@pytest.mark.measured("M2.61", "M2.62", "N2.24")
def test_headers_of_every_answer(rest: Rest) -> None:
    headers = rest.get("/services/server/info").headers
    assert headers["server"] == "Splunkd"
    assert headers["cache-control"] == "no-store, no-cache, must-revalidate, max-age=0"
    assert headers["expires"] == "Thu, 26 Oct 1978 00:00:00 GMT"
    assert headers["vary"] == "Cookie, Authorization"
    assert headers["x-content-type-options"] == "nosniff"
    assert {"date", "content-length", "connection"} <= headers.keys()
    assert "transfer-encoding" not in headers


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


@pytest.mark.measured("M2.66")
def test_head_is_get_without_a_body(rest: Rest) -> None:
    reply = rest("HEAD", "/services/server/info")
    assert (reply.status, reply.body) == (200, b"")
    assert int(reply.headers["content-length"]) > 0


@pytest.mark.measured("M2.71", "M2.72", "M2.73", "M2.74", "M2.75", "M2.76", "M2.77", "M2.78", "M3.35", "M3.36")
@pytest.mark.parametrize(
    ("method", "path", "status", "kind", "text", "allow"),
    [
        ("PATCH", "data/indexes", 405, "ERROR", "Method Not Allowed", None),
        ("PATCH", "search/jobs", 405, "ERROR", "Method Not Allowed", None),
        ("PUT", "data/indexes", 404, "ERROR", "Requested invalid action 'PUT'.", None),
        ("PUT", "search/jobs", 405, "ERROR", "Method Not Allowed", None),
        ("DELETE", "search/jobs", 405, "FATAL", "Method Not Allowed", "GET,POST,HEAD"),
        ("GET", "search/jobs/export", 405, "FATAL", "The method is not allowed.", "POST"),
        ("DELETE", "search/jobs/export", 405, "FATAL", "The method is not allowed.", "POST"),
        ("DELETE", "search/jobs/nope/results", 405, "FATAL", "Method Not Allowed", "GET,POST,HEAD"),
        ("DELETE", "search/jobs/nope/control", 404, "FATAL", "Unknown sid.", None),
        (
            "DELETE",
            "data/indexes",
            400,
            "ERROR",
            'Cannot perform action "DELETE" without a target name to act on.',
            None,
        ),
        (
            "DELETE",
            "server/info",
            400,
            "ERROR",
            'Cannot perform action "DELETE" without a target name to act on.',
            None,
        ),
        ("POST", "data/indexes", 400, "ERROR", 'Cannot perform action "POST" without a target name to act on.', None),
        (
            "DELETE",
            "data/indexes/any/disable",
            404,
            "ERROR",
            "Invalid custom action for this internal handler (handler: indexes, custom action: disable, "
            "eai action: remove).",
            None,
        ),
    ],
)
def test_wrong_verbs(rest: Rest, method: str, path: str, status: int, kind: str, text: str, allow: str | None) -> None:
    reply = rest(method, f"/services/{path}?output_mode=json")
    assert (reply.status, reply.message) == (status, (kind, text))
    assert reply.headers.get("allow") == allow
