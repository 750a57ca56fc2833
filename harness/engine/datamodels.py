"""Data models as rows: what ``tstats``, ``datamodel`` and ``from`` read.

A dataset's rows are the events of its root's constraints (or base search) that satisfy its own and its ancestors'
constraints. Its fields are named by the dataset that declares them: ``Processes.dest``,
``All_Changes.Account_Management.src_user``; ``_time``, ``host``, ``source`` and ``sourcetype`` stay as they are.
``nodename`` lists the datasets that a row belongs to.

The rows of a model are worked out once per segment of events and kept with it: many searches read the same data.
Follows "About data models" in the Knowledge Manager Manual.
"""

from __future__ import annotations

import re
import threading
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from harness.engine.aggregates import Positions
from harness.engine.columns import either, where
from harness.engine.context import SearchContext
from harness.engine.events import Events
from harness.engine.retrieval import could_match, reached_indexes
from harness.engine.store import Part, Segment, Slice, newest_first
from harness.errors import KnowledgeError, SearchError, UnsupportedSPL
from harness.expressions import Scope, evaluate, search_mask
from harness.knowledge.datamodels import Calculation, DataModel, Dataset
from harness.knowledge.recipes import asks_the_time
from harness.spl.eval_expression import parse_eval
from harness.spl.macros import expand
from harness.spl.nodes import SearchAnd, SearchNode
from harness.spl.parser import parse_pipeline
from harness.spl.search_expression import parse_search_expression
from harness.values.column import NULL, Column, Mask
from harness.values.frame import Frame

if TYPE_CHECKING:
    from harness.engine.commands import SearchCommand
    from harness.engine.plan import Step
    from harness.engine.store import Store
    from harness.knowledge.knowledge import Knowledge

INHERITED: Final = ("_time", "host", "source", "sourcetype", "index", "splunk_server")
"""Fields of events that every dataset has under their own name."""

_EMPTY_PARENTHESES: Final = re.compile(r"(?<!\w)\(\s*\)")


@dataclass(frozen=True, slots=True)
class Root:
    """How the rows of a root dataset are found: an expression over events, and streaming commands after it; or
    commands that make them (``made``). ``timely``: what is calculated depends on when the search runs."""

    dataset: Dataset
    node: SearchNode | None
    steps: tuple[Step, ...] = ()
    made: bool = False
    timely: bool = False


@dataclass(frozen=True, slots=True)
class ModelRows:
    """Rows of a root dataset out of one segment; ``rows`` says which event of the segment each comes from."""

    frame: Frame
    rows: Positions


