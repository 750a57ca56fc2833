"""Event types and tags: searches that name an event, and names given to field values (eventtypes.conf, tags.conf)."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from urllib.parse import unquote

import numpy as np

from harness.errors import SPLError, SPLSyntaxError, UnsupportedSPL
from harness.expressions import search_bounds
from harness.knowledge.conf import Stanza, boolean, integer
from harness.spl.macros import MacroTable, expand
from harness.spl.nodes import (
    Comparison,
    Directive,
    InList,
    SearchAnd,
    SearchNode,
    SearchNot,
    SearchOr,
    Subsearch,
)
from harness.spl.search_expression import parse_search_expression
from harness.values.column import Column, Mask, RefusedColumn, Value, map_columns, normal
from harness.values.frame import Frame
from harness.values.values import members, to_text

MAX_ROUNDS = 5
"""Event types that search for event types or tags are asked again until nothing changes, at most this often."""


@dataclass(frozen=True, slots=True)
class EventType:
    """``dependent``: it searches for event types or tags, and so must wait for them. An event lists its event types by
    ``priority``, 1 first."""

    name: str
    search: str
    node: SearchNode | None
    dependent: bool
    priority: int = 1
    refusal: str = ""
    """Why its search cannot be carried out, if it cannot."""


def read_eventtypes(
    stanzas: Mapping[str, Stanza], macros: MacroTable, warn: Callable[[str, str], None]
) -> dict[str, EventType]:
    """The enabled event types by name; one whose search Splunk would refuse is reported (name, message), left out."""
    found: dict[str, EventType] = {}
    for name, settings in stanzas.items():
        if boolean(settings.get("disabled"), False) or "search" not in settings:
            continue
        text, refusal = settings["search"], ""
        node: SearchNode | None = None
        try:
            node = parse_search_expression(expand(_without_command(text), macros))
            if any(isinstance(part, Subsearch) for part in parts(node)):
                raise SPLSyntaxError("an event type cannot have a subsearch")
        except UnsupportedSPL as problem:
            refusal = problem.message
        except SPLError as problem:
            warn(name, f"the event type {name} is left out: {problem.message}")
            continue
        dependent = any(is_classified(field) for field in field_names(node))
        found[name] = EventType(name, text, node, dependent, integer(settings.get("priority"), 1), refusal)
    return found


def _without_command(text: str) -> str:
    stripped = text.lstrip()
    return stripped[7:] if stripped[:7].lower() == "search " else text


def is_classified(field: str) -> bool:
    return field in ("eventtype", "tag") or field.startswith("tag::")


def parts(node: SearchNode | None) -> Iterable[SearchNode]:
    """The conditions that a search expression is made of."""
    if isinstance(node, SearchAnd | SearchOr):
        for item in node.items:
            yield from parts(item)
    elif isinstance(node, SearchNot):
        yield from parts(node.item)
    elif node is not None:
        yield node


def field_names(node: SearchNode | None) -> Iterable[str]:
    """The fields that a search expression compares."""
    for part in parts(node):
        if isinstance(part, Comparison | InList | Directive) and part.field is not None:
            yield part.field


def read_tags(stanzas: Mapping[str, Stanza]) -> dict[str, dict[str, tuple[str, ...]]]:
    """field -> value -> its enabled tags, sorted. Stanza names are ``field=value``, percent-encoded."""
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for name, settings in stanzas.items():
        field, separator, value = name.partition("=")
        if not separator:
            continue
        tags = tuple(sorted(tag for tag, state in settings.items() if state.strip().lower() == "enabled"))
        if tags:
            found.setdefault(unquote(field.strip()), {})[unquote(value.strip())] = tags
    return found


@dataclass(frozen=True, slots=True)
class _Hits:
    """Which rows are of an event type: ``surely``, and ``perhaps`` for the reason ``refusal``."""

    surely: Mask
    perhaps: Mask
    refusal: Exception | None = None

    @property
    def doubtful(self) -> Mask:
        return self.perhaps & ~self.surely

    def same(self, other: _Hits | None) -> bool:
        return (
            other is not None
            and np.array_equal(self.surely, other.surely)
            and np.array_equal(self.perhaps, other.perhaps)
        )


class Classifier:
    """Adds ``eventtype``, ``tag`` and ``tag::<field>`` to events.

    Where an event type cannot be told of an event (it cannot be carried out, or depends on a field that cannot be
    told), a search for it or for one of its tags is refused, and a search for others is not.
    """

    def __init__(self, eventtypes: Mapping[str, EventType], tags: Mapping[str, Mapping[str, tuple[str, ...]]]) -> None:
        ordered = sorted(eventtypes.values(), key=lambda each: (each.priority, each.name))
        self._ranks = {each.name: rank for rank, each in enumerate(ordered)}
        self._independent = [each for each in ordered if not each.dependent]
        self._dependent = [each for each in ordered if each.dependent]
        self._tags = tags

    def classify(self, frame: Frame) -> Frame:
        hits = {each.name: _hits(each, frame) for each in self._independent}
        frame = self._with_classes(frame, hits)
        for _ in range(MAX_ROUNDS if self._dependent else 0):
            fresh = {each.name: _hits(each, frame) for each in self._dependent}
            same = all(found.same(hits.get(name)) for name, found in fresh.items())
            if same:
                break
            hits.update(fresh)
            frame = self._with_classes(frame, hits)
        return frame

    def _rank(self, item: tuple[str, _Hits]) -> int:
        return self._ranks[item[0]]

    def _with_classes(self, frame: Frame, hits: Mapping[str, _Hits]) -> Frame:
        frame = frame.without(["eventtype", "tag", *(f"tag::{field}" for field in self._tags)])
        named = [(name, each.surely) for name, each in sorted(hits.items(), key=self._rank) if each.surely.any()]
        doubtful = {name: each for name, each in hits.items() if each.doubtful.any()}
        if named or doubtful:
            known = _names_column(named, len(frame))
            frame = frame.with_columns({"eventtype": _doubted(known, doubtful) if doubtful else known})
        return frame.with_columns(self.tags(frame))

    def tags(self, frame: Frame, fields: Collection[str] = (), allowed: Collection[str] = ()) -> dict[str, Column]:
        """``tag::<field>`` of every field (or of ``fields``) that has tags in a row, and ``tag``, all of them; only the
        ``allowed`` ones if any are given."""
        tagged: dict[str, Column] = {}
        for field, known in self._tags.items():
            column = frame.columns.get(field) if not fields or field in fields else None
            values = _only(known, allowed) if allowed else known
            tags = None if column is None else _tags_column(column, values)
            if tags is not None:
                tagged[f"tag::{field}"] = tags
        if tagged:
            tagged["tag"] = _all_tags(list(tagged.values()), len(frame))
        return tagged


def _hits(eventtype: EventType, frame: Frame) -> _Hits:
    try:
        if eventtype.refusal:
            raise UnsupportedSPL(eventtype.refusal)
        surely, perhaps, refusal = search_bounds(eventtype.node, frame)
    except UnsupportedSPL as problem:
        surely = np.zeros(len(frame), dtype=np.bool_)
        perhaps, refusal = ~surely, problem
    if refusal is not None:
        refusal = UnsupportedSPL(f"The event type '{eventtype.name}' cannot be told: {refusal}")
    return _Hits(surely, perhaps, refusal)


def _doubted(known: Column, doubtful: Mapping[str, _Hits]) -> RefusedColumn:
    candidates = {name: each.refusal for name, each in doubtful.items() if each.refusal is not None}
    rows = np.logical_or.reduce([each.doubtful for each in doubtful.values()])
    return RefusedColumn(next(iter(candidates.values())), known, rows, candidates)


def _tags_column(column: Column, values: Mapping[str, tuple[str, ...]]) -> Column | None:
    """The tags that a field's values have; None if no row has one."""
    if not isinstance(column, RefusedColumn):
        tags = column.map(partial(_tags_of, values))
        return tags if tags.values else None
    possible = dict.fromkeys(values, column.refusal) if column.candidates is None else column.candidates
    candidates = {tag: refusal for value, refusal in possible.items() for tag in values.get(value, ())}
    known = column.known.map(partial(_tags_of, values))
    if not candidates:
        return known if known.values else None
    return RefusedColumn(column.refusal, known, column.doubtful, candidates)


