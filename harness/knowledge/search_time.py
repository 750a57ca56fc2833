"""Search-time fields, in Splunk's order (Knowledge Manager Manual, "The sequence of search-time operations").

EXTRACT, REPORT, automatic key values, FIELDALIAS, EVAL, LOOKUP, event types, tags; REPORT can read what KV_MODE = json
gives. What reads text runs once per distinct text; everything after it works on columns, once per distinct value or
combination.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from harness.errors import SearchError, UnsupportedSPL
from harness.expressions import Scope, evaluate
from harness.knowledge.automatic_kv import Fields
from harness.knowledge.extractions import Extraction, Refused
from harness.knowledge.lookup_fields import combined, look_up, prefer
from harness.knowledge.recipes import Alias, AutomaticLookup, Calculated, Recipe
from harness.values.column import NULL, Codes, Column, RefusedColumn, Value, combine, concatenate
from harness.values.frame import Frame, concatenate_frames
from harness.values.values import members, texts

if TYPE_CHECKING:
    from harness.knowledge.knowledge import Knowledge

_METADATA: Final = ("source", "host", "sourcetype")


def search_time(frame: Frame, knowledge: Knowledge, now: float | None = None) -> Frame:
    """The frame with all search-time fields, rows in the same order.

    Where a setting cannot be carried out (with ``now`` None also one that asks for the time of the search), it is the
    fields that it gives, and what depends on them, that raise UnsupportedSPL when they are read, of the events that it
    is about; where the events name those fields, this raises it at once.
    """
    if not len(frame):
        return frame
    frame = _renamed(frame, knowledge)
    parts: list[Frame] = []
    places: list[np.ndarray] = []
    for rows, recipe in _by_recipe(frame, knowledge):
        scope = Scope(now=0.0 if now is None else now, lookup=knowledge.look_up)
        parts.append(
            _fields(frame if len(rows) == len(frame) else frame.take(rows), recipe, scope, timeless=now is None)
        )
        places.append(rows)
    whole = parts[0] if len(parts) == 1 else concatenate_frames(parts).take(np.argsort(np.concatenate(places)))
    return replace(knowledge.classifier.classify(whole), events=frame.events)


def unread(frame: Frame, knowledge: Knowledge) -> list[str]:
    """The source types that have rules to read fields from text, which find none in any event."""
    found: dict[str, bool] = {}
    frame = _renamed(frame, knowledge)
    for rows, recipe in _by_recipe(frame, knowledge):
        if recipe.extractions or recipe.structured or recipe.key_values:
            events = frame.take(rows)
            nothing = set(_extract(events, recipe).columns) == set(events.columns)
            for name in map(_text, events.column("sourcetype").values):
                found[name] = found.get(name, True) and nothing
    return [name for name, nothing in found.items() if nothing]


def _renamed(frame: Frame, knowledge: Knowledge) -> Frame:
    """With the source types that searches see; ``_sourcetype`` keeps what was indexed."""
    indexed = frame.column("sourcetype")
    seen = indexed.map(lambda value: knowledge.search_sourcetype(_text(value)))
    return frame.with_columns({"sourcetype": seen, "_sourcetype": indexed})


def _text(value: Value) -> str:
    return next(iter(texts(value)), "")


def _by_recipe(frame: Frame, knowledge: Knowledge) -> Iterable[tuple[np.ndarray, Recipe]]:
    """The rows that the same settings apply to, and those settings."""
    codes, groups = combine([*(frame.column(name) for name in ("source", "host")), frame.column("_sourcetype")])
    recipes = [knowledge.recipe(*map(_text, group)) for group in groups]
    distinct = list({id(recipe): recipe for recipe in recipes}.values())
    numbers = np.array([next(i for i, known in enumerate(distinct) if known is recipe) for recipe in recipes])
    by_row = numbers[codes]
    for number, recipe in enumerate(distinct):
        yield np.flatnonzero(by_row == number), recipe


def _fields(frame: Frame, recipe: Recipe, scope: Scope, *, timeless: bool) -> Frame:
    frame = _extract(frame, recipe)
    frame = _alias(frame, recipe.aliases)
    frame = _calculate(frame, recipe, scope, timeless=timeless)
    for each in recipe.lookups:
        frame = _looked_up(frame, each)
    return frame


# --- what cannot be told ----------------------------------------------------------------------------------------------

_HALVINGS: Final = 8
"""How often rows are halved to find those that cannot be told; a 256th of them is refused at least."""

Work = Callable[[Frame], Mapping[str, Column]]


def _told(
    frame: Frame, read: Sequence[str], names: Sequence[str], work: Work, depth: int = _HALVINGS
) -> dict[str, Column]:
    """The columns ``names`` that ``work`` makes of the fields ``read``. Where some rows make it raise UnsupportedSPL,
    they are refused in those rows: in the ones that lack certainty of a field that is read, else half by half."""
    try:
        return dict(work(frame))
    except UnsupportedSPL as refusal:
        if not depth or len(frame) < 2:
            return {name: RefusedColumn.everywhere(refusal, len(frame)) for name in names}
    known = [frame.columns.get(name) for name in read]
    doubts = [column.doubtful for column in known if isinstance(column, RefusedColumn)]
    doubtful = np.logical_or.reduce(doubts) if doubts else np.zeros(len(frame), dtype=np.bool_)
    if doubtful.all() or not doubtful.any():
        doubtful = np.arange(len(frame)) < len(frame) // 2
    parts = [np.flatnonzero(~doubtful), np.flatnonzero(doubtful)]
    told = [_told(frame.take(rows), read, names, work, depth - 1) for rows in parts]
    order = np.argsort(np.concatenate(parts))
    return {name: concatenate([part[name] for part in told]).take(order) for name in names}


def _looked_up(frame: Frame, each: AutomaticLookup) -> Frame:
    def found(rows: Frame) -> Frame:
        return look_up(rows, each.lookup, each.inputs, each.outputs, overwrite=each.overwrite)

    try:
        return found(frame)
    except UnsupportedSPL:
        if not each.written:
            raise

    def work(rows: Frame) -> dict[str, Column]:
        result = found(rows)
        return {name: result.column(name) for name in each.written}

    read = [*(name for name, _ in each.inputs), *each.written]
    return frame.with_columns(_told(frame, read, each.written, work))


# --- from text --------------------------------------------------------------------------------------------------------


def _extract(frame: Frame, recipe: Recipe) -> Frame:
    """Run what reads text once per distinct text. Fields that an extraction reads beside it are known already, others
    come out of it; where a row has an indexed field of that name, that one stays."""
    if not recipe.extractions and recipe.structured is None and recipe.key_values is None:
        return frame
    read = {name for extraction in recipe.extractions for name in extraction.sources} - {"_raw"}
    given = ["_raw", *sorted(name for name in read if name in frame.columns)]
    codes, combinations = combine([frame.column(name) for name in given])
    extracted, structured, doubts = _Collector(), _Collector(), _Doubts()
    extractions = list(recipe.extractions)
    for values in combinations:
        fields: Fields = {name: value for name, value in zip(given, values, strict=True) if value is not None}
        before = dict(fields)
        doubtful = _apply(extractions, fields)
        new = {name: value for name, value in fields.items() if before.get(name) != value and name not in doubtful}
        text = _text(values[0])
        joining = {} if recipe.structured is None else recipe.structured(text)
        known = {**new, **doubtful}
        structured.add({name: value for name, value in joining.items() if name not in known})
        if recipe.key_values is not None:
            for name, value in recipe.key_values(text).items():
                if name not in joining and name not in doubtful:
                    new.setdefault(name, value)
        extracted.add(new)
        doubts.add(doubtful)
    indexed = frame
    frame = _merged(frame, extracted, codes, joins=False)
    frame = _merged(frame, structured, codes, joins=True)
    return doubts.spread(frame, indexed, codes)


def _apply(extractions: list[Extraction], fields: Fields) -> dict[str, UnsupportedSPL]:
    """Run extractions over one event; gives the fields that cannot be told, each with the reason. One that takes too
    long is replaced in the list, so that it does not take as long with every event."""
    doubtful: dict[str, UnsupportedSPL] = {}
    for number, extraction in enumerate(extractions):
        try:
            for source in extraction.sources if doubtful else ():
                if source in doubtful:
                    raise doubtful[source]
            extraction.apply(fields)
        except (UnsupportedSPL, SearchError) as problem:
            refusal = UnsupportedSPL(problem.message)
            if extraction.names is None:
                raise refusal from None
            if isinstance(problem, SearchError):
                extractions[number] = Refused(extraction.names, refusal, mv_add=True)
            given = fields.keys() if isinstance(extraction, Refused) and not extraction.mv_add else ()
            for name in extraction.names:
                if name not in given:
                    doubtful.setdefault(name, refusal)
    return doubtful


class _Doubts:
    """Which fields cannot be told of which texts, and why."""

    def __init__(self) -> None:
        self._fields: dict[str, tuple[list[int], UnsupportedSPL]] = {}
        self._length = 0

    def add(self, doubtful: dict[str, UnsupportedSPL]) -> None:
        for name, refusal in doubtful.items():
            self._fields.setdefault(name, ([], refusal))[0].append(self._length)
        self._length += 1

    def spread(self, frame: Frame, indexed: Frame, codes: Codes) -> Frame:
        """The frame with these fields refused in the rows of those texts, but where a row has an indexed one."""
        refused: dict[str, Column] = {}
        for name, (places, refusal) in self._fields.items():
            by_text = np.zeros(self._length, dtype=np.bool_)
            by_text[places] = True
            doubtful = by_text[codes] & indexed.column(name).is_null()
            known = frame.column(name)
            known = Column(known.values, np.where(doubtful, NULL, known.codes).astype(np.int32))
            refused[name] = RefusedColumn(refusal, known, doubtful) if doubtful.any() else known
        return frame.with_columns(refused)


class _Collector:
    """Columns out of rows that each fill few of them. A value is a text or a tuple of texts."""

    def __init__(self) -> None:
        self._columns: dict[str, tuple[list[int], list[int], dict[Value, int]]] = {}
        self._length = 0

    def add(self, row: Fields) -> None:
        for name, value in row.items():
            column = self._columns.get(name)
            if column is None:
                column = self._columns[name] = ([], [], {})
            rows, codes, known = column
            rows.append(self._length)
            codes.append(known.setdefault(value, len(known)))
        self._length += 1

    def columns(self) -> Iterator[tuple[str, Column]]:
        for name, (rows, codes, known) in self._columns.items():
            table = np.full(self._length, NULL, dtype=np.int32)
            table[rows] = codes
            yield name, Column(list(known), table)


def _merged(frame: Frame, extracted: _Collector, codes: Codes, *, joins: bool) -> Frame:
    fresh: dict[str, Column] = {}
    for name, column in extracted.columns():
        spread = Column(column.values, column.codes[codes])
        known = frame.columns.get(name)
        fresh[name] = spread if known is None else _joined(known, spread) if joins else prefer(known, spread)
    return frame.with_columns(fresh)


def _joined(first: Column, second: Column) -> Column:
    """The values of both, those of the first column first."""
    return combined(first, second, lambda a, b: b if a is None else a if b is None else (*members(a), *members(b)))


# --- aliases and calculated fields ------------------------------------------------------------------------------------


def _alias(frame: Frame, aliases: Sequence[Alias]) -> Frame:
    """All aliases read the fields before any of them.

    ``AS`` replaces the alias field, and removes it where the original field is absent (N10.39; props.conf
    specification). ``ASNEW`` writes only where the alias field is absent.
    """
    fresh: dict[str, Column] = {}
    for alias in aliases:
        source = frame.columns.get(alias.old)
        target = fresh.get(alias.new, frame.columns.get(alias.new))
        if alias.keep and target is not None:
            fresh[alias.new] = target if source is None else _preferred(target, source)
        elif source is not None:
            fresh[alias.new] = source
        elif target is not None:
            fresh[alias.new] = Column.null(len(frame))
    return frame.with_columns(fresh)


def _preferred(target: Column, source: Column) -> Column:
    try:
        return prefer(target, source)
    except UnsupportedSPL as refusal:
        return RefusedColumn.everywhere(refusal, len(target))


def _calculate(frame: Frame, recipe: Recipe, scope: Scope, *, timeless: bool) -> Frame:
    """In parallel over the fields before; null overwrites (N10.40)."""
    columns: dict[str, Column] = {
        name: RefusedColumn.everywhere(why, len(frame)) for name, why in recipe.refused.items()
    }
    for each in recipe.calculated:
        columns[each.name] = _calculated(each, frame, scope, timeless=timeless)
    return frame.with_columns(columns)


def _calculated(each: Calculated, frame: Frame, scope: Scope, *, timeless: bool) -> Column:
    if timeless and each.timely:
        why = f"The calculated field '{each.name}' asks for the time of the search."
        return RefusedColumn.everywhere(UnsupportedSPL(why), len(frame))

    def work(rows: Frame) -> dict[str, Column]:
        try:
            return {each.name: evaluate(each.expression, rows, scope)}
        except (UnsupportedSPL, SearchError) as problem:
            refusal = UnsupportedSPL(f"The calculated field '{each.name}' cannot be told: {problem.message}")
            if isinstance(problem, UnsupportedSPL):
                raise refusal from None
            return {each.name: RefusedColumn.everywhere(refusal, len(rows))}  # not again and again what takes long

    return _told(frame, each.read, [each.name], work)[each.name]