class DataModels:
    """Rows of data models, kept per segment. Thread-safe."""

    def __init__(self, store: Store, knowledge: Knowledge, events: Events) -> None:
        self.store = store
        self.knowledge = knowledge
        self.events = events
        self._lock = threading.RLock()
        self._roots: dict[tuple[str, str], Root] = {}
        self._kept: weakref.WeakKeyDictionary[Segment, dict[tuple[str, str], ModelRows]] = weakref.WeakKeyDictionary()

    def is_accelerated(self, model: str) -> bool:
        """Whether its ``datamodels.conf`` stanza accelerates it. Summaries are then complete at any moment."""
        value = self.knowledge.conf("datamodels").get(model, {}).get("acceleration", "")
        return value.strip().lower() in ("1", "true", "t", "yes")

    def rows(self, name: str, node: str | None, context: SearchContext) -> Frame:
        """The rows of a dataset within the context's time range, newest first.

        ``node`` is a dataset's name or its dotted lineage; None means the model's one root.
        """
        model = self.knowledge.data_model(name)
        if node is None and len(model.roots) > 1:
            raise UnsupportedSPL(f"The data model '{name}' has several root datasets; name one of them.")
        targets = model.roots if node is None else [find_dataset(model, node)]
        parts: list[Part] = []
        for target in targets:
            root = self._root(model, model.chain(target.name)[0])
            if root.made:
                return self._made(model, root, target, context)
            parts.extend(self._parts(model, root, target, context))
        frame = replace(newest_first(parts), events=False)
        context.progress.matched += frame.length
        return frame

    def flat(self, name: str, rows: Frame) -> Frame:
        """Rows of a dataset with their fields' own names; of two with one name the innermost dataset's counts."""
        lineages = sorted((dataset.lineage for dataset in self.knowledge.data_model(name).datasets.values()), key=len)
        columns: dict[str, Column] = {}
        for lineage in ("", *lineages):
            for field, column in rows.columns.items():
                owner = max((each for each in lineages if field.startswith(f"{each}.")), key=len, default="")
                if owner == lineage:
                    columns[field.removeprefix(f"{owner}.") if owner else field] = column
        return replace(rows, columns=columns)

    def _made(self, model: DataModel, root: Root, target: Dataset, context: SearchContext) -> Frame:
        """The rows of a dataset whose base search makes them out of no events, such as those of a lookup."""
        if context.command == "tstats":
            raise UnsupportedSPL(
                f"The 'tstats' command over {model.name}.{target.lineage}, whose rows are no events, is not supported."
            )
        found = self._datasets(model, root.dataset, _run(root.steps, Frame(), context), context)
        return found if target.is_root else found.take(found.column("nodename").test(_names_node(target.lineage)))

    def _parts(self, model: DataModel, root: Root, target: Dataset, context: SearchContext) -> Iterator[Part]:
        window = context.progress.window
        everywhere = replace(context, default_indexes=("*",))
        for part in context.store.slices(reached_indexes(root.node, everywhere), window.earliest, window.latest):
            context.control.check()
            context.progress.scanned += len(part)
            if not could_match(root.node, part.segment, context):
                continue
            found = self._of_segment(model, root, part, context)
            kept = part.rows[found.rows]
            if not target.is_root:
                kept = kept & found.frame.column("nodename").test(_names_node(target.lineage))
            if kept.any():
                yield Part(found.frame, part.segment.times[found.rows], part.segment.serials[found.rows], kept)

    def _of_segment(self, model: DataModel, root: Root, part: Slice, context: SearchContext) -> ModelRows:
        key = (model.name, root.dataset.name)
        if root.timely:
            return self._compute(model, root, part.segment, context)
        with self._lock:
            found = self._kept.setdefault(part.segment, {}).get(key)
            if found is None:
                found = self._compute(model, root, part.segment, context)
                self._kept[part.segment][key] = found
        return found

    def _compute(self, model: DataModel, root: Root, segment: Segment, context: SearchContext) -> ModelRows:
        fields = self.events.extracted(segment)
        frame = fields if root.node is None else fields.take(search_mask(root.node, fields))
        frame = _run(root.steps, frame, context)
        # The address column numbers a segment's rows, so its codes say which event a row comes from.
        rows = frame.column("_cd").codes.astype(np.intp)
        return ModelRows(self._datasets(model, root.dataset, frame, context), rows)

    # --- definitions

    def _root(self, model: DataModel, dataset: Dataset) -> Root:
        key = (model.name, dataset.name)
        with self._lock:
            found = self._roots.get(key)
            if found is None:
                found = self._roots[key] = self._read_root(model, dataset)
        return found

    def _read_root(self, model: DataModel, dataset: Dataset) -> Root:
        if dataset.parent == "BaseTransaction":
            raise UnsupportedSPL(f"The data model {model.name} groups events into transactions; that is not supported.")
        constraints = [self._constraint(text) for text in dataset.constraints]
        timely = any(
            asks_the_time(parse_eval(str(calculation.settings.get("expression", ""))))
            for each in model.descendants(dataset.name)
            for calculation in each.calculations
            if calculation.kind.lower() == "eval"
        )
        if timely and self.is_accelerated(model.name):
            raise UnsupportedSPL(
                f"The data model {model.name} is accelerated, and its fields depend on when they are calculated; "
                "that is not supported."
            )
        if not dataset.base_search:
            return Root(dataset, _all_of(constraints), timely=timely)
        from harness.engine.plan import plan_pipeline

        text = _without_empty_parentheses(expand(dataset.base_search, self.knowledge.macros))
        pipeline = parse_pipeline(text)
        steps = plan_pipeline(pipeline)
        if steps and steps[0].name != "search" and not constraints:
            return Root(dataset, None, steps, made=True)
        if not steps or steps[0].name != "search" or not all(step.command.streaming for step in steps):
            raise UnsupportedSPL(
                f"The base search of {model.name}.{dataset.name} has commands that do not work event by event; "
                "that is not supported."
            )
        leading = self._constraint(steps[0].source.arguments)
        return Root(dataset, _all_of([leading, *constraints]), steps[1:], timely=timely)

    def _constraint(self, text: str) -> SearchNode | None:
        return parse_search_expression(_without_empty_parentheses(expand(text, self.knowledge.macros)))

    # --- datasets

    def _datasets(self, model: DataModel, root: Dataset, frame: Frame, context: SearchContext) -> Frame:
        """The columns of a root dataset and all below it, over the root's rows."""
        kept = ("_raw", *INHERITED)
        columns: dict[str, Column] = {name: frame.columns[name] for name in kept if name in frame.columns}
        inside: dict[str, Mask] = {}
        for dataset in model.descendants(root.name):
            if dataset.is_root:
                mask = np.ones(frame.length, dtype=np.bool_)
            else:
                own = _all_of([self._constraint(text) for text in dataset.constraints])
                mask = inside[dataset.parent] & search_mask(own, frame)
                parent = model.datasets[dataset.parent]
                columns |= _membership(parent, dataset, mask, inside[dataset.parent])
            inside[dataset.name] = mask
            for calculation in dataset.calculations:
                frame = self._calculate(calculation, dataset, frame, mask, context)
            for name in _declared(dataset):
                column = where(mask, frame.column(name))
                columns[f"{dataset.lineage}.{name}"] = column
                # What is below may ask for the field by its full name, too.
                frame = frame.with_columns({f"{dataset.lineage}.{name}": column})
        columns["nodename"] = _nodes(model, inside, frame.length)
        return Frame(columns, frame.length)

    def _calculate(
        self, calculation: Calculation, dataset: Dataset, frame: Frame, mask: Mask, context: SearchContext
    ) -> Frame:
        """One calculation; the rows of other datasets keep what they have."""
        kind = calculation.kind.lower()
        if kind == "eval" and len(calculation.outputs) == 1:
            text = str(calculation.settings.get("expression", ""))
            try:
                column = evaluate(parse_eval(text), frame, Scope(now=context.now, text=text))
            except SearchError as problem:
                raise KnowledgeError(f"data-model dataset {dataset.name}: {problem}") from problem
            name = calculation.outputs[0].name
            return frame.with_columns({name: either(mask, column, frame.column(name))})
        if kind not in ("rex", "lookup"):
            raise UnsupportedSPL(
                f"The data-model dataset {dataset.name} has a calculation of kind {calculation.kind}; "
                "that is not supported."
            )
        command = _as_command(calculation)
        found = command.run(frame, replace(context, command=kind, text=f"{dataset.name} {kind}"))
        names = [output.name for output in calculation.outputs]
        return frame.with_columns({name: either(mask, found.column(name), frame.column(name)) for name in names})


