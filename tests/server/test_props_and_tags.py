"""Extractions, aliases, calculated fields, automatic lookups, renamed source types and tags, made over REST."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.server.wire import Rest

NOBODY = "/servicesNS/nobody/search"


@pytest.fixture
def event(rest: Rest) -> str:
    """The index of one event of the source type ``trade``."""
    name = f"trade{id(object())}"
    rest.post("/services/data/indexes", name=name)
    sent = {"event": "buyer: anna; price: 20", "index": name, "sourcetype": "trade", "host": "floor1"}
    assert rest.hec("/services/collector/event", json.dumps(sent).encode()).status == 200
    return name


def made(rest: Rest, kind: str, **settings: Any) -> dict[str, Any]:
    reply = rest.post(f"{NOBODY}/data/props/{kind}", **settings)
    assert reply.status == 201, reply.text
    entry: dict[str, Any] = reply.json["entry"][0]
    return entry


@pytest.mark.measured("N8.22", "N8.23", "N8.24")
def test_settings_of_props_are_entities_that_searches_see(rest: Rest, event: str) -> None:
    extraction = made(rest, "extractions", name="trade", stanza="trade", type="EXTRACT",
                      value=r"buyer: (?<buyer>\w+); price: (?<price>\d+)")  # fmt: skip
    assert extraction["name"] == "trade : EXTRACT-trade"
    assert {key: extraction["content"][key] for key in ("attribute", "stanza", "type")} == {
        "attribute": "EXTRACT-trade", "stanza": "trade", "type": "Inline",
    }  # fmt: skip
    double = made(rest, "calcfields", name="double", stanza="trade", value="price*2")
    assert double["name"] == "trade : EVAL-double"
    assert {key: double["content"][key] for key in ("attribute", "field.name", "type", "value")} == {
        "attribute": "EVAL-double", "field.name": "double", "type": "EVAL", "value": "price*2",
    }  # fmt: skip
    alias = made(rest, "fieldaliases", name="who", stanza="trade", **{"alias.buyer": "user", "overwrite": "0"})
    assert alias["name"] == "trade : FIELDALIAS-who"
    assert alias["content"]["value"] == "buyer ASNEW user"
    rows = json.dumps([["person", "desk"], ["anna", "d7"]])
    rest.post("/services/data/lookup_edit/lookup_contents", lookup_file="desks.csv", contents=rows)
    rest.post(f"{NOBODY}/data/transforms/lookups", name="desks", filename="desks.csv")
    looked = made(rest, "lookups", name="desk", stanza="trade", transform="desks",
                  **{"lookup.field.input.person": "buyer", "lookup.field.output.desk": ""})  # fmt: skip
    assert looked["name"] == "trade : LOOKUP-desk"
    assert looked["content"]["value"] == "desks person AS buyer OUTPUT desk"
    assert looked["content"]["lookup.field.input.person"] == "buyer"

    spl = f"search index={event} | table buyer price double user desk"
    assert rest.search(spl) == [{"buyer": "anna", "price": "20", "double": "40", "user": "anna", "desk": "d7"}]

    path = f"{NOBODY}/data/props/fieldaliases/trade%20:%20FIELDALIAS-who"
    assert rest.post(path, **{"alias.price": "cost"}).json["entry"][0]["content"]["value"] == "price AS cost"
    assert rest.search(f"search index={event} | table cost user") == [{"cost": "20"}]

    assert rest("DELETE", f"{NOBODY}/data/props/calcfields/trade%20:%20EVAL-double").status == 200
    assert rest.search(f"search index={event} | table double price") == [{"price": "20"}]
    assert rest.get(f"{NOBODY}/data/props/calcfields/trade%20:%20EVAL-double").status == 404
    names = [entry["name"] for entry in rest.get(f"{NOBODY}/data/props/extractions", count=0).json["entry"]]
    assert "trade : EXTRACT-trade" in names

    renamed = made(rest, "sourcetype-rename", name="trade", value="deals")
    assert (renamed["name"], renamed["content"]["attribute"], renamed["content"]["value"]) == (
        "trade", "rename", "deals",
    )  # fmt: skip
    assert rest.search(f"search index={event} sourcetype=deals | stats count by sourcetype") == [
        {"sourcetype": "deals", "count": "1"}
    ]
    assert rest("DELETE", f"{NOBODY}/data/props/sourcetype-rename/trade").status == 200
    assert rest.search(f"search index={event} | stats count by sourcetype") == [{"sourcetype": "trade", "count": "1"}]


@pytest.mark.parametrize(
    ("kind", "settings", "status"),
    [
        ("extractions", {"name": "x", "stanza": "s", "value": "v"}, 400),
        ("extractions", {"name": "x", "stanza": "s", "type": "GUESS", "value": "v"}, 400),
        ("calcfields", {"name": "x", "stanza": "s"}, 400),
        ("calcfields", {"name": "x", "stanza": "s", "value": "1", "colour": "red"}, 400),
        ("fieldaliases", {"name": "x", "stanza": "s"}, 400),
        ("lookups", {"name": "x", "stanza": "s", "transform": "t"}, 400),
        ("sourcetype-rename", {"name": "x"}, 400),
    ],
)
def test_what_is_no_setting_is_refused(rest: Rest, kind: str, settings: dict[str, str], status: int) -> None:
    assert rest.post(f"{NOBODY}/data/props/{kind}", **settings).status == status
    assert rest.get(f"{NOBODY}/data/props/{kind}/s%20:%20nothing").status == 404


def test_a_setting_is_made_once(rest: Rest) -> None:
    made(rest, "calcfields", name="once", stanza="s", value="1")
    again = rest.post(f"{NOBODY}/data/props/calcfields", name="once", stanza="s", value="2")
    assert (again.status, "already exists" in again.message[1]) == (409, True)


@pytest.mark.measured("N8.29")
def test_tags_by_tag_and_by_field(rest: Rest, event: str) -> None:
    path = f"{NOBODY}/search/tags/trading"
    assert rest.get(path).status == 404
    said = rest.post(path, add=["host::floor1", "sourcetype::trade"])
    assert said.message == ("INFO", "Processed adds/deletes for tag")
    assert [entry["name"] for entry in rest.get(path).json["entry"]] == ["host::floor1", "sourcetype::trade"]
    assert rest.search(f"search index={event} tag=trading | stats count") == [{"count": "1"}]
    assert rest.search(f"search index={event} tag::host=trading | stats count") == [{"count": "1"}]

    fields = f"{NOBODY}/search/fields/host/tags"
    said = rest.post(fields, value="floor1", add="loud", delete="trading")
    assert "processed adds/deletes for field host" in said.message[1]
    assert [entry["name"] for entry in rest.get(fields).json["entry"]] == ["floor1::loud"]
    assert rest.search(f"search index={event} tag::host=trading | stats count") == [{"count": "0"}]
    assert {"loud", "trading"} <= {entry["name"] for entry in rest.get(f"{NOBODY}/search/tags").json["entry"]}

    assert rest("DELETE", path).status == 200
    assert rest("DELETE", path).status == 404
    assert rest.post(path, add="nothing").status == 400
