"""Data models as Splunk writes them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.errors import KnowledgeError, SearchError
from harness.knowledge.apps import App
from harness.knowledge.datamodels import DataModel, parse_data_model
from harness.knowledge.knowledge import Knowledge, shipped_apps

MODEL = {
    "modelName": "Things",
    "displayName": "Some things",
    "objects": [
        {
            "objectName": "All",
            "parentName": "BaseEvent",
            "constraints": [{"search": "tag=thing"}],
            "fields": [{"fieldName": "dest", "type": "string", "required": True}],
            "calculations": [
                {
                    "calculationType": "Eval",
                    "expression": 'coalesce(dest, "unknown")',
                    "outputFields": [{"fieldName": "dest", "type": "string"}],
                }
            ],
        },
        {"objectName": "Big", "parentName": "All", "constraints": [{"search": "size>10"}]},
        {
            "objectName": "Bigger",
            "parentName": "Big",
            "fields": [{"fieldName": "size", "type": "number", "hidden": True}],
        },
    ],
}


def parsed(document: object) -> DataModel:
    return parse_data_model(json.dumps(document).encode(), Path("Things.json"), "an_app")


def test_a_dataset_knows_its_line_of_ancestors() -> None:
    model = parsed(MODEL)
    assert [dataset.lineage for dataset in model.datasets.values()] == ["All", "All.Big", "All.Big.Bigger"]
    assert [dataset.name for dataset in model.chain("Bigger")] == ["All", "Big", "Bigger"]
    assert [dataset.name for dataset in model.descendants("Big")] == ["Big", "Bigger"]
    assert [dataset.name for dataset in model.roots] == ["All"]


def test_a_dataset_holds_only_what_it_adds() -> None:
    model = parsed(MODEL)
    assert (model.datasets["Big"].constraints, model.datasets["Big"].fields) == (("size>10",), ())
    field = model.datasets["Bigger"].fields[0]
    assert (field.name, field.type, field.hidden, field.required) == ("size", "number", True, False)


def test_a_calculation_keeps_what_its_kind_needs() -> None:
    calculation = parsed(MODEL).datasets["All"].calculations[0]
    assert (calculation.kind, calculation.settings["expression"]) == ("Eval", 'coalesce(dest, "unknown")')
    assert [output.name for output in calculation.outputs] == ["dest"]


@pytest.mark.parametrize(
    "document",
    [
        [],
        {},
        {"objects": [{}]},
        {"objects": [{"objectName": "A", "parentName": "Nobody"}]},
        {"objects": [{"objectName": "A", "parentName": "B"}, {"objectName": "B", "parentName": "A"}]},
        {"objects": [{"objectName": "A", "constraints": [{}]}]},
    ],
)
def test_what_is_no_data_model_is_refused_with_its_file(document: object) -> None:
    with pytest.raises(KnowledgeError, match=r"Things\.json"):
        parsed(document)


def test_no_json_at_all_is_refused() -> None:
    with pytest.raises(KnowledgeError, match=r"x\.json"):
        parse_data_model(b"{", Path("x.json"), "an_app")


def test_the_model_of_the_last_app_counts_and_an_unknown_one_is_refused() -> None:
    first, second = (
        App(name, Path(name), data_models={"Things": json.dumps({**MODEL, "displayName": name}).encode()})
        for name in ("first", "second")
    )
    knowledge = Knowledge([first, second])
    assert (knowledge.data_model("Things").label, knowledge.data_model_names()) == ("second", ["Things"])
    with pytest.raises(SearchError, match="Other"):
        knowledge.data_model("Other")


def test_every_data_model_that_is_shipped_can_be_read() -> None:
    knowledge = Knowledge.load(shipped_apps())
    assert all(knowledge.data_model(name).roots for name in knowledge.data_model_names())
