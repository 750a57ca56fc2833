"""Data models as Splunk writes them, ``default/data/models/<Model>.json`` (Knowledge Manager Manual).

A dataset takes over its parent's constraints, fields and calculations; the root's constraints make the base search.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from harness.errors import FilePlace, KnowledgeError

ROOTS = frozenset(("BaseEvent", "BaseSearch", "BaseTransaction"))


@dataclass(frozen=True, slots=True)
class ModelField:
    name: str
    type: str = "string"
    required: bool = False
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Calculation:
    """``kind`` is Eval, Rex, Lookup or GeoIP; ``settings`` holds what that kind needs, as written."""

    kind: str
    outputs: tuple[ModelField, ...]
    settings: dict[str, Any] = field(hash=False)


@dataclass(frozen=True, slots=True)
class Dataset:
    """One dataset of a model, with only what it adds to its parent.

    ``lineage`` is the dotted path from the root dataset (``All_Changes.Account_Management``); it is the ``nodename``
    and the prefix of the fields that this dataset adds.
    """

    name: str
    parent: str
    lineage: str
    base_search: str
    constraints: tuple[str, ...]
    fields: tuple[ModelField, ...]
    calculations: tuple[Calculation, ...]

    @property
    def is_root(self) -> bool:
        return self.parent in ROOTS


@dataclass(frozen=True, slots=True)
class DataModel:
    name: str
    label: str
    app: str
    datasets: dict[str, Dataset] = field(hash=False)
    document: dict[str, Any] = field(hash=False, repr=False)

    def chain(self, name: str) -> list[Dataset]:
        """The dataset of that name after its ancestors, the root first."""
        chain = [self.datasets[name]]
        while not chain[0].is_root:
            chain.insert(0, self.datasets[chain[0].parent])
        return chain

    def descendants(self, name: str) -> Iterator[Dataset]:
        """The dataset of that name and all that inherit from it, parents before children."""
        yield self.datasets[name]
        for dataset in self.datasets.values():
            if dataset.parent == name:
                yield from self.descendants(dataset.name)

    @property
    def roots(self) -> list[Dataset]:
        return [dataset for dataset in self.datasets.values() if dataset.is_root]


def parse_data_model(data: bytes, path: Path, app: str) -> DataModel:
    """Read a model's JSON. Raises KnowledgeError naming the file."""
    try:
        document = msgspec.json.decode(data)
        objects = document["objects"]
        datasets = {item["objectName"]: _dataset(item) for item in objects}
        name = document.get("modelName") or path.stem
    except (msgspec.DecodeError, KeyError, TypeError, AttributeError) as problem:
        raise KnowledgeError(f"not a data model: {problem!r}", where=FilePlace(path)) from problem
    for dataset in datasets.values():
        seen = {dataset.name}
        parent = dataset.parent
        while parent not in ROOTS:
            if parent not in datasets or parent in seen:
                raise KnowledgeError(f"dataset {dataset.name} has no parent {parent}", where=FilePlace(path))
            seen.add(parent)
            parent = datasets[parent].parent
    datasets = {key: _with_lineage(dataset, datasets) for key, dataset in datasets.items()}
    return DataModel(name, document.get("displayName", name), app, datasets, document)


def _with_lineage(dataset: Dataset, datasets: dict[str, Dataset]) -> Dataset:
    names = [dataset.name]
    parent = dataset.parent
    while parent not in ROOTS:
        names.insert(0, parent)
        parent = datasets[parent].parent
    return Dataset(
        dataset.name,
        dataset.parent,
        ".".join(names),
        dataset.base_search,
        dataset.constraints,
        dataset.fields,
        dataset.calculations,
    )


def _dataset(item: dict[str, Any]) -> Dataset:
    return Dataset(
        name=item["objectName"],
        parent=item.get("parentName", "BaseEvent"),
        lineage=item.get("lineage", item["objectName"]),
        base_search=item.get("baseSearch", ""),
        constraints=tuple(each["search"] for each in item.get("constraints", ())),
        fields=tuple(_field(each) for each in item.get("fields", ())),
        calculations=tuple(_calculation(each) for each in item.get("calculations", ())),
    )


def _field(item: dict[str, Any]) -> ModelField:
    return ModelField(
        item["fieldName"], item.get("type", "string"), bool(item.get("required")), bool(item.get("hidden"))
    )


def _calculation(item: dict[str, Any]) -> Calculation:
    return Calculation(
        item["calculationType"],
        tuple(_field(each) for each in item.get("outputFields", ())),
        {key: value for key, value in item.items() if key != "calculationType"},
    )
