"""``tstats``: statistics over the rows of a data model, or over the indexed fields of events.

Follows "tstats" in the Search Reference. A row that lacks a by-field is dropped unless ``fillnull_value`` gives it a
value. With ``summariesonly=true`` a data model gives rows only if it is accelerated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from harness.engine.bins import TimeSpan, bin_times, read_time_span, time_span_for
from harness.engine.columns import filled
from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.engine.grouping import group_by
from harness.engine.plan import Plan
from harness.engine.retrieval import reached_indexes, timed, walk
from harness.engine.statistics import Measure, outputs, read_measures, refuse_by_names, statistics_frame
from harness.engine.store import newest_first, part_of
from harness.engine.subsearch import plan_subsearches, resolve
from harness.errors import SplPlace, UnsupportedSPL
from harness.expressions import search_mask
from harness.expressions.search import major_terms
from harness.spl.arguments import Arguments, boolean, non_negative_integer, string
from harness.spl.nodes import SearchNode, Subsearch, Term
from harness.values.column import Value
from harness.values.frame import Frame, concatenate_frames
from harness.values.values import has_wildcard, texts

_OPTIONS = {
    "prestats": boolean,
    "local": boolean,
    "append": boolean,
    "summariesonly": boolean,
    "include_reduced_buckets": boolean,
    "allow_old_summaries": boolean,
    "chunk_size": non_negative_integer,
    "use_summary_index_values": boolean,
    "fillnull_value": string,
}


@dataclass(frozen=True, slots=True)
class TStats(SearchCommand):
    """``model`` and ``dataset`` name the data model; without a model it reads indexed fields."""

    names = ("tstats",)
    subsearches = True
    generating = True
    transforming = True

    measures: tuple[Measure, ...]
    model: str | None
    dataset: str | None
    node: SearchNode | None
    plans: dict[Subsearch, Plan]
    by: tuple[str, ...]
    span: TimeSpan | None
    summaries_only: bool = False
    fill: str | None = None
    prestats: bool = False
    append: bool = False
    prefixes: tuple[str, ...] = ()

    @classmethod
    def parse(cls, arguments: Arguments) -> TStats:
        options = arguments.options(_OPTIONS)
        measures = read_measures(arguments, stops=("GROUPBY",))
        behind = arguments.options(_OPTIONS)
        options |= behind
        further = read_measures(arguments, stops=("GROUPBY",)) if behind else ()
        if further:  # the reference has options in front of all of them
            raise arguments.unsupported("an option between aggregations", further[0].node.span)
        _check_measures(measures, arguments)
        model, dataset = _read_from(arguments)
        options |= arguments.options(_OPTIONS)
        node = arguments.search_expression(stops=("BY", "GROUPBY")) if arguments.accept_keyword("WHERE") else None
        by, prefixes, span = _read_by(arguments, options)
        arguments.expect_end()
        if options.get("append") and not options.get("prestats"):
            raise arguments.error("The 'append' option requires 'prestats=true'.")
        if model is not None and prefixes:
            raise arguments.unsupported("PREFIX over a data model")
        if not measures:
            raise arguments.error("Missing aggregation function.")
        refuse_by_names(measures, by, arguments)
        return cls(
            measures,
            model,
            dataset,
            node,
            plan_subsearches(node),
            tuple(by),
            span,
            options.get("summariesonly", False),
            options.get("fillnull_value"),
            options.get("prestats", False),
            options.get("append", False),
            prefixes,
        )

    def placed(self, *, first: bool, where: SplPlace | None = None) -> SearchCommand:
        return self if self.append else SearchCommand.placed(self, first=first, where=where)

    def check_next(self, following: SearchCommand | None) -> None:
        if self.prestats:
            check_prestats_reader(self.measures, self.by, following)

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        rows = self._rows(context)
        if self.prestats:
            kept = {*self.by, *(one.field for one in self.measures if one.field is not None), "_time"}
            rows = rows.select([name for name in rows.columns if name in kept])
            for name in self.by:
                rows = rows.take(~rows.column(name).is_null())
            return concatenate_frames([frame, rows]) if self.append else rows
        groups = group_by(rows, self.by)
        return statistics_frame(groups, self.by, outputs(self.measures, groups.frame, self.by, context))

    def _rows(self, context: SearchContext) -> Frame:
        """What there is to group: found by WHERE, times in buckets, missing by-fields filled."""
        node, _ = timed(resolve(self.node, self.plans, context), context)
        frame = self._model_rows(node, context) if self.model is not None else _indexed(node, self.prefixes, context)
        if "_time" in self.by:
            span = self.span or time_span_for(context.progress.window, frame)
            frame = frame.with_columns({"_time": bin_times(frame, "_time", span, context)})
        if self.fill is not None:
            frame = frame.with_columns({name: filled(frame.column(name), self.fill) for name in self.by})
        return frame

    def _model_rows(self, node: SearchNode | None, context: SearchContext) -> Frame:
        assert self.model is not None
        if self.summaries_only and not context.data_models.is_accelerated(self.model):
            return Frame()
        roots = context.knowledge.data_model(self.model).roots
        if self.dataset is None and len(roots) > 1 and (node is not None or self.by):
            each = (self._dataset_rows(root.name, node, context) for root in roots)
            found = [rows for rows in each if rows.length]
            if len(found) < 2:
                return found[0] if found else Frame()
        return self._dataset_rows(self.dataset, node, context)

    def _dataset_rows(self, dataset: str | None, node: SearchNode | None, context: SearchContext) -> Frame:
        """The rows of a dataset that can count: WHERE finds them, and no by-field is missing."""
        assert self.model is not None
        rows = context.data_models.rows(self.model, dataset, context).without(["_raw"])
        if node is not None:
            rows = rows.take(search_mask(node, rows))
        for name in self.by if self.fill is None else ():
            rows = rows.take(~rows.column(name).is_null())
        return rows

    def check(self, text: str) -> None:
        if self.model is None or self.node is None:
            return
        for item in walk(self.node):
            if isinstance(item, Term) and item.value.text != "*":
                raise UnsupportedSPL(
                    f"The 'tstats' command: the term '{item.value.text}' over a data model is not supported.",
                    where=SplPlace(text, item.span.start, item.span.end),
                )


def check_prestats_reader(measures: Sequence[Measure], by: Sequence[str], reader: SearchCommand | None) -> None:
    """What ``prestats=true`` hands on is meant for a command that asks for the same statistics.

    Here it is the rows themselves, from which such a command makes the same. Anything else is refused.
    """
    if isinstance(reader, TStats) and reader.append and reader.prestats:
        return
    asked: Sequence[Measure] | None = getattr(reader, "measures", None)
    if reader is None or asked is None or reader.names[0] not in ("stats", "chart", "timechart"):
        raise UnsupportedSPL("The 'tstats' command: prestats=true before anything but stats, chart and timechart.")
    known = {(type(one.function), one.function.parameter, one.field) for one in measures}
    grouped = {"_time", *by}
    wanted = {
        *getattr(reader, "by", ()),
        *(name for name in (getattr(reader, "down", None),) if name is not None),
        *(across.field for across in (getattr(reader, "across", None),) if across is not None),
    }
    if not wanted <= grouped or any(
        (type(one.function), one.function.parameter, one.field) not in known or (one.field == "_time" and "_time" in by)
        for one in asked
    ):
        raise UnsupportedSPL(
            "The 'tstats' command: prestats=true before a command that asks for other statistics or fields."
        )


def _check_measures(measures: tuple[Measure, ...], arguments: Arguments) -> None:
    for measure in measures:
        if measure.expression is not None and measure.field is None and measure.node.argument is not None:
            raise arguments.unsupported("eval in an aggregation", measure.node.span)
        if measure.field is not None and has_wildcard(measure.field):
            raise arguments.unsupported("a wildcard in an aggregation", measure.node.span)
        if "list" in measure.function.names:
            raise arguments.error(f"The argument '{measure.node.label}' is invalid.", measure.node.span)


def _read_from(arguments: Arguments) -> tuple[str | None, str | None]:
    """``FROM datamodel=Model.Dataset``: the model, and the dataset if one is named."""
    if not arguments.accept_keyword("FROM"):
        return None, None
    given = arguments.options({"datamodel": string})
    if "datamodel" not in given:
        raise arguments.unsupported("FROM anything but a data model")
    name: str = given["datamodel"]
    token = arguments.peek()
    if token is not None and token.text == "." and not token.is_string:
        # datamodel="Model"."Dataset"
        arguments.next()
        name = f"{name}.{arguments.field_name()}"
    model, _, dataset = name.partition(".")
    return model, dataset.replace('"', "") or None


def _read_by(arguments: Arguments, options: dict[str, Any]) -> tuple[list[str], tuple[str, ...], TimeSpan | None]:
    """By-fields with ``span=`` and options anywhere among them, and those of them that are prefixes of terms."""
    by: list[str] = []
    span: TimeSpan | None = None
    if not arguments.accept_keyword("BY", "GROUPBY"):
        return by, (), span
    while not arguments.at_end:
        fields = arguments.field_list()
        found = arguments.options({"span": string, **_OPTIONS})
        if not fields and not found:
            break
        by += fields
        if "span" in found and found["span"] != "auto":
            text = found.pop("span")
            span = read_time_span(f"{text}s" if text.isdigit() else text, arguments)
        options |= {name: value for name, value in found.items() if name != "span"}
    if not by:
        raise arguments.error("The argument 'by' is missing a field name.")
    prefixes = tuple(prefix for name in by if (prefix := _prefix(name)) is not None)
    by = [_prefix(name) or name for name in by]
    for name in by:
        if has_wildcard(name):
            raise arguments.unsupported(f"grouping by '{name}'")
    return by, prefixes, span


def _prefix(name: str) -> str | None:
    """``PREFIX(group=)`` groups by what follows ``group=`` in terms of the raw text, in a field of that name."""
    return name[7:-1] if name.upper().startswith("PREFIX(") and name.endswith(")") else None


def _after(prefix: str, raw: Value) -> Value:
    """What follows the prefix in the text's terms, which are in lower case."""
    found = [term[len(prefix) :] for term in major_terms("\n".join(texts(raw))) if term.startswith(prefix)]
    return tuple(dict.fromkeys(rest for rest in found if rest))


def _indexed(node: SearchNode | None, prefixes: Sequence[str], context: SearchContext) -> Frame:
    """Events with the fields that were written when they were indexed; ``_raw`` can be searched, not counted."""
    window = context.progress.window
    parts = []
    for part in context.store.slices(reached_indexes(node, context), window.earliest, window.latest):
        context.progress.scanned += len(part)
        fields = part.segment.frame
        rows = part.rows & search_mask(node, fields) if node is not None else part.rows
        if rows.any():
            raw = fields.column("_raw")
            made = {name: raw.map(lambda text, name=name: _after(name.lower(), text)) for name in prefixes}  # type: ignore[misc]
            parts.append(part_of(part.segment, fields.without(["_raw"]).with_columns(made), rows))
    return replace(newest_first(parts), events=False)
