"""The KV store."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from harness.server.config import ServerConfig
from harness.server.server import Server
from tests.server.wire import PASSWORD, Reply, Rest

CONFIG = "/servicesNS/nobody/search/storage/collections/config"
DATA = "/servicesNS/nobody/search/storage/collections/data/people"


@pytest.fixture
def rest() -> Iterator[Rest]:
    with Server(ServerConfig(password=PASSWORD)).start() as running:
        rest = Rest(running)
        made = rest.post(CONFIG, name="people", **{"field.name": "string", "field.n": "number"})
        assert made.status == 201, made.text
        yield rest


def send(rest: Rest, path: str, value: Any, method: str = "POST") -> Reply:
    return rest(method, f"{path}?output_mode=json", json.dumps(value).encode())


def ask(rest: Rest, **query: Any) -> list[dict[str, Any]]:
    arguments = {name: value if isinstance(value, str | int) else json.dumps(value) for name, value in query.items()}
    return list(rest.get(DATA, **arguments).json)


# --- configuration ----------------------------------------------------------------------------------------------------


@pytest.mark.measured("M7.1", "M7.2")
def test_configuration_is_for_nobody_only(rest: Rest) -> None:
    for path in ("/services", "/servicesNS/admin/search"):
        reply = rest.get(f"{path}/storage/collections/config")
        assert (reply.status, reply.message) == (
            400,
            (
                "ERROR",
                "Must use user context of 'nobody' when interacting with collection configurations (used user='admin')",
            ),
        )
    assert rest.get("/services/storage/collections/data/people").status == 200


@pytest.mark.measured("M7.6", "M7.7", "M7.8")
def test_the_configuration_is_flat(rest: Rest) -> None:
    entry = rest.get(f"{CONFIG}/people").json["entry"][0]
    content = entry["content"]
    assert (content["field.name"], content["field.n"]) == ("string", "number")
    assert (content["type"], content["profilingThresholdMs"], content["replicate"]) == ("undefined", "1000", "false")
    assert entry["fields"]["wildcard"] == [r"accelerated_fields\..*", r"field\..*"]
    assert "can_share_app" in entry["acl"]


@pytest.mark.measured("M7.5", "N7.8")
def test_names_are_needed_and_taken_once(rest: Rest) -> None:
    assert rest.post(CONFIG, name="people").status == 409
    assert rest.post(CONFIG).message == ("ERROR", 'Cannot perform action "POST" without a target name to act on.')
    assert rest.get(f"{CONFIG}/nope").message == ("ERROR", "Could not find object id=nope")
    changed = rest.post(f"{CONFIG}/people", **{"field.flag": "bool"}).json["entry"][0]["content"]
    assert (changed["field.flag"], changed["field.n"]) == ("bool", "number")


@pytest.mark.measured("N7.9")
def test_one_name_in_several_apps(rest: Rest) -> None:
    other = CONFIG.replace("search", "launcher", 1)
    assert rest.post(other, name="people").status == 201
    send(rest, DATA, {"name": "a"})
    assert rest.get(DATA.replace("search", "launcher", 1)).json == []


# --- records ----------------------------------------------------------------------------------------------------------


@pytest.mark.measured("M7.13", "N7.1", "N7.2", "N7.5", "N7.6")
def test_insert_read_change_and_remove(rest: Rest) -> None:
    made = send(rest, DATA, {"name": "alice", "n": "39"})
    assert made.status == 201
    key = made.json["_key"]
    assert rest.get(f"{DATA}/{key}").json == {"name": "alice", "n": 39, "_user": "nobody", "_key": key}
    assert send(rest, f"{DATA}/{key}", {"name": "bob"}).json == {"_key": key}
    assert rest.get(f"{DATA}/{key}").json == {"name": "bob", "_user": "nobody", "_key": key}
    assert send(rest, DATA, {"_key": key}).status == 409
    assert rest("DELETE", f"{DATA}/{key}").status == 200
    assert rest.get(f"{DATA}/{key}").status == 404


@pytest.mark.measured("M7.3", "M7.4", "M7.10", "N7.7")
def test_what_is_refused(rest: Rest) -> None:
    unknown = rest("GET", DATA.replace("people", "nope"))
    assert unknown.status == 404
    assert '<msg type="ERROR">An object with name=nope does not exist</msg>' in unknown.text
    assert rest("POST", f"{DATA}?output_mode=json", b"nonsense").status == 400
    bad = rest("GET", f"{DATA}?query=nonsense")
    assert (bad.status, "The provided query was invalid." in bad.text) == (400, True)
    assert rest.get(DATA, query='{"$bogus":1}').status == 400
    assert send(rest, f"{DATA}/batch_find", ["x"]).message == ("ERROR", "The provided query was invalid.")


@pytest.mark.measured("M7.9", "M7.10", "M7.11", "N7.2")
def test_batches(rest: Rest) -> None:
    keys = send(rest, f"{DATA}/batch_save", [{"_key": "a", "n": 1}, {"n": 2}, {"_key": "b", "n": 3}], "PUT").json
    assert (keys[0], keys[2]) == ("a", "b")
    found = send(rest, f"{DATA}/batch_find", [{"query": {"n": {"$gt": 1}}, "sort": [{"n": -1}], "limit": 1}, {}]).json
    assert [record["n"] for record in found[0]] == [3]
    assert len(found[1]) == 3
    wrong = rest.get(f"{DATA}/batch_find")
    assert (wrong.status, wrong.message, wrong.headers["allow"]) == (405, ("ERROR", "Method Not Allowed"), "POST,PUT")


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"name": "a"}, "a"),
        ({"n": {"$gt": 1}}, "bc"),
        ({"n": {"$gte": 1, "$lt": 3}}, "ab"),
        ({"n": {"$ne": 2}}, "acd"),
        ({"$or": [{"name": "a"}, {"n": 3}]}, "ac"),
        ({"$and": [{"n": {"$gt": 1}}, {"name": "b"}]}, "b"),
        ({"$not": {"name": "a"}}, "bcd"),
        ({"deep.x": 1}, "d"),
        ({"list": "p"}, "d"),
        ({"name": {"$regex": "^[ab]$"}}, "ab"),
        ({"n": "1"}, ""),
    ],
)
def test_queries(rest: Rest, query: dict[str, Any], names: str) -> None:
    records = [{"name": "a", "n": 1}, {"name": "b", "n": 2}, {"name": "c", "n": 3}]
    send(rest, f"{DATA}/batch_save", [*records, {"name": "d", "deep": {"x": 1}, "list": ["p", "q"]}])
    assert "".join(record["name"] for record in ask(rest, query=query, sort="name")) == names


@pytest.mark.measured("M7.12", "N7.3")
def test_sort_limit_skip_and_fields(rest: Rest) -> None:
    send(rest, f"{DATA}/batch_save", [{"_key": str(n), "name": "x", "n": n} for n in range(5)])
    assert ask(rest, sort="n:-1", skip=1, limit=2, fields="name,n,_key") == [
        {"name": "x", "n": 3, "_key": "3"},
        {"name": "x", "n": 2, "_key": "2"},
    ]
    assert ask(rest, query={"n": 4}, fields="n,_id:0") == [{"n": 4}]
    assert ask(rest, query={"n": 4}, fields="n:0") == [{"name": "x", "_user": "nobody", "_key": "4"}]
    rest("DELETE", f"{DATA}?query=" + json.dumps({"n": {"$lt": 3}}).replace(" ", "").replace('"', "%22"))
    assert [record["n"] for record in ask(rest, sort="n")] == [3, 4]
    rest("DELETE", DATA)
    assert ask(rest) == []


# --- with searches ----------------------------------------------------------------------------------------------------


def test_searches_read_the_records(rest: Rest) -> None:
    send(rest, f"{DATA}/batch_save", [{"_key": "1", "name": "alice", "n": 7, "roles": ["dc", "web"]}])
    made = rest.post("/services/data/transforms/lookups", name="people_lookup", external_type="kvstore",
                     collection="people", fields_list="_key, name, n, roles")  # fmt: skip
    assert made.status == 201, made.text
    rows = rest.search(
        '| makeresults | eval who="alice" | lookup people_lookup name AS who OUTPUT n roles | table n roles'
    )
    assert rows == [{"n": "7", "roles": ["dc", "web"]}]
    assert rest.search("| inputlookup people_lookup | table name n") == [{"name": "alice", "n": "7"}]
