"""The fields that a detection needs its data to have."""

from __future__ import annotations

from collections.abc import Iterator

from harness.content.models import Content, Detection
from harness.engine.commands import SearchCommand
from harness.engine.datamodels import find_dataset
from harness.engine.plan import plan
from harness.knowledge.knowledge import Knowledge
from harness.runner.kinds.unit import needed_fields
from harness.runner.subjects import subject_of
from harness.validation.flow import fields_before
from harness.validation.reads import Read, reads, searched
from harness.validation.steps import kind_of

_BOOKKEEPING = frozenset(("_time", "_raw", "host", "source", "sourcetype", "index", "eventtype", "tag"))
"""What every event has, or what says which events are meant."""


def needs_of(detection: Detection, content: Content, knowledge: Knowledge) -> dict[str, str]:
    """Each field and what for, in the order of the search; a data model's field without the name of its dataset.

    They are the fields that the search reads up to the first command that groups, apart from those that it makes
    itself. What comes after is made, not found. Where nothing groups, those of the risk objects and messages come
    after them. Raises SPLError for a search that cannot run.
    """
    subject = subject_of(detection, content.root, content.app.label)
    steps = plan(subject.search, knowledge).steps
    found: dict[str, str] = {}
    made: frozenset[str] = frozenset()
    grouped = False
    for step, before in zip(steps, fields_before(steps, knowledge)[:-1], strict=True):
        made |= before.names
        for read in _read(step.command):
            name = read.field.rpartition(".")[2] if kind_of(step.command) == "tstats" else read.field
            if read.field not in made and name not in _BOOKKEEPING and "*" not in name:
                found.setdefault(name, step.name)
        grouped = step.command.transforming
        if grouped:
            break
    if not grouped:
        for need in needed_fields(subject.alert):
            if need.name not in made:
                found.setdefault(need.name, need.use)
    return found


def model_of(detection: Detection, content: Content, knowledge: Knowledge) -> str | None:
    """The dataset of a data model that the search begins with, as ``Model.Dataset``; None if it begins with events."""
    subject = subject_of(detection, content.root, content.app.label)
    first = plan(subject.search, knowledge).steps[0].command
    name = getattr(first, "model", None) if kind_of(first) == "tstats" else None
    if name is None:
        return None
    model = knowledge.data_model(name)
    node = getattr(first, "dataset", None)
    if node is None:
        used = {read.field.partition(".")[0] for read in _read(first)}
        return next((f"{name}.{root.name}" for root in model.roots if root.name in used), None)
    return f"{name}.{find_dataset(model, node).name}"


def _read(command: SearchCommand) -> Iterator[Read]:
    kind = kind_of(command)
    node = getattr(command, "node", None) if kind in ("search", "tstats") else None
    if node is not None:
        yield from searched(node, needed=True)
    if kind == "tstats":
        yield from (Read(name, needed=True) for name in getattr(command, "by", ()))
        yield from (Read(one.field) for one in getattr(command, "measures", ()) if one.field is not None)
    yield from reads(command)
