"""The official SDK drives the server as it drives a real Splunk."""

from __future__ import annotations

import json

from splunklib import client, results

from tests.server.wire import Rest


def test_login_index_send_search_and_read(service: client.Service, rest: Rest) -> None:
    service.indexes.create("attack")
    events = [
        {"event": {"user": name, "n": n}, "index": "attack", "sourcetype": "app:json"} for n, name in enumerate("abc")
    ]
    sent = rest.hec("/services/collector/event", "\n".join(map(json.dumps, events)).encode())
    assert sent.json == {"text": "Success", "code": 0}

    job = service.jobs.create("search index=attack | stats count by index", exec_mode="blocking")
    assert job["isDone"] == "1"
    assert job["resultCount"] == "1"
    rows = list(results.JSONResultsReader(job.results(output_mode="json")))
    assert rows == [{"index": "attack", "count": "3"}]


def test_submit_and_saved_search_and_collections(service: client.Service) -> None:
    """What the SDK offers beside jobs."""
    index = service.indexes["main"]
    index.submit("submitted event", sourcetype="plain", host="submitter")
    saved = service.saved_searches.create("by the sdk", "index=main host=submitter | stats count")
    job = saved.dispatch()
    while not job.is_done():
        pass
    assert list(results.JSONResultsReader(job.results(output_mode="json"))) == [{"count": "1"}]
    assert [past.sid for past in saved.history()] == [job.sid]
    saved.delete()
    assert "by the sdk" not in service.saved_searches
    service.macros.create("sdk_macro", "head 1")
    rows = service.jobs.oneshot("| makeresults count=3 | `sdk_macro`", output_mode="json")
    assert len(list(results.JSONResultsReader(rows))) == 1
    assert service.parse("search index=main", output_mode="json").status == 200


def test_an_index_is_cleaned(service: client.Service) -> None:
    """The SDK shortens its period, rolls its buckets, waits until it is empty and puts the settings back."""
    index = service.indexes.create("to_be_cleaned")
    index.submit("one event", sourcetype="plain")
    assert index.refresh()["totalEventCount"] == "1"
    index.clean(timeout=20)
    assert index.refresh()["totalEventCount"] == "0"
    assert index["frozenTimePeriodInSecs"] == "188697600"
    assert list(results.JSONResultsReader(service.jobs.oneshot("search index=to_be_cleaned", output_mode="json"))) == []
    index.submit("_time=1262304000 an old event, sent later", sourcetype="plain")
    assert index.refresh()["totalEventCount"] == "1"
