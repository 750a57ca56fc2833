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
