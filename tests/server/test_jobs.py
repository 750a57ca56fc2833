"""Search jobs: dispatch, the entry, control, and what is read from them."""

from __future__ import annotations

import pytest
from lxml import etree

from tests.server.wire import Reply, Rest

JOBS = "/services/search/v2/jobs"
ROWS = '| makeresults count=5 | streamstats count as n | eval g=if(n%2==0,"a","b")'
MULTI = '| makeresults | eval mv=split("x;y",";"), e="", t="a b", n=1.5 | table mv e t n none'
FAILING = "| makeresults | eval x=nosuchfunc(1)"


def dispatch(rest: Rest, search: str = "| makeresults", **arguments: object) -> str:
    reply = rest.post(JOBS, search=search, exec_mode="blocking", **arguments)
    assert reply.status == 201, reply.text
    return str(reply.json["sid"])


def entry(rest: Rest, sid: str) -> dict[str, object]:
    return dict(rest.get(f"{JOBS}/{sid}").json["entry"][0]["content"])


# --- dispatch ---------------------------------------------------------------------------------------------------------


@pytest.mark.measured("M3.1", "M3.22", "N2.29")
@pytest.mark.parametrize("jobs", ["/services/search/jobs", JOBS, "/servicesNS/admin/search/search/jobs/"])
@pytest.mark.parametrize("mode", ["normal", "blocking"])
def test_dispatch_answers_the_sid(rest: Rest, jobs: str, mode: str) -> None:
    xml = rest("POST", jobs, {"search": "| makeresults", "exec_mode": mode})
    assert xml.status == 201
    sid = etree.fromstring(xml.body).findtext("sid")
    assert xml.headers["location"] == f"/services/search/jobs/{sid}"
    assert "link" not in xml.headers
    assert rest("POST", f"{jobs}?output_mode=json", {"search": "| makeresults"}).json.keys() == {"sid"}


@pytest.mark.measured("M3.1")
def test_a_blocking_dispatch_returns_when_the_job_is_done(rest: Rest) -> None:
    assert entry(rest, dispatch(rest))["isDone"] is True


@pytest.mark.parametrize(
    "search",
    [
        "search index=main | fields - _time",
        "search index=main | fields - _time | append [search index=main] | table n",
        'search index=main n=[search index=main n=none | fields n | format emptystr="1"] | table n',
        "search index=main [search index=main | return n] | fields n",
    ],
)
def test_events_without_a_time_and_values_from_a_subsearch_are_no_trouble_to_a_job(rest: Rest, search: str) -> None:
    assert rest("POST", "/services/receivers/simple?sourcetype=x", b"n=1").status == 200
    content = entry(rest, dispatch(rest, search))
    assert (content["isFailed"], int(str(content["resultCount"])) > 0) == (False, True)


@pytest.mark.measured("N3.1")
def test_a_caller_may_choose_the_sid(rest: Rest) -> None:
    assert dispatch(rest, id="my_sid") == "my_sid"
    assert rest.get(f"{JOBS}/my_sid").status == 200


@pytest.mark.measured("M3.2")
@pytest.mark.parametrize("path", ["/services/search/jobs", "/services/search/jobs/export"])
def test_a_search_is_needed(rest: Rest, path: str) -> None:
    reply = rest.post(path)
    assert reply.status == 400
    assert reply.message[0] == "FATAL"
    assert reply.message[1].startswith("The required 'search' parameter for the Splunk platform REST API")


@pytest.mark.measured("M3.3")
@pytest.mark.parametrize("path", ["/services/search/jobs", "/services/search/jobs/export"])
@pytest.mark.parametrize("search", ["| boguscommand", "search index=x | boguscommand", "boguscommand"])
def test_an_unknown_command_makes_no_job(rest: Rest, path: str, search: str) -> None:
    before = len(rest.get(JOBS, count=0).json["entry"])
    reply = rest.post(path, search=search)
    assert (reply.status, reply.message) == (400, ("FATAL", "Unknown search command 'boguscommand'."))
    assert len(rest.get(JOBS, count=0).json["entry"]) == before


def test_rest_adds_no_search_command(rest: Rest) -> None:
    """api-addons-cim 2.4"""
    reply = rest.post(JOBS, search="index=main")
    assert (reply.status, reply.message) == (400, ("FATAL", "Unknown search command 'index'."))