def _as_command(calculation: Calculation) -> SearchCommand:
    """The ``rex`` or ``lookup`` command that does what a calculation of that kind does."""
    from harness.engine.commands.lookup import Lookup
    from harness.engine.commands.rex import Rex

    settings = calculation.settings
    if calculation.kind.lower() == "rex":
        return Rex(settings["inputField"], settings["expression"])
    inputs = tuple((each["lookupField"], each["inputField"]) for each in settings["lookupInputs"])
    outputs = tuple((each["lookupOutputFieldName"], each["fieldName"]) for each in settings["outputFields"])
    return Lookup(settings["lookupName"], inputs, outputs)


def _run(steps: Sequence[Step], frame: Frame, context: SearchContext) -> Frame:
    for step in steps:
        frame = step.command.run(frame, replace(context, command=step.name, text=step.source.text))
    return frame


def find_dataset(model: DataModel, node: str) -> Dataset:
    """The dataset called so, by its name or its lineage."""
    for dataset in model.datasets.values():
        if node in (dataset.name, dataset.lineage):
            return dataset
    raise SearchError(f"Error in 'DataModelEvaluator': Data model '{model.name}' does not have object '{node}'.")


def _declared(dataset: Dataset) -> list[str]:
    """The fields that a dataset adds: declared and calculated."""
    names = [field.name for field in dataset.fields]
    names += [output.name for calculation in dataset.calculations for output in calculation.outputs]
    return [name for name in dict.fromkeys(names) if name not in INHERITED]


def _membership(parent: Dataset, child: Dataset, mask: Mask, parent_mask: Mask) -> dict[str, Column]:
    """``is_<child>`` and ``is_not_<child>`` among the parent's fields, 1 or 0."""
    codes = np.where(parent_mask, mask.astype(np.int32), NULL).astype(np.int32)
    return {
        f"{parent.lineage}.is_{child.name}": Column(["0", "1"], codes),
        f"{parent.lineage}.is_not_{child.name}": Column(["1", "0"], codes),
    }


def _nodes(model: DataModel, inside: dict[str, Mask], length: int) -> Column:
    """The lineages of the datasets that each row is in."""
    names = list(inside)
    pattern = np.zeros(length, dtype=np.int64)
    for bit, name in enumerate(names):
        pattern |= inside[name].astype(np.int64) << bit
    distinct, codes = np.unique(pattern, return_inverse=True)
    values = [
        tuple(model.datasets[name].lineage for bit, name in enumerate(names) if value >> bit & 1)
        for value in distinct.tolist()
    ]
    return Column.from_values(values).take(codes) if len(values) else Column.null(length)


def _names_node(lineage: str):  # type: ignore[no-untyped-def]
    return lambda value: value == lineage or (isinstance(value, tuple) and lineage in value)


def _all_of(nodes: Sequence[SearchNode | None]) -> SearchNode | None:
    known = tuple(node for node in nodes if node is not None)
    if not known:
        return None
    return known[0] if len(known) == 1 else SearchAnd(known)


def _without_empty_parentheses(text: str) -> str:
    """An index macro that allows all indexes is ``()``; nothing is left of it."""
    while True:
        shorter = _EMPTY_PARENTHESES.sub(" ", text)
        if shorter == text:
            return text
        text = shorter
