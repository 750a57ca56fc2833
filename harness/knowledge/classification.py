"""Event types and tags: searches that name an event, and names given to field values (eventtypes.conf, tags.conf)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from urllib.parse import unquote

import numpy as np

from harness.errors import KnowledgeError, SPLError
from harness.expressions import search_mask
from harness.knowledge.conf import Stanza, boolean
from harness.spl.macros import MacroTable, expand
from harness.spl.nodes import (
    Comparison,
    Directive,
    InList,
    SearchAnd,
    SearchNode,
    SearchNot,
    SearchOr,
)
from harness.spl.search_expression import parse_search_expression
from harness.values.column import Column, Value, map_columns, normal
from harness.values.frame import Frame
from harness.values.values import members, to_text

MAX_ROUNDS = 5
"""Event types that search for event types or tags are asked again until nothing changes, at most this often."""


@dataclass(frozen=True, slots=True)
class EventType:
    name: str
    search: str
    node: SearchNode | None
    dependent: bool
    """Whether it searches for event types or tags, and so must wait for them."""


def read_eventtypes(
    stanzas: Mapping[str, Stanza], macros: MacroTable, warn: Callable[[KnowledgeError], None]
) -> dict[str, EventType]:
    """The enabled event types by name; one whose search cannot be read is reported and left out."""
    found: dict[str, EventType] = {}
    for name, settings in stanzas.items():
        if name == "default" or boolean(settings.get("disabled"), False) or "search" not in settings:
            continue
        text = settings["search"]
        try:
            node = parse_search_expression(expand(_without_command(text), macros))
        except SPLError as problem:
            warn(KnowledgeError(f"the event type {name} is left out: {problem}"))
            continue
        found[name] = EventType(name, text, node, any(is_classified(field) for field in field_names(node)))
    return found


def _without_command(text: str) -> str:
    stripped = text.lstrip()
    return stripped[7:] if stripped[:7].lower() == "search " else text


def is_classified(field: str) -> bool:
    return field in ("eventtype", "tag") or field.startswith("tag::")


def field_names(node: SearchNode | None) -> Iterable[str]:
    """The fields that a search expression compares."""
    if isinstance(node, SearchAnd | SearchOr):
        for item in node.items:
            yield from field_names(item)
    elif isinstance(node, SearchNot):
        yield from field_names(node.item)
    elif isinstance(node, Comparison | InList | Directive) and node.field is not None:
        yield node.field


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


class Classifier:
    """Adds ``eventtype``, ``tag`` and ``tag::<field>`` to events."""

    def __init__(self, eventtypes: Mapping[str, EventType], tags: Mapping[str, Mapping[str, tuple[str, ...]]]) -> None:
        self._independent = [each for _, each in sorted(eventtypes.items()) if not each.dependent]
        self._dependent = [each for _, each in sorted(eventtypes.items()) if each.dependent]
        self._tags = tags

    def classify(self, frame: Frame) -> Frame:
        masks = {each.name: search_mask(each.node, frame) for each in self._independent}
        frame = self._with_classes(frame, masks)
        for _ in range(MAX_ROUNDS if self._dependent else 0):
            fresh = {each.name: search_mask(each.node, frame) for each in self._dependent}
            same = all(name in masks and np.array_equal(mask, masks[name]) for name, mask in fresh.items())
            if same:
                break
            masks.update(fresh)
            frame = self._with_classes(frame, masks)
        return frame

    def _with_classes(self, frame: Frame, masks: Mapping[str, np.ndarray]) -> Frame:
        frame = frame.without(["eventtype", "tag", *(f"tag::{field}" for field in self._tags)])
        hits = [(name, mask) for name, mask in sorted(masks.items()) if mask.any()]
        if hits:
            frame = frame.with_columns({"eventtype": _names_column(hits, len(frame))})
        tagged: dict[str, Column] = {}
        for field, values in self._tags.items():
            column = frame.columns.get(field)
            if column is not None:
                tags = column.map(partial(_tags_of, values))
                if tags.values:
                    tagged[f"tag::{field}"] = tags
        if tagged:
            tagged["tag"] = map_columns(_union, list(tagged.values()), len(frame))
        return frame.with_columns(tagged)


def _names_column(hits: list[tuple[str, np.ndarray]], length: int) -> Column:
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


def _tags_of(values: Mapping[str, tuple[str, ...]], value: Value) -> Value:
    tags = {tag for member in members(value) for tag in values.get(to_text(member), ())}
    return normal(tuple(sorted(tags)))


def _union(*values: Value) -> Value:
    return normal(tuple(sorted({to_text(member) for value in values for member in members(value)})))