@pytest.mark.measured("M3.4", "M4.22")
def test_a_oneshot_that_fails_is_a_200_with_messages_only(rest: Rest) -> None:
    reply = rest.post(JOBS, search=FAILING, exec_mode="oneshot")
    assert reply.status == 200
    text = "Error in 'EvalCommand': The 'nosuchfunc' function is unsupported or undefined."
    assert reply.json == {"messages": [{"type": "FATAL", "text": text}]}
    assert '<msg type="FATAL">' in rest("POST", JOBS, {"search": FAILING, "exec_mode": "oneshot"}).text


@pytest.mark.measured("M3.5")
def test_a_job_that_fails(rest: Rest) -> None:
    sid = dispatch(rest, FAILING)
    content = entry(rest, sid)
    assert (content["dispatchState"], content["isFailed"], content["isDone"]) == ("FAILED", True, True)
    assert [message["type"] for message in content["messages"]] == ["FATAL", "ERROR"]  # type: ignore[index,union-attr]
    for what in ("results", "events"):
        reply = rest.get(f"{JOBS}/{sid}/{what}")
        assert reply.status == 400
        assert [message["type"] for message in reply.json["messages"]] == ["FATAL"]
    assert rest.post(f"{JOBS}/export", search=FAILING).status == 400


@pytest.mark.measured("M3.6", "M3.7")
@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"earliest_time": "-30x"}, "Invalid earliest_time."),
        ({"latest_time": "-30x"}, "Invalid latest_time: latest_time must be after earliest_time."),
        (
            {"earliest_time": "100", "latest_time": "100"},
            "Invalid latest_time: latest_time must be after earliest_time.",
        ),
        (
            {"earliest_time": "now", "latest_time": "-1h"},
            "Invalid latest_time: latest_time must be after earliest_time.",
        ),
    ],
)
def test_times_are_checked_at_dispatch(rest: Rest, arguments: dict[str, str], text: str) -> None:
    reply = rest.post(JOBS, search="| makeresults", **arguments)
    assert (reply.status, reply.message) == (400, ("FATAL", text))


@pytest.mark.measured("M3.8", "M5.3")
def test_iso_times_with_fraction_and_offset_are_read(rest: Rest) -> None:
    """The default time_format."""
    window = {"earliest_time": "2026-01-01T00:00:00.000+00:00", "latest_time": "2026-01-01T01:00:00.000+00:00"}
    content = entry(rest, dispatch(rest, **window))
    assert content["searchLatestTime"] - content["searchEarliestTime"] == 3600  # type: ignore[operator]


@pytest.mark.parametrize("argument", [{"sample_ratio": "10"}, {"search_mode": "realtime"}, {"index_earliest": "-1h"}])
def test_arguments_that_would_change_the_result_are_refused(rest: Rest, argument: dict[str, str]) -> None:
    reply = rest.post(JOBS, search="| makeresults", **argument)
    assert reply.status == 400
    assert reply.message[1].startswith("Unsupported: ")


def test_what_the_engine_does_not_implement_fails_as_unsupported(rest: Rest) -> None:
    content = entry(rest, dispatch(rest, "| makeresults | kmeans k=2 x"))
    assert content["isFailed"] is True
    assert content["messages"][0]["text"].startswith("Unsupported: ")  # type: ignore[index]


# --- the entry --------------------------------------------------------------------------------------------------------


@pytest.mark.measured("M2.54", "M2.55", "M3.9", "M3.10", "M3.17", "M3.19", "M3.20", "M3.21", "M3.22", "M9.3")
def test_the_entry_in_json(rest: Rest) -> None:
    reply = rest("POST", f"{JOBS}", {"search": "| makeresults", "exec_mode": "blocking", "output_mode": "json"})
    sid = reply.json["sid"]
    found = rest("GET", f"{JOBS}/{sid}?output_mode=json")
    item = found.json["entry"][0]
    content = item["content"]
    assert content["isDone"] is True
    assert content["doneProgress"] == 1
    assert isinstance(content["doneProgress"], int)
    assert content["ttl"] == 600
    assert item["acl"]["ttl"] == "600"
    assert set(item["acl"]) == {"app", "can_write", "modifiable", "owner", "perms", "sharing", "ttl"}
    assert content["request"] == {"search": "| makeresults", "exec_mode": "blocking"}
    assert content["runtime"] == {"auto_cancel": "0", "auto_pause": "0"}
    assert set(item["links"]) == {
        "alternate", "control", "events", "results", "results_preview", "search.log", "search_telemetry.json",
        "summary", "timeline",
    }  # fmt: skip
    assert item["id"].endswith(f"/services/search/v2/jobs/{sid}")
    assert "published" in item
    assert "fields" not in item
    assert found.headers["link"] == f"<{sid}>; rel=info"
    assert rest("GET", f"{JOBS}/{sid}/results").headers["link"] == f"<../{sid}>; rel=info"


