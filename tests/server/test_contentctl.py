"""The conversation that contentctl 5.6 has with a server that it tests detections on, request by request.

Recorded from an unmodified contentctl; the requests are sent by the same library, in the same order.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from splunklib import client, results

from harness.knowledge.apps import App
from harness.knowledge.knowledge import Knowledge, shipped_apps
from harness.server.config import ServerConfig
from harness.server.server import RunningServer, Server
from tests.server.wire import PASSWORD, Rest

INDEX = "contentctl_testing_index"
NAME = "ESCU - Odd Tool - Rule"
SEARCH = "index=contentctl_testing_index sourcetype=tool | stats count by dest user"
RISK = [
    {"risk_object_field": "dest", "risk_object_type": "system", "risk_score": 60},
    {"risk_object_field": "user", "risk_object_type": "user", "risk_score": 56},
    {"threat_object_field": "count", "threat_object_type": "other"},
]


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    app = App("ContentPack", Path("ContentPack"))
    app.confs["savedsearches"] = {
        NAME: {
            "search": SEARCH,
            "disabled": "true",
            "enableSched": "1",
            "cron_schedule": "0 * * * *",
            "dispatch.earliest_time": "-70m@m",
            "dispatch.latest_time": "-10m@m",
            "action.risk": "1",
            "action.risk.param._risk": json.dumps(RISK),
            "action.risk.param._risk_message": "Odd tool on $dest$ by $user$",
            "action.correlationsearch.enabled": "1",
            "action.correlationsearch.annotations": json.dumps(
                {"analytic_story": ["Odd Story"], "mitre_attack": ["T1049"]}
            ),
            "counttype": "number of events",
            "relation": "greater than",
            "quantity": "0",
        }
    }
    apps = [path for path in shipped_apps() if path.name.startswith("Splunk")]
    base = Knowledge.load(apps)
    with Server(ServerConfig(password=PASSWORD, knowledge=base.with_app(app))).start() as running:
        yield running


@pytest.fixture(scope="module")
def service(server: RunningServer) -> client.Service:
    url = urlsplit(server.rest_url)
    return client.connect(host=url.hostname, port=url.port, username="admin", password=PASSWORD, autologin=True)


def search(service: client.Service, spl: str) -> list[dict[str, Any]]:
    job = service.jobs.create(spl, exec_mode="blocking")
    found = job.results(output_mode="json", segmentation="none")
    return [row for row in results.JSONResultsReader(found) if isinstance(row, dict)]


def test_the_conversation(service: client.Service, server: RunningServer) -> None:
    """contentctl 2.4, 2.6, 2.7"""
    rest = Rest(server)
    assert [message.name for message in service.messages] == []

    # Set-up.
    assert service.get("/servicesNS/nobody/Splunk_SA_CIM/configs/conf-datamodels").status == 200
    for key, value in (
        ("acceleration", "true"),
        ("acceleration.schedule_priority", "highest"),
        ("tags_whitelist", "a"),
    ):
        path = f"/servicesNS/nobody/Splunk_SA_CIM/properties/datamodels/Web/{key}"
        assert service.post(path, value=value).status == 200
    service.indexes.create(INDEX)
    with pytest.raises(Exception, match="already exists"):
        service.indexes.create(INDEX)
    indexes = [index.name for index in service.indexes.list(count=-1, offset=0)]
    assert {INDEX, "risk", "notable"} <= set(indexes)
    assert service.apps["SplunkEnterpriseSecuritySuite"].content["version"] < "8.0.0"
    reply = service.post(
        "authorization/roles/admin",
        imported_roles=["user", "power", "can_delete", "ess_admin", "ess_analyst", "ess_user"],
        srchIndexesAllowed=";".join(indexes),
        srchIndexesDefault=INDEX,
    )
    assert reply.status == 200
    assert service.post("properties/authorize/default/deleteIndexesAllowed", value=";".join(indexes)).status == 200

    # The event collector's input: looked up by a name that is encoded twice, made, read.
    lookup = "/servicesNS/nobody/splunk_httpinput/data/inputs/http/http%3A%252F%252FDETECTION_TESTING_HEC"
    assert rest("GET", lookup).status == 404
    service.post(
        "/services/data/inputs/http", name="DETECTION_TESTING_HEC", index=INDEX, indexes=",".join(indexes), useACK=True
    )
    made = rest.get("/services/data/inputs/http/DETECTION_TESTING_HEC").json["entry"][0]
    token = made["content"]["token"]
    assert rest("GET", lookup).status == 200

    # The data.
    channel = {"X-Splunk-Request-Channel": str(uuid.uuid4())}
    query = urlencode({"index": INDEX, "source": "s", "sourcetype": "tool", "host": "CONTENTCTL_HOST"})
    sent = rest.hec(f"/services/collector/raw?{query}", b"dest=h1 user=alice\n", token, **channel)
    assert sent.json == {"text": "Success", "code": 0, "ackId": 0}
    asked = rest.hec("/services/collector/ack", b'{"acks":[0]}', token, **channel)
    assert asked.json == {"acks": {"0": True}}

    # The unit test.
    assert search(service, f"search {SEARCH}") == [{"dest": "h1", "user": "alice", "count": "1"}]

    # The integration test.
    saved = service.saved_searches[NAME]
    assert int(saved.content["action.risk"]) == 1
    assert int(saved.content["action.notable"]) == 0
    assert json.loads(saved.content["action.risk.param._risk"]) == RISK
    saved.update(
        search=saved.content["search"],
        **{"dispatch.earliest_time": 0, "dispatch.latest_time": "now", "cron_schedule": "0 0 1 1 *"},
    )
    saved.enable()
    job = saved.dispatch(trigger_actions=True)
    server.instance.jobs.get(job.sid).finished.result(10)
    assert job.is_done()
    rows = search(service, f'search index=risk search_name="{NAME}" orig_sid="{job.sid}" | tojson')
    assert {row["index"] for row in rows} == {"risk"}
    events = sorted((json.loads(row["_raw"]) for row in rows), key=lambda event: str(event["risk_object"]))
    assert [(event["risk_object"], event["risk_object_type"], int(event["risk_score"])) for event in events] == [
        ("alice", "user", 56),
        ("h1", "system", 60),
    ]
    for event, field in zip(events, ("user", "dest"), strict=True):
        assert event["search_name"] == NAME
        assert event["orig_sid"] == job.sid
        assert event["analyticstories"] == "Odd Story"
        assert event["annotations.mitre_attack"] == "T1049"
        assert event["risk_message"] == "Odd tool on h1 by alice"
        assert f'| savedsearch "{NAME}" | search {field}=' in event["contributing_events_search"]
    assert search(service, f'search index=notable search_name="{NAME}" orig_sid="{job.sid}" | tojson') == []
    saved.disable()
    saved.refresh()

    # Cleaning up.
    deleted = search(service, f'search index=risk search_name="{NAME}" | delete')
    assert next(row for row in deleted if row["index"] == "risk")["errors"] == "0"
    search(service, f'search index="{INDEX}" host="CONTENTCTL_HOST" | delete')
    assert search(service, f"search {SEARCH}") == []


def test_bad_spl_is_told_at_once(service: client.Service) -> None:
    """contentctl 2.6"""
    with pytest.raises(Exception, match="Unknown search command 'bogus'"):
        service.jobs.create("search index=main | bogus", exec_mode="blocking")