def _all_tags(columns: Sequence[Column], length: int) -> Column:
    refused = [column for column in columns if isinstance(column, RefusedColumn)]
    known = [column.known if isinstance(column, RefusedColumn) else column for column in columns]
    tags = map_columns(_union, known, length)
    if not refused:
        return tags
    candidates = ChainMap[str, Exception](*(dict(column.candidates or {}) for column in refused))
    doubtful = np.logical_or.reduce([column.doubtful for column in refused])
    return RefusedColumn(refused[0].refusal, tags, doubtful, candidates)


def _names_column(hits: list[tuple[str, Mask]], length: int) -> Column:
    """The names that hit, per row, as one dictionary-encoded column."""
    codes = np.zeros(length, dtype=np.int64)
    combinations: list[tuple[str, ...]] = [()]
    for name, mask in hits:
        distinct, codes = np.unique(codes * 2 + mask, return_inverse=True)
        combinations = [
            (*combinations[key // 2], name) if key % 2 else combinations[key // 2] for key in distinct.tolist()
        ]
    # Through a row-wise function so that a row without a name is null.
    places = Column(list(range(len(combinations))), codes.astype(np.int32))
    return places.map(lambda place: normal(combinations[place]))  # type: ignore[index]


def _only(values: Mapping[str, tuple[str, ...]], allowed: Collection[str]) -> dict[str, tuple[str, ...]]:
    return {value: tuple(tag for tag in tags if tag in allowed) for value, tags in values.items()}


def _tags_of(values: Mapping[str, tuple[str, ...]], value: Value) -> Value:
    tags = {tag for member in members(value) for tag in values.get(to_text(member), ())}
    return normal(tuple(sorted(tags)))


def _union(*values: Value) -> Value:
    return normal(tuple(sorted({to_text(member) for value in values for member in members(value)})))