@pytest.mark.measured("M3.9", "N3.8", "N3.9", "N3.11", "N3.12")
def test_the_entry_in_xml_is_bare(rest: Rest) -> None:
    sid = dispatch(rest, FAILING)
    root = etree.fromstring(rest("GET", f"{JOBS}/{sid}").body)
    space = {"a": "http://www.w3.org/2005/Atom", "s": "http://dev.splunk.com/ns/rest"}
    assert root.tag == "{http://www.w3.org/2005/Atom}entry"
    assert root.findtext("a:title", namespaces=space) == FAILING
    keys = {key.get("name"): key for key in root.findall("a:content/s:dict/s:key", space)}
    assert keys["isFailed"].text == "1"
    last = [name for name in keys if name != "searchTelemetry"][-6:]
    assert last == ["performance", "messages", "request", "runtime", "eai:acl", "searchProviders"]
    fatal = keys["messages"].find("s:dict/s:key[@name='fatal']/s:list/s:item", space)
    assert "nosuchfunc" in fatal.text
    children = [child.tag.partition("}")[2] for child in root]
    assert children[:4] == ["title", "id", "updated", "link"]
    assert children[-2:] == ["author", "content"]
    relations = [link.get("rel") for link in root.findall("a:link", space)]
    assert relations[:3] == ["alternate", "search.log", "search_telemetry.json"]


@pytest.mark.measured("M3.12", "M3.14", "M3.15", "M3.16")
def test_members_that_a_finished_job_has(rest: Rest) -> None:
    content = entry(rest, dispatch(rest, "search index=_internal | head 5"))
    assert {
        "canSummarize", "cursorTime", "defaultSaveTTL", "defaultTTL", "delegate", "diskUsage", "dispatchState",
        "doneProgress", "dropCount", "earliestTime", "eventAvailableCount", "eventCount", "eventFieldCount",
        "eventIsStreaming", "eventIsTruncated", "eventSearch", "eventSorting", "indexEarliestTime", "indexLatestTime",
        "isBatchModeSearch", "isDone", "isEventsPreviewEnabled", "isFailed", "isFinalized", "isPaused",
        "isPreviewEnabled", "isRealTimeSearch", "isRemoteTimeline", "isSaved", "isSavedSearch", "isTimeCursored",
        "isZombie", "is_prjob", "keywords", "label", "normalizedSearch", "numPreviews", "optimizedSearch", "phase0",
        "phase1", "pid", "priority", "provenance", "remoteSearch", "reportSearch", "resultCount", "resultIsStreaming",
        "resultPreviewCount", "runDuration", "sampleRatio", "sampleSeed", "scanCount", "search",
        "searchCanBeEventType", "searchTotalBucketsCount", "searchTotalEliminatedBucketsCount", "sid", "statusBuckets",
        "ttl", "workload_action_information", "workload_pool", "performance", "messages", "request", "runtime",
        "searchProviders", "searchTelemetry",
    } <= content.keys()  # fmt: skip
    assert content["eventSearch"] == "search index=_internal | head 5"
    assert content["reportSearch"] == ""
    assert content["optimizedSearch"] == "| search index=_internal | head 5"
    assert content["keywords"] == "index::_internal"
    assert content["searchTelemetry"]["status"] == "success"  # type: ignore[index]


@pytest.mark.measured("M2.52", "M2.59", "N2.17")
def test_the_list_has_no_messages_and_ignores_f(rest: Rest) -> None:
    dispatch(rest)
    feed = rest.get(JOBS, f="sid", count=1)
    assert "messages" not in feed.json
    assert "dispatchState" in feed.json["entry"][0]["content"]
    assert b"<opensearch:itemsPerPage>0</opensearch:itemsPerPage>" in rest("GET", JOBS).body


@pytest.mark.measured("M2.43")
def test_sorting_jobs(rest: Rest) -> None:
    reply = rest.get(JOBS, sort_key=["sid", "label"], sort_dir="asc")
    assert (reply.status, reply.message) == (400, ("FATAL", "Number of sort_key and sort_dir arguments do not match."))


# --- control ----------------------------------------------------------------------------------------------------------


