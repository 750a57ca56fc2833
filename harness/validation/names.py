"""Names that the search takes from its surroundings: lookups, data models and their fields."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from harness.content.models import Dialect, Problem
from harness.engine.retrieval import walk
from harness.errors import HarnessError, UnsupportedSPL
from harness.spl.nodes import Comparison, InList
from harness.validation.reads import Read, searched
from harness.validation.rules import Rule, Subject, rule
from harness.validation.steps import every_step, kind_of
from harness.values.values import has_wildcard

if TYPE_CHECKING:
    from harness.engine.plan import Step
    from harness.knowledge.datamodels import DataModel
    from harness.knowledge.lookups import Lookup

EVERYWHERE = frozenset(("_time", "_indextime", "host", "source", "sourcetype", "index", "splunk_server", "nodename"))
"""What every row of a data model has under its own name."""


@rule
class LookupsExist(Rule):
    id = "unknown-lookup"
    summary = "Every lookup that the search uses is there, with the fields that it names."
    by_apps = True
    searches = True

    def check(self, subject: Subject) -> Iterator[Problem]:
        for step in every_step(subject.steps):
            if kind_of(step.command) not in ("lookup", "inputlookup"):
                continue
            table = getattr(step.command, "table")  # noqa: B009 - the command's class is not imported here
            line = subject.line_in_search(step.place)
            try:
                lookup = subject.library.knowledge.lookup_definition(table)
            except HarnessError as error:
                if table in subject.library.written_lookups or table in subject.library.content.app.external:
                    continue  # it is there when the search has run that writes it, or with the app that has it
                hint = error.hint or "Add lookups/NAME.yml, or name the app that has it with --app."
                yield self.problem(subject, "search", f"there is no lookup {table}", hint, line=line)
                continue
            for field in _unknown_columns(step.command, lookup):
                message = f"the lookup {table} has no field {field}"
                hint = f"It has {', '.join(lookup.fields)}."
                yield self.problem(subject, "search", message, hint, line=line)


def _unknown_columns(command: Any, lookup: Lookup) -> Iterator[str]:
    """Fields of a lookup over a file that are none of its columns; a collection may have any."""
    if kind_of(command) != "lookup" or lookup.unsupported or lookup.collection:
        return
    for name, _ in (*command.inputs, *(command.outputs or ())):
        if name not in lookup.fields:
            yield name


@rule
class DataModelsExist(Rule):
    id = "unknown-data-model"
    summary = "Every data model and dataset that the search reads is there."
    by_apps = True
    searches = True

    def check(self, subject: Subject) -> Iterator[Problem]:
        for step, model, dataset in _models(subject):
            hint = "Name the app that brings it with --app."
            try:
                found = subject.library.knowledge.data_model(model)
            except UnsupportedSPL:
                continue
            except HarnessError:
                message = f"there is no data model {model}"
            else:
                if not dataset or any(dataset in (each.name, each.lineage) for each in found.datasets.values()):
                    continue
                message = f"the data model {model} has no dataset {dataset}"
                hint = f"It has {', '.join(each.lineage for each in found.datasets.values())}."
            yield self.problem(subject, "search", message, hint, line=subject.line_in_search(step.place))


def _models(subject: Subject) -> Iterator[tuple[Step, str, str]]:
    """Each step that reads a data model, the model, and the dataset if one is named."""
    for step in every_step(subject.steps):
        command: Any = step.command
        match kind_of(command):
            case "tstats" | "datamodel" if command.model is not None:
                yield step, command.model, command.dataset or ""
            case "from" if command.kind == "datamodel":
                model, _, dataset = command.name.partition(".")
                yield step, model, dataset


@rule
class DataModelFieldsExist(Rule):
    id = "data-model-field"
    summary = "tstats names only fields that the data model has, each with its dataset before it."
    by_apps = True
    searches = True

    def check(self, subject: Subject) -> Iterator[Problem]:
        for step, name, _ in _models(subject):
            if kind_of(step.command) != "tstats":
                continue
            try:
                model = subject.library.knowledge.data_model(name)
            except HarnessError:
                continue  # another rule's to say
            known = model_fields(model)
            for read in _model_reads(step.command):
                if read.field not in known and not has_wildcard(read.field):
                    yield self._unknown(subject, step, model, read, known)

    def _unknown(self, subject: Subject, step: Step, model: DataModel, read: Read, known: frozenset[str]) -> Problem:
        message = f"the data model {model.name} has no field {read.field}"
        if read.needed:
            message += ": no row can satisfy the search"
        line = subject.line_in_search(step.place)
        near = _near(read.field, known)
        hint = f"Is {' or '.join(near)} meant?" if near else ""
        if subject.detection.dialect is Dialect.SIGMA:
            hint = "The backend maps a field of the rule to it. With `harness: {sigma: events}` events are searched."
        return self.problem(subject, "search", message, hint, line=line, severity="error" if read.needed else "warning")


def model_fields(model: DataModel) -> frozenset[str]:
    """The fields of all the model's datasets, as ``tstats`` names them."""
    names = set(EVERYWHERE)
    for dataset in model.datasets.values():
        calculated = [output for each in dataset.calculations for output in each.outputs]
        names.update(f"{dataset.lineage}.{field.name}" for field in (*dataset.fields, *calculated))
        if not dataset.is_root:
            parent = model.datasets[dataset.parent].lineage
            names.update((f"{parent}.is_{dataset.name}", f"{parent}.is_not_{dataset.name}"))
    return frozenset(names)


def _model_reads(command: Any) -> Iterator[Read]:
    """A row without a by-field is in no group, unless ``fillnull_value`` fills it."""
    for name in command.by:
        yield Read(name, needed=command.fill is None)
    for measure in command.measures:
        if measure.field is not None:
            yield Read(measure.field)
    if command.node is not None:
        needed = {read.field for read in searched(command.node, needed=True) if read.needed}
        for item in walk(command.node):
            if isinstance(item, Comparison | InList):
                yield Read(item.field, item.field in needed)


def _near(field: str, known: frozenset[str]) -> list[str]:
    """Fields that differ in case or in their dataset only."""
    last = field.rpartition(".")[2].lower()
    return sorted(name for name in known if name.rpartition(".")[2].lower() == last)
