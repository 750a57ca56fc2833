"""Search-time fields, in Splunk's order (Knowledge Manager Manual, "The sequence of search-time operations").

EXTRACT, REPORT, automatic key values, FIELDALIAS, EVAL, LOOKUP, event types, tags; REPORT can read what KV_MODE = json
gives. What reads text runs once per distinct text; everything after it works on columns, once per distinct value or
combination.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from harness.errors import SearchError, UnsupportedSPL
from harness.expressions import Scope, evaluate
from harness.knowledge.automatic_kv import Fields
from harness.knowledge.lookup_fields import combined, look_up, prefer
from harness.knowledge.recipes import Alias, Calculated, Recipe
from harness.values.column import NULL, Codes, Column, RefusedColumn, Value, combine
from harness.values.frame import Frame, concatenate_frames
from harness.values.values import members, texts

if TYPE_CHECKING:
    from harness.knowledge.knowledge import Knowledge

_METADATA: Final = ("source", "host", "sourcetype")


def search_time(frame: Frame, knowledge: Knowledge, now: float | None = None) -> Frame:
    """The frame with all search-time fields, rows in the same order.

    Raises UnsupportedSPL for settings of these events that cannot be carried out. Where only a calculated field cannot
    be (with ``now`` None also one that asks for the time of the search), it is that field, and what depends on it,
    that raises when it is read.
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


def _refused(frame: Frame, names: Iterable[str], refusal: UnsupportedSPL) -> Frame:
    return frame.with_columns({name: RefusedColumn.everywhere(refusal, len(frame)) for name in names})


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
    for refusal in recipe.refusals:
        raise UnsupportedSPL(refusal.message)
    frame = _extract(frame, recipe)
    frame = _alias(frame, recipe.aliases)
    frame = _calculate(frame, recipe, scope, timeless=timeless)
    for each in recipe.lookups:
        try:
            frame = look_up(frame, each.lookup, each.inputs, each.outputs, overwrite=each.overwrite)
        except UnsupportedSPL as refusal:
            frame = _refused(frame, [name for _, name in each.outputs], refusal)
    return frame


# --- from text --------------------------------------------------------------------------------------------------------


def _extract(frame: Frame, recipe: Recipe) -> Frame:
    """Run what reads text once per distinct text. Fields that an extraction reads beside it are known already, others
    come out of it; where a row has an indexed field of that name, that one stays."""
    if not recipe.extractions and recipe.structured is None and recipe.key_values is None:
        return frame
    read = {name for extraction in recipe.extractions for name in extraction.sources} - {"_raw"}
    given = ["_raw", *sorted(name for name in read if name in frame.columns)]
    codes, combinations = combine([frame.column(name) for name in given])
    extracted, structured = _Collector(), _Collector()
    for values in combinations:
        fields: Fields = {name: value for name, value in zip(given, values, strict=True) if value is not None}
        before = dict(fields)
        for extraction in recipe.extractions:
            extraction.apply(fields)
        new = {name: value for name, value in fields.items() if before.get(name) != value}
        text = _text(values[0])
        joining = {} if recipe.structured is None else recipe.structured(text)
        structured.add({name: value for name, value in joining.items() if name not in new})
        if recipe.key_values is not None:
            for name, value in recipe.key_values(text).items():
                if name not in joining:
                    new.setdefault(name, value)
        extracted.add(new)
    frame = _merged(frame, extracted, codes, joins=False)
    return _merged(frame, structured, codes, joins=True)


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
            fresh[alias.new] = target if source is None else prefer(target, source)
        elif source is not None:
            fresh[alias.new] = source
        elif target is not None:
            fresh[alias.new] = Column.null(len(frame))
    return frame.with_columns(fresh)


def _calculate(frame: Frame, recipe: Recipe, scope: Scope, *, timeless: bool) -> Frame:
    """In parallel over the fields before; null overwrites (N10.40)."""
    columns: dict[str, Column] = {
        name: RefusedColumn.everywhere(why, len(frame)) for name, why in recipe.refused.items()
    }
    columns.update({each.name: _calculated(each, frame, scope, timeless=timeless) for each in recipe.calculated})
    return frame.with_columns(columns)


def _calculated(each: Calculated, frame: Frame, scope: Scope, *, timeless: bool) -> Column:
    if timeless and each.timely:
        why = f"The calculated field '{each.name}' asks for the time of the search."
        return RefusedColumn.everywhere(UnsupportedSPL(why), len(frame))
    try:
        return evaluate(each.expression, frame, scope)
    except (UnsupportedSPL, SearchError) as refusal:
        why = f"The calculated field '{each.name}' cannot be told: {refusal.message}"
        return RefusedColumn.everywhere(UnsupportedSPL(why), len(frame))