def control(rest: Rest, sid: str, action: str, **more: str) -> Reply:
    return rest.post(f"{JOBS}/{sid}/control", action=action, **more)


@pytest.mark.measured("M3.28", "M3.29")
@pytest.mark.parametrize(
    ("action", "text"),
    [
        ("pause", "Search job paused."),
        ("unpause", "Search job continued."),
        ("finalize", "Search job finalized."),
        ("touch", "Search job touched."),
        ("enablepreview", "Search job results preview enabled."),
        ("disablepreview", "Search job results preview disabled."),
        ("save", "The ttl of the search job was changed to 604800."),
        ("cancel", "Search job cancelled."),
    ],
)
def test_control_actions_answer(rest: Rest, action: str, text: str) -> None:
    reply = control(rest, dispatch(rest), action)
    assert reply.json == {"messages": [{"type": "INFO", "text": text}]}


@pytest.mark.measured("M3.29")
def test_setttl(rest: Rest) -> None:
    sid = dispatch(rest)
    assert control(rest, sid, "setttl", ttl="120").message[1] == "The ttl of the search job was changed to 120."
    assert entry(rest, sid)["ttl"] == 120


@pytest.mark.measured("M3.30")
def test_an_unknown_action(rest: Rest) -> None:
    reply = control(rest, dispatch(rest), "dance")
    assert (reply.status, reply.message) == (400, ("FATAL", "Unknown action."))


@pytest.mark.measured("M3.23", "M3.31")
@pytest.mark.parametrize("way", ["cancel", "DELETE"])
def test_a_removed_job_is_unknown(rest: Rest, way: str) -> None:
    sid = dispatch(rest)
    done = rest("DELETE", f"{JOBS}/{sid}?output_mode=json") if way == "DELETE" else control(rest, sid, "cancel")
    assert done.message == ("INFO", "Search job cancelled.")
    for path in ("", "/results", "/results_preview"):
        reply = rest.get(f"{JOBS}/{sid}{path}")
        assert (reply.status, reply.message) == (404, ("FATAL", "Unknown sid."))
    assert control(rest, sid, "touch").status == 404


@pytest.mark.measured("M3.33")
def test_finalize_is_told_from_a_normal_end(rest: Rest) -> None:
    sid = dispatch(rest)
    assert entry(rest, sid)["isFinalized"] is False
    control(rest, sid, "finalize")
    assert entry(rest, sid)["isFinalized"] is True


@pytest.mark.measured("M3.34")
def test_touch_moves_updated(rest: Rest) -> None:
    sid = dispatch(rest)
    before = rest.get(f"{JOBS}/{sid}").json["entry"][0]["updated"]
    control(rest, sid, "touch")
    assert rest.get(f"{JOBS}/{sid}").json["entry"][0]["updated"] > before


# --- results ----------------------------------------------------------------------------------------------------------


@pytest.mark.measured("M2.28", "M2.31", "M2.32", "M2.34")
def test_results_in_json(rest: Rest) -> None:
    body = rest.get(f"{JOBS}/{dispatch(rest, MULTI)}/results")
    assert list(body.json) == ["preview", "init_offset", "messages", "fields", "results", "highlighted"]
    assert body.json["fields"] == [{"name": name} for name in ("mv", "e", "t", "n", "none")]
    assert body.json["results"] == [{"mv": ["x", "y"], "e": "", "t": "a b", "n": "1.5"}]
    assert b"\n" not in body.body


@pytest.mark.measured("M2.35")
def test_what_fields_say_of_columns(rest: Rest) -> None:
    def fields(search: str) -> dict[str, dict[str, str]]:
        listed = rest.get(f"{JOBS}/{dispatch(rest, search)}/results").json["fields"]
        return {field.pop("name"): field for field in listed}

    by = fields(f"{ROWS} | stats count by g n")
    assert by == {"g": {"groupby_rank": "0", "type": "str"}, "n": {"groupby_rank": "1"}, "count": {}}
    top = fields(f"{ROWS} | top g")
    assert (top["count"], top["percent"]) == ({"type_special": "count"}, {"type_special": "percent"})
    assert fields("| makeresults | timechart count")["_time"] == {"groupby_rank": "0"}


@pytest.mark.measured("M2.31")
def test_time_is_iso(rest: Rest) -> None:
    row = rest.search("| makeresults | eval _time=1787500000.5")[0]
    assert row["_time"] == "2026-08-23T15:46:40.500+00:00"


