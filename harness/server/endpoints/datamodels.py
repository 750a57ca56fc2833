"""Data models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import msgspec

from harness.errors import KnowledgeError
from harness.knowledge.apps import App
from harness.knowledge.datamodels import parse_data_model
from harness.knowledge.knowledge import Knowledge
from harness.server.answers import Refusal, could_not_find
from harness.server.atom import Acl, Entry, Fields
from harness.server.call import Call
from harness.server.capabilities import Json
from harness.server.eai import Collection, check_arguments
from harness.server.knowledge_objects import missing_arguments

_ACCELERATION: Final = {"enabled": False, "earliest_time": "", "cron_schedule": "*/5 * * * *", "manual_rebuilds": False}

models = Collection(
    "datamodel/model",
    "datamodel",
    arguments=frozenset(("concise",)),
    capability=None,
    new=lambda: Fields(required=["name", "eai:data"], optional=["acceleration", "provisional"]),
)


@models.entries
def listed(call: Call) -> list[Entry]:
    """The models of all apps; each is a JSON text (``description`` and ``eai:data`` alike)."""
    knowledge = call.instance.knowledge  # as it is now: others may remove a model meanwhile
    return [_entry(call, name, knowledge) for name in knowledge.data_model_names()]


@models.creator
def create(call: Call, name: str, settings: dict[str, str]) -> Entry:
    """A model from its JSON."""
    check_arguments(settings, ("eai:data", "description", "acceleration", "provisional"))
    if name in call.instance.knowledge.data_model_names():
        raise Refusal(409, "ERROR", f"An object with name={name} already exists")
    text = settings.get("eai:data") or settings.get("description", "")
    if not text:
        raise missing_arguments(["eai:data"])
    _write(call, name, text)
    return _entry(call, name)


@models.editor
def edit(call: Call, name: str, settings: dict[str, str]) -> Entry:
    """The model anew, or its acceleration: searches here are as fast with it as without."""
    check_arguments(settings, ("eai:data", "description", "acceleration", "provisional"))
    if name not in call.instance.knowledge.data_model_names():
        raise could_not_find(name)
    text = settings.get("eai:data") or settings.get("description", "")
    if text:
        _write(call, name, text)
    if "acceleration" in settings:
        try:
            wanted = msgspec.json.decode(settings["acceleration"], type=dict[str, Any])
        except msgspec.DecodeError as error:
            raise Refusal(400, "ERROR", f"acceleration is no JSON object: {error}") from error
        call.instance.kept.put("acceleration", (name,), wanted)
        call.instance.accelerations[name] = wanted
    return _entry(call, name)


@models.remover
def remove(call: Call, name: str) -> None:
    """A model that a client has made."""
    if name not in call.instance.knowledge.data_model_names():
        raise could_not_find(name)
    if not call.instance.confs.remove_data_model(name):
        raise Refusal(400, "ERROR", f"Object id={name} cannot be deleted in config=datamodels.")


def _write(call: Call, name: str, text: str) -> None:
    data = text.encode()
    try:
        parse_data_model(data, Path(f"{name}.json"), "search")
    except KnowledgeError as error:
        raise Refusal(400, "ERROR", f"Error in data model '{name}': {error.message}") from error
    call.instance.confs.put_data_model(name, data)


def _app(knowledge: Knowledge, name: str) -> App:
    """404 if the model has gone meanwhile."""
    found = next((app for app in reversed(knowledge.apps) if name in app.data_models), None)
    if found is None:
        raise could_not_find(name)
    return found


def _entry(call: Call, name: str, knowledge: Knowledge | None = None) -> Entry:
    app = _app(knowledge or call.instance.knowledge, name)
    text = _completed(app.data_models[name])
    acceleration = {**_ACCELERATION, **call.instance.accelerations.get(name, {})}
    content: dict[str, Json] = {
        "acceleration": msgspec.json.encode(acceleration).decode(),
        "acceleration.allowed": True,
        "dataset.type": "datamodel",
        "description": text,
        "disabled": False,
        "displayName": name,
        "eai:acl": None,
        "eai:appName": app.name,
        "eai:data": text,
        "eai:userName": "nobody",
    }
    written = call.instance.confs.has_data_model(name)
    acl = Acl(app="search" if written else app.name, owner="nobody", sharing="global", shareable=True)
    return Entry(
        name=name,
        content=content,
        acl=replace(acl, removable=written),
        links=("alternate", "list", "_reload", "edit", *(("remove",) if written else ())),
        fields=Fields(optional=["acceleration", "eai:data", "provisional"]),
    )


def _completed(data: bytes) -> str:
    """The model as Splunk shows it: each dataset with its lineage, and what it brings with its owner."""
    try:
        model: dict[str, Any] = msgspec.json.decode(data, type=dict[str, Any])
        datasets: list[dict[str, Any]] = msgspec.convert(model.get("objects", []), list[dict[str, Any]])
    except msgspec.DecodeError:  # what searches cannot read either is shown as it is
        return data.decode("utf-8", "replace")
    parents = {str(each.get("objectName")): str(each.get("parentName", "")) for each in datasets}
    for dataset in datasets:
        lineage = _lineage(str(dataset.get("objectName")), parents)
        dataset.setdefault("lineage", lineage)
        calculations = dataset.setdefault("calculations", [])
        outputs = [output for calculation in calculations for output in calculation.get("outputFields", [])]
        for part in (
            *dataset.setdefault("fields", []),
            *dataset.setdefault("constraints", []),
            *calculations,
            *outputs,
        ):
            part.setdefault("owner", lineage)
        for calculation in calculations:
            if calculation.get("calculationType") == "Lookup" and {"inputField", "lookupField"} <= calculation.keys():
                pair = {key: calculation[key] for key in ("inputField", "lookupField")}
                calculation.setdefault("lookupInputs", [pair])
    names = [each.get("objectName") for each in datasets]
    return msgspec.json.encode({"objectNameList": names, **model, "objects": datasets}).decode()


def _lineage(name: str, parents: Mapping[str, str]) -> str:
    """``Root.Child.Grandchild``; a model whose datasets are each other's parents ends where it began."""
    found = [name]
    while (parent := parents.get(found[0], "")) in parents and parent not in found:
        found.insert(0, parent)
    return ".".join(found)
