"""Risk and notable events as searches see them with the apps that come with the project."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from harness.clock import SteppedClock
from harness.knowledge.knowledge import Knowledge, shipped_apps
from harness.server.config import ServerConfig
from harness.server.server import Server
from tests.server.wire import PASSWORD, Rest

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC).timestamp()
RISK = [
    {"risk_object_field": "dest", "risk_object_type": "system", "risk_score": 64},
    {"risk_object_field": "user", "risk_object_type": "user", "risk_score": 36},
]


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return Knowledge.load([path for path in shipped_apps() if path.name.startswith("Splunk")])


@pytest.fixture
def rest(knowledge: Knowledge) -> Iterator[Rest]:
    clock = SteppedClock(NOON)
    with Server(ServerConfig(password=PASSWORD, clock=clock, knowledge=knowledge)).start() as running:
        rest = Rest(running)
        reply = rest.post(
            "/servicesNS/nobody/search/saved/searches",
            name="ESCU - X - Rule",
            search='| makeresults | eval dest="h,1", user="say \\"hi\\"" | table dest user',
            **{
                "action.risk": "1",
                "action.risk.param._risk": json.dumps(RISK),
                "action.risk.param._risk_message": "$user$ on $dest$",
                "action.notable": "1",
                "action.correlationsearch.annotations": json.dumps({"mitre_attack": ["T1059"]}),
            },
        )
        assert reply.status == 201
        sid = rest.post(
            "/servicesNS/nobody/search/saved/searches/ESCU%20-%20X%20-%20Rule/dispatch", trigger_actions="1"
        ).json["sid"]
        running.instance.jobs.get(sid).finished.result(10)
        yield rest


def test_the_indexes_come_with_the_app(rest: Rest) -> None:
    names = [entry["name"] for entry in rest.get("/services/data/indexes", count=0).json["entry"]]
    assert {"risk", "notable"} <= set(names)


def test_values_come_back_as_they_were_and_once(rest: Rest) -> None:
    """The pairs of the text are not extracted beside the fields that the event was written with."""
    rows = rest.search("search index=risk risk_object_type=user | table dest user risk_message risk_score")
    assert rows == [{"dest": "h,1", "user": 'say "hi"', "risk_message": 'say "hi" on h,1', "risk_score": "36"}]


def test_the_risk_data_model_holds_risk_events_and_no_notables(rest: Rest) -> None:
    """api-addons-cim 5.4"""
    rows = rest.search(
        "| tstats count sum(All_Risk.calculated_risk_score) as score from datamodel=Risk.All_Risk "
        "by All_Risk.normalized_risk_object All_Risk.annotations.mitre_attack source"
    )
    shared = {"All_Risk.annotations.mitre_attack": "T1059", "source": "ESCU - X - Rule", "count": "1"}
    assert rows == [
        {"All_Risk.normalized_risk_object": "h,1", "score": "64", **shared},
        {"All_Risk.normalized_risk_object": 'say "hi"', "score": "36", **shared},
    ]
    assert rest.search("search index=notable | stats count") == [{"count": "1"}]


def test_stash_text_is_read_back(rest: Rest) -> None:
    """Risk events recorded elsewhere are replayed as text."""
    text = b'1642999416, search_name="S", risk_object="a b", risk_score="80.0", '
    text += b'note="q \\"x, y=z\\"", mv="1", mv="2", n=5\n'
    reply = rest("POST", "/services/receivers/simple?index=risk&sourcetype=stash&source=replayed", text * 2)
    assert reply.status == 200
    rows = rest.search("search index=risk source=replayed | table _time search_name risk_object risk_score mv n note")
    row = {
        "_time": "2022-01-24T04:43:36.000+00:00",
        "search_name": "S",
        "risk_object": "a b",
        "risk_score": "80.0",
        "mv": ["1", "2"],
        "n": "5",
        "note": 'q \\"x, y=z\\"',
    }
    assert rows == [row, row]