@pytest.mark.measured("M2.21", "M2.24", "M2.29", "M2.30")
def test_results_without_rows(rest: Rest) -> None:
    sid = dispatch(rest, "| makeresults count=0")
    assert rest.get(f"{JOBS}/{sid}/results").json == {
        "preview": False, "init_offset": 0, "messages": [], "post_process_count": 0, "results": []
    }  # fmt: skip
    rows = rest("GET", f"{JOBS}/{sid}/results?output_mode=json_rows").json
    assert (rows["fields"], rows["rows"]) == ([], [])
    csv = rest("GET", f"{JOBS}/{sid}/results?output_mode=csv")
    assert (csv.status, csv.body, csv.headers["content-type"]) == (200, b"", "text/plain; charset=UTF-8")


@pytest.mark.measured("M2.30")
def test_rows_and_columns(rest: Rest) -> None:
    sid = dispatch(rest, MULTI)
    rows = rest("GET", f"{JOBS}/{sid}/results?output_mode=json_rows").json
    assert rows["fields"] == ["mv", "e", "t", "n", "none"]
    assert rows["rows"] == [[["x", "y"], "", "a b", "1.5", None]]
    columns = rest("GET", f"{JOBS}/{sid}/results?output_mode=json_cols").json
    assert columns["columns"] == [[["x", "y"]], [""], ["a b"], ["1.5"], [None]]


@pytest.mark.measured("M2.2", "M2.15", "M2.16", "M2.17", "M2.20")
def test_csv(rest: Rest) -> None:
    spl = '| makeresults | eval ab=1, a_b="q\\"q", mv=split("x;y",";"), e="", n=1.5 | table ab a_b mv e none n'
    reply = rest("GET", f"{JOBS}/{dispatch(rest, spl)}/results?output_mode=csv")
    assert reply.headers["content-type"] == "text/csv; charset=UTF-8"
    assert reply.text == 'ab,"a_b",mv,e,none,n\n1,"q""q","x\ny","",,"1.5"\n'
    oneshot = rest("POST", JOBS, {"search": spl, "exec_mode": "oneshot", "output_mode": "csv"})
    assert oneshot.text == "\n" + reply.text


@pytest.mark.measured("M2.22", "M2.23", "M2.25")
def test_xml_results(rest: Rest) -> None:
    spl = '| makeresults | eval a=1, mv=split("x;y",";") | table a mv'
    body = rest("GET", f"{JOBS}/{dispatch(rest, spl)}/results").text
    assert body == (
        "<?xml version='1.0' encoding='UTF-8'?>\n\n<results preview='0'>\n<meta>\n<fieldOrder>\n"
        "<field>a</field>\n<field>mv</field>\n</fieldOrder>\n</meta>\n"
        "\t<result offset='0'>\n"
        "\t\t<field k='a'>\n\t\t\t<value><text>1</text></value>\n\t\t</field>\n"
        "\t\t<field k='mv'>\n\t\t\t<value><text>x</text></value>\n\t\t\t<value><text>y</text></value>\n\t\t</field>\n"
        "\t</result>\n</results>\n"
    )
    etree.fromstring(body.encode())


@pytest.mark.measured("M2.27")
def test_awkward_text_stays_well_formed(rest: Rest) -> None:
    spl = '| makeresults | eval \'it\'=1, x="<&>\'Grüße" | rename it as "a\'b<c" | table "a\'b<c" x'
    sid = dispatch(rest, spl)
    root = etree.fromstring(rest("GET", f"{JOBS}/{sid}/results").body)
    assert [field.get("k") for field in root.iter("field") if field.get("k")] == ["a'b<c", "x"]
    assert root.findtext(".//field[@k='x']/value/text") == "<&>'Grüße"
    assert "Grüße".encode() in rest.get(f"{JOBS}/{sid}/results").body


@pytest.mark.measured("M3.25", "N3.18")
def test_paging_results(rest: Rest) -> None:
    sid = dispatch(rest, ROWS)
    page = rest.get(f"{JOBS}/{sid}/results", offset=3, count=3).json
    assert (page["init_offset"], len(page["results"])) == (3, 2)
    many = dispatch(rest, "| makeresults count=150")
    assert len(rest.get(f"{JOBS}/{many}/results").json["results"]) == 100
    assert len(rest.get(f"{JOBS}/{many}/results", count=0).json["results"]) == 150


