"""Search-time fields, in Splunk's order (Knowledge Manager Manual, "The sequence of search-time operations").

EXTRACT, REPORT, automatic key values, FIELDALIAS, EVAL, LOOKUP, event types, tags. Extraction from text runs once per
distinct event text; everything after it works on columns.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from harness.errors import HarnessError, KnowledgeError, SPLError
from harness.expressions import Scope, evaluate
from harness.knowledge.conf import Stanza, boolean
from harness.knowledge.extractions import Extraction, parse_extract, parse_transform
from harness.knowledge.key_values import Fields, automatic, from_json, from_xml
from harness.knowledge.lookups import Lookup
from harness.spl.eval_expression import parse_eval
from harness.spl.nodes import Expr
from harness.values.column import Column, Encoder, Scalar, Value, combine, normal
from harness.values.frame import Frame, RowBuilder, concatenate_frames
from harness.values.values import members, to_text

if TYPE_CHECKING:
    from harness.knowledge.knowledge import Knowledge

_METADATA: Final = ("source", "host", "sourcetype")


@dataclass(frozen=True, slots=True)
class AutomaticLookup:
    """One ``LOOKUP-`` setting: event field -> lookup field, lookup field -> event field."""

    lookup: Lookup
    inputs: tuple[tuple[str, str], ...]
    outputs: tuple[tuple[str, str], ...]
    overwrite: bool


@dataclass(frozen=True, slots=True)
class Recipe:
    """What the merged settings of one kind of event ask for, ready to run."""

    extractions: tuple[Extraction, ...]
    key_values: Callable[[str], Fields] | None
    joins_metadata: bool
    aliases: tuple[tuple[str, str, bool], ...]
    calculated: tuple[tuple[str, Expr], ...]
    lookups: tuple[AutomaticLookup, ...]
    sourcetype: str | None


def search_time(frame: Frame, knowledge: Knowledge) -> Frame:
    """The frame with all search-time fields, rows in the same order."""
    if not len(frame):
        return frame
    codes, groups = combine([frame.column(name) for name in _METADATA])
    parts: list[Frame] = []
    places: list[np.ndarray] = []
    for number, (source, host, sourcetype) in enumerate(groups):
        rows = np.flatnonzero(codes == number)
        part = frame if len(groups) == 1 else frame.take(rows)
        recipe = knowledge.recipe(
            *(to_text(members(v)[0]) if v is not None else "" for v in (source, host, sourcetype))
        )
        parts.append(_fields(part, recipe))
        places.append(rows)
    whole = parts[0] if len(parts) == 1 else concatenate_frames(parts).take(np.argsort(np.concatenate(places)))
    return replace(knowledge.classifier.classify(whole), events=frame.events)


def _fields(frame: Frame, recipe: Recipe) -> Frame:
    if recipe.sourcetype is not None:
        frame = frame.with_columns({"sourcetype": Column.constant(recipe.sourcetype, len(frame))})
    frame = _extract(frame, recipe)
    frame = _alias(frame, recipe.aliases)
    frame = _calculate(frame, recipe.calculated)
    for lookup in recipe.lookups:
        frame = _look_up(frame, lookup)
    return frame


# --- from text --------------------------------------------------------------------------------------------------------


def _extract(frame: Frame, recipe: Recipe) -> Frame:
    """Run what reads text once per distinct ``_raw``; metadata is constant here, indexed fields come first."""
    if not recipe.extractions and recipe.key_values is None:
        return frame
    raw = frame.column("_raw").compact()
    constant = {name: frame.column(name)[0] for name in _METADATA}
    builder = RowBuilder()
    for value in raw.values:
        text = to_text(members(value)[0])
        fields: Fields = {"_raw": text, **constant}
        for extraction in recipe.extractions:
            extraction.apply(fields)
        if recipe.key_values is not None:
            _add_key_values(fields, recipe, text)
        for name in ("_raw", *(name for name in _METADATA if fields[name] == constant[name])):
            del fields[name]
        builder.add(fields)
    extracted = builder.build()
    codes = raw.codes
    fresh: dict[str, Column] = {}
    for name, column in extracted.columns.items():
        table = np.append(column.codes, -1)
        spread = Column(column.values, table[codes].astype(np.int32))
        fresh[name] = (
            _prefer(frame.columns[name], spread) if name in frame.columns and name not in _METADATA else spread
        )
    return frame.with_columns(fresh)


def _add_key_values(fields: Fields, recipe: Recipe, text: str) -> None:
    assert recipe.key_values is not None
    for name, value in recipe.key_values(text).items():
        old = fields.get(name)
        if old is None:
            fields[name] = value
        elif recipe.joins_metadata and name in _METADATA:
            fields[name] = normal((*members(old), *members(value)))  # N10.33


def _prefer(first: Column, second: Column) -> Column:
    """The first column's value where it has one (an indexed field), else the second's."""
    if not bool(first.is_null().any()):
        return first
    encoder = Encoder()
    pairs = zip(first.to_values(), second.to_values(), strict=True)
    codes = [encoder.code(b if a is None else a) for a, b in pairs]
    return Column(encoder.values, np.array(codes, dtype=np.int32))


# --- aliases, calculated fields, lookups ------------------------------------------------------------------------------


def _alias(frame: Frame, aliases: tuple[tuple[str, str, bool], ...]) -> Frame:
    """All aliases read the fields before any of them. ``AS`` overwrites the new name where the old one has a value
    (N10.39); ``ASNEW`` writes only where the new name has none."""
    fresh: dict[str, Column] = {}
    for old, new, only_new in aliases:
        source = frame.columns.get(old)
        if source is None:
            continue
        target = fresh.get(new, frame.columns.get(new))
        if target is None:
            fresh[new] = source
        elif only_new:
            fresh[new] = _prefer(target, source)
        else:
            fresh[new] = _prefer(source, target)
    return frame.with_columns(fresh)


def _calculate(frame: Frame, calculated: tuple[tuple[str, Expr], ...]) -> Frame:
    """In parallel over the fields before; null overwrites (N10.40)."""
    if not calculated:
        return frame
    scope = Scope(now=0.0)
    return frame.with_columns({name: evaluate(expression, frame, scope) for name, expression in calculated})


def _look_up(frame: Frame, automatic_lookup: AutomaticLookup) -> Frame:
    columns = [frame.columns.get(field) for field, _ in automatic_lookup.inputs]
    present = [column for column in columns if column is not None]
    if len(present) < len(columns):
        return frame
    codes, combinations = combine(present)
    names = [name for _, name in automatic_lookup.inputs]
    outputs = automatic_lookup.outputs or tuple(
        (name, name) for name in automatic_lookup.lookup.table.fields if name not in names
    )
    found = [_answer(automatic_lookup.lookup, names, values) for values in combinations]
    fresh: dict[str, Column] = {}
    for field, target in outputs:
        encoder = Encoder()
        answers = [
            encoder.code(None if rows is None else normal(tuple(r[field] for r in rows if r.get(field))))
            for rows in found
        ]
        table = np.array(answers, dtype=np.int32)
        column = Column(encoder.values, table[codes])
        matched = np.array([bool(rows) for rows in found], dtype=np.bool_)[codes]
        fresh[target] = _written(frame.columns.get(target), column, matched, automatic_lookup.overwrite)
    return frame.with_columns(fresh)


def _answer(lookup: Lookup, names: list[str], values: tuple[Value, ...]) -> list[dict[str, str]] | None:
    """The rows for one combination of inputs; of a multivalue input each value is looked up."""
    if any(value is None for value in values):
        return None
    rows: list[dict[str, str]] = []
    for singles in _product([members(value) for value in values]):
        rows.extend(lookup.match(dict(zip(names, [to_text(single) for single in singles], strict=True))))
    return rows


def _product(choices: list[tuple[Scalar, ...]]) -> list[tuple[Scalar, ...]]:
    if len(choices) == 1:
        return [(value,) for value in choices[0]]
    from itertools import islice, product

    return list(islice(product(*choices), 1000))


def _written(old: Column | None, new: Column, matched: np.ndarray, overwrite: bool) -> Column:
    """OUTPUT overwrites (and clears) where the lookup answered; OUTPUTNEW writes only where there is no value."""
    if old is None:
        return new
    if not overwrite:
        return _prefer(old, new)
    encoder = Encoder()
    pairs = zip(old.to_values(), new.to_values(), matched.tolist(), strict=True)
    codes = [encoder.code(b if hit else a) for a, b, hit in pairs]
    return Column(encoder.values, np.array(codes, dtype=np.int32))


# --- settings into a recipe -------------------------------------------------------------------------------------------

_ALIAS: Final = re.compile(r"""("[^"]+"|[^\s,]+)\s+(AS|ASNEW)\s+("[^"]+"|[^\s,]+)""", re.IGNORECASE)


class RecipeReader:
    """Turns merged settings into a recipe; what cannot be read is left out and reported once."""

    def __init__(
        self,
        transforms: Mapping[str, Stanza],
        lookup: Callable[[str], Lookup],
        warn: Callable[[KnowledgeError], None],
    ) -> None:
        self._transforms = transforms
        self._lookup = lookup
        self._warn = warn

    def read(self, settings: Stanza) -> Recipe:
        extracts: list[Extraction] = []
        reports: list[Extraction] = []
        aliases: list[tuple[str, str, bool]] = []
        calculated: list[tuple[str, Expr]] = []
        lookups: list[AutomaticLookup] = []
        for key in sorted(settings):
            value = settings[key]
            kind, _, name = key.partition("-")
            try:
                if kind == "EXTRACT":
                    extracts.append(parse_extract(value))
                elif kind == "REPORT":
                    reports.extend(self._reports(value))
                elif kind == "FIELDALIAS":
                    aliases.extend(parse_aliases(value))
                elif kind == "EVAL":
                    calculated.append((name, parse_eval(value)))
                elif kind == "LOOKUP":
                    lookups.append(self._automatic_lookup(value))
            except (HarnessError, SPLError, re.error) as problem:
                self._warn(KnowledgeError(f"{key} is left out: {problem}"))
        key_values, joins = _key_value_mode(settings)
        return Recipe(
            (*extracts, *reports),
            key_values,
            joins,
            tuple(aliases),
            tuple(calculated),
            tuple(lookups),
            settings.get("rename"),
        )

    def _reports(self, value: str) -> list[Extraction]:
        found: list[Extraction] = []
        for name in (part.strip() for part in value.split(",")):
            if not name:
                continue
            settings = self._transforms.get(name)
            if settings is None:
                self._warn(KnowledgeError(f"the transform {name} is not defined"))
                continue
            found.append(parse_transform(name, settings))
        return found

    def _automatic_lookup(self, value: str) -> AutomaticLookup:
        name, inputs, outputs, overwrite = parse_lookup_setting(value)
        return AutomaticLookup(self._lookup(name), tuple(inputs), tuple(outputs), overwrite)


def parse_aliases(value: str) -> list[tuple[str, str, bool]]:
    return [(found[1].strip('"'), found[3].strip('"'), found[2].upper() == "ASNEW") for found in _ALIAS.finditer(value)]


def parse_lookup_setting(value: str) -> tuple[str, list[tuple[str, str]], list[tuple[str, str]], bool]:
    """``table field AS event_field, ... OUTPUT|OUTPUTNEW field AS event_field ...``: the table, (event field, lookup
    field) pairs, (lookup field, event field) pairs, and whether outputs overwrite."""
    words = re.findall(r'"[^"]*"|[^\s,]+', value)
    if not words:
        raise KnowledgeError("a lookup needs a table and a field")
    name, rest = words[0], words[1:]
    split = next((i for i, word in enumerate(rest) if word.upper() in ("OUTPUT", "OUTPUTNEW")), len(rest))
    overwrite = split == len(rest) or rest[split].upper() == "OUTPUT"
    inputs = [(event, table) for table, event in _pairs(rest[:split])]
    if not inputs:
        raise KnowledgeError(f"the lookup {name} has no input field")
    return name, inputs, _pairs(rest[split + 1 :]), overwrite


def _pairs(words: list[str]) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    position = 0
    while position < len(words):
        word = words[position].strip('"')
        if position + 2 < len(words) + 0 and words[position + 1].upper() == "AS":
            pairs.append((word, words[position + 2].strip('"')))
            position += 3
        else:
            pairs.append((word, word))
            position += 1
    return pairs


def _key_value_mode(settings: Stanza) -> tuple[Callable[[str], Fields] | None, bool]:
    mode = settings.get("KV_MODE", "auto").strip().lower()
    if mode in ("none", "multi"):
        # Tables (multi) are told apart by their header lines; an ordinary event gives nothing (N10.32).
        return None, False
    if mode == "json":
        return from_json, True
    if mode == "xml":
        return from_xml, False
    if not boolean(settings.get("AUTO_KV_JSON"), True):
        return automatic, False
    return _automatic_or_json, True


def _automatic_or_json(text: str) -> Fields:
    if text[:1] in "{[" or text.lstrip()[:1] in ("{", "["):
        fields = from_json(text)
        if fields:
            return fields
    return automatic(text)