@pytest.mark.measured("N2.32", "N2.34")
def test_f_chooses_and_orders_columns(rest: Rest) -> None:
    sid = dispatch(rest, ROWS)
    fields = rest.get(f"{JOBS}/{sid}/results", f=["n", "g"]).json["fields"]
    assert [field["name"] for field in fields] == ["n", "g"]
    assert rest("GET", f"{JOBS}/{sid}/results?output_mode=csv&f=g").text.splitlines()[0] == "g"


@pytest.mark.measured("N3.19")
def test_post_processing(rest: Rest) -> None:
    sid = dispatch(rest, ROWS)
    body = rest.post(f"{JOBS}/{sid}/results", search="stats count by g | sort g").json
    assert body["results"] == [{"g": "a", "count": "2"}, {"g": "b", "count": "3"}]
    assert body["post_process_count"] == 2
    for mode in ("json_rows", "json_cols"):
        found = rest.post(f"{JOBS}/{sid}/results", search="stats count by g", output_mode=mode).json
        assert found["post_process_count"] == 2
        assert "post_process_count" not in rest.post(f"{JOBS}/{sid}/results", output_mode=mode).json
    assert rest.post(f"{JOBS}/{sid}/results", search="bogus").message == ("FATAL", "Unknown search command 'bogus'.")


@pytest.mark.measured("N3.20")
def test_a_preview_of_a_finished_job_is_no_preview(rest: Rest) -> None:
    assert rest.get(f"{JOBS}/{dispatch(rest)}/results_preview").json["preview"] is False


@pytest.mark.measured("M3.27")
def test_events_of_a_generating_search_are_none(rest: Rest) -> None:
    assert rest.get(f"{JOBS}/{dispatch(rest)}/events").json["results"] == []


# --- beside the rows --------------------------------------------------------------------------------------------------


@pytest.mark.measured("M3.20", "N3.22", "N3.23")
def test_summary_timeline_and_log(rest: Rest) -> None:
    for time, user in ((1787500000, "alice"), (1787500000, "bob"), (1787503600, "alice")):
        body = f'{{"event":"x","time":{time},"sourcetype":"timed","fields":{{"user":"{user}"}}}}'
        assert rest.hec("/services/collector/event", body.encode()).status == 200
    sid = dispatch(rest, "search index=main sourcetype=timed", status_buckets="10")
    summary = rest.get(f"{JOBS}/{sid}/summary").json
    assert summary["event_count"] == 3
    user = summary["fields"]["user"]
    assert (user["count"], user["distinct_count"], user["is_exact"]) == (3, 2, True)
    assert user["modes"][0] == {"value": "alice", "count": 2, "is_exact": True}
    timeline = rest.get(f"{JOBS}/{sid}/timeline").json
    buckets = [(bucket["earliest_time"], bucket["total_count"], bucket["duration"]) for bucket in timeline["buckets"]]
    assert buckets == [(1787499600, 2, 600), (1787503200, 1, 600)]
    for part in ("summary", "timeline"):
        etree.fromstring(rest("GET", f"{JOBS}/{sid}/{part}").body)
    assert "command=search rows=3" in rest("GET", f"{JOBS}/{sid}/search.log").text


# --- export -----------------------------------------------------------------------------------------------------------


@pytest.mark.measured("M3.37")
def test_export_lines(rest: Rest) -> None:
    reply = rest.post(f"{JOBS}/export", search="| makeresults count=2 | eval x=1 | table x")
    assert reply.text == (
        '{"preview":false,"offset":0,"result":{"x":"1"}}\n{"preview":false,"offset":1,"lastrow":true,"result":{"x":"1"}}\n'
    )
    nothing = rest.post(f"{JOBS}/export", search="| makeresults count=0")
    assert nothing.text == '{"preview":false,"lastrow":true}\n'


@pytest.mark.measured("M2.25", "M3.38", "N3.33")
def test_export_in_other_modes(rest: Rest) -> None:
    search = {"search": "| makeresults count=3 | eval x=1"}
    rows = rest("POST", f"{JOBS}/export", {**search, "output_mode": "json_rows"}).json
    assert (rows["fields"], len(rows["rows"])) == (["_time", "x"], 3)
    assert rest("POST", f"{JOBS}/export", {**search, "output_mode": "csv"}).text.startswith('"_time",x\n')
    xml = rest("POST", f"{JOBS}/export", search).text
    assert xml.startswith("<?xml version='1.0' encoding='UTF-8'?>\n<results preview='0'>")
