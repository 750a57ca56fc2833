"""What the merged props settings of one kind of event ask for at search time, read once into a :class:`Recipe`.

What Splunk would refuse is left out and reported, as Splunk does. What only we cannot carry out is reported and kept as
a refusal of the fields that it gives: whoever reads one raises it, because leaving it out would make them look absent.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Final

from harness.errors import FilePlace, KnowledgeError, SearchError, SPLError, UnsupportedSPL
from harness.expressions import Scope, check
from harness.knowledge.automatic_kv import MAX_CHARACTERS, Fields, from_pairs
from harness.knowledge.conf import Stanza, boolean, integer, names
from harness.knowledge.extractions import Beforehand, Extraction, Refused, parse_extract, parse_transform
from harness.knowledge.json_kv import from_json
from harness.knowledge.lookups import Lookup
from harness.knowledge.xml_kv import from_xml
from harness.spl.eval_expression import parse_eval
from harness.spl.nodes import Binary, Call, Expr, Membership, Unary

if TYPE_CHECKING:
    from harness.knowledge.knowledge import Knowledge

Reader = Callable[[str], Fields]
"""The fields of one event's text."""

_TIMELY: Final = frozenset(("now", "time"))
_LOOKUP_KEY: Final = re.compile(r"lookup[-_]?.+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Alias:
    """``old AS new``; ``keep``: ``ASNEW``."""

    old: str
    new: str
    keep: bool


@dataclass(frozen=True, slots=True)
class Calculated:
    """One ``EVAL-`` setting. ``timely``: it asks for the time of the search. ``read``: the fields in it."""

    name: str
    expression: Expr
    timely: bool
    read: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AutomaticLookup:
    """One ``LOOKUP-`` setting: (event field, lookup field) inputs, (lookup field, event field) outputs. ``overwrite``:
    ``OUTPUT``."""

    lookup: Lookup
    inputs: tuple[tuple[str, str], ...]
    outputs: tuple[tuple[str, str], ...]
    overwrite: bool

    @property
    def written(self) -> list[str]:
        """The event fields that it may write."""
        asked = {table for _, table in self.inputs}
        return [name for _, name in self.outputs] or [name for name in self.lookup.fields if name not in asked]


@dataclass(slots=True)
class Recipe:
    """Ready to run, each list in the order in which Splunk works it off.

    ``structured`` reads JSON: its fields add to metadata and indexed fields of their name (N10.33). ``key_values`` give
    way to those, and to ``structured``. ``refused`` are the calculated fields that cannot be told.
    """

    extractions: list[Extraction] = field(default_factory=list)
    structured: Reader | None = None
    key_values: Reader | None = None
    aliases: list[Alias] = field(default_factory=list)
    calculated: list[Calculated] = field(default_factory=list)
    lookups: list[AutomaticLookup] = field(default_factory=list)
    refused: dict[str, UnsupportedSPL] = field(default_factory=dict)


class RecipeReader:
    """Reads the settings that ``layers`` (names of props stanzas, the weakest first) were merged into."""

    def __init__(self, knowledge: Knowledge, layers: Iterable[str]) -> None:
        self._knowledge = knowledge
        self._layers = list(layers)
        self._recipe = Recipe()

    def read(self, settings: Stanza) -> Recipe:
        recipe = self._recipe
        reports: list[Extraction] = []
        for key in sorted(settings):
            value = settings[key]
            kind, _, name = key.partition("-")
            if not value:  # takes the setting of a weaker layer away
                continue
            try:
                if kind == "EXTRACT":
                    recipe.extractions.append(self._extraction(key, parse_extract(value)))
                elif kind == "REPORT":
                    for transform in names(value):
                        self._report(key, transform, reports)
                elif kind == "FIELDALIAS":
                    self._add_aliases(key, value)
                elif kind == "EVAL":
                    recipe.calculated.append(calculated(name, value))
                elif _LOOKUP_KEY.fullmatch(key) is not None:
                    recipe.lookups.append(self._automatic_lookup(value))
            except UnsupportedSPL as refusal:
                refusal = self._refused(key, refusal)
                if kind == "EVAL":
                    recipe.refused[name] = refusal
                else:
                    recipe.extractions.append(Refused(None, refusal))
            except (KnowledgeError, SPLError) as problem:
                self._left_out(key, problem)
        limit = integer(self._knowledge.conf("limits").get("kv", {}).get("maxchars"), MAX_CHARACTERS)
        recipe.structured, recipe.key_values = _key_value_mode(settings, limit, self._left_out)
        read = sorted({source for report in reports for source in report.sources} - {"_raw"})
        if recipe.structured is not None and recipe.key_values is None and read:  # KV_MODE = json
            recipe.structured = lru_cache(maxsize=1)(recipe.structured)  # asked twice about each event
            recipe.extractions.append(Beforehand(tuple(read), recipe.structured))
        recipe.extractions.extend(reports)
        return recipe

    def _left_out(self, key: str, problem: KnowledgeError | SPLError, where: FilePlace | None = None) -> None:
        said, place = self._said(key, problem.message, where)
        self._knowledge.warn(KnowledgeError(f"{said}; the setting is left out", where=place))

    def _refused(self, key: str, refusal: UnsupportedSPL, where: FilePlace | None = None) -> UnsupportedSPL:
        """The refusal with its place, which is reported."""
        said, place = self._said(key, refusal.message, where)
        self._knowledge.warn(KnowledgeError(f"{said}; a search that reads its fields is refused", where=place))
        return UnsupportedSPL(f"{place}: {said}" if place is not None else said)

    def _said(self, key: str, message: str, where: FilePlace | None) -> tuple[str, FilePlace | None]:
        """What there is to say of a setting, and where it stands."""
        stanza = next(
            (name for name in reversed(self._layers) if key in self._knowledge.conf("props").get(name, {})), ""
        )
        return f"[{stanza}] {key}: {message}", where or self._knowledge.place("props", stanza, key)

    def _extraction(self, key: str, found: Extraction, where: FilePlace | None = None) -> Extraction:
        if isinstance(found, Refused):
            return replace(found, refusal=self._refused(key, found.refusal, where))
        return found

    def _report(self, key: str, name: str, reports: list[Extraction]) -> None:
        """Each transform of a list stands for itself: a broken one takes none of the others with it."""
        settings = self._knowledge.transforms.get(name)
        place = self._knowledge.place("transforms", name, "REGEX")
        try:
            if settings is None:
                raise KnowledgeError(f"the transform {name} is not defined, or disabled")
            found = parse_transform(settings)
            if isinstance(found, Refused):
                found.refusal.message = f"the transform {name}: {found.refusal.message}"
            reports.append(self._extraction(key, found, place))
        except KnowledgeError as problem:
            problem.message = f"the transform {name}: {problem.message}" if settings is not None else problem.message
            self._left_out(key, problem, place)

    def _add_aliases(self, key: str, value: str) -> None:
        aliases = parse_aliases(value)
        if not aliases:
            raise KnowledgeError("not an alias; it is written: field AS alias")
        for alias in aliases:
            if any("*" in name for name in (alias.old, alias.new)):
                raise KnowledgeError("an alias knows no wildcards")
            rival = next((known for known in self._recipe.aliases if known.new == alias.new and known != alias), None)
            if rival is not None and not (alias.keep or rival.keep):
                self._knowledge.warn(
                    KnowledgeError(
                        f"{rival.old} and {alias.old} have the same alias {alias.new}; the last one counts",
                        where=self._knowledge.place("props", self._layers[-1], key),
                        hint="A Splunk lets one of them take effect, and does not say which.",
                    )
                )
            self._recipe.aliases.append(alias)

    def _automatic_lookup(self, value: str) -> AutomaticLookup:
        name, inputs, outputs, overwrite = parse_lookup_setting(value)
        try:
            lookup = self._knowledge.lookup_definition(name)
        except SearchError as problem:
            raise KnowledgeError(f"{problem.message} {problem.hint}".strip()) from None
        known = set(lookup.fields)
        missing = [asked for asked in (*(table for _, table in inputs), *(table for table, _ in outputs))
                   if known and asked not in known]  # fmt: skip
        if missing:
            raise KnowledgeError(f"the lookup {name} has no field {missing[0]}")
        return AutomaticLookup(lookup, tuple(inputs), tuple(outputs), overwrite)


# --- single settings --------------------------------------------------------------------------------------------------

_ALIAS: Final = re.compile(r"""("[^"]+"|'[^']+'|[^\s,]+)\s+(AS|ASNEW)\s+("[^"]+"|'[^']+'|[^\s,]+)""", re.IGNORECASE)
_WORD: Final = re.compile(r'"[^"]*"|[^\s,]+')


def parse_aliases(value: str) -> list[Alias]:
    return [
        Alias(found[1].strip("\"'"), found[3].strip("\"'"), found[2].upper() == "ASNEW")
        for found in _ALIAS.finditer(value)
    ]


def calculated(name: str, text: str) -> Calculated:
    """Raises an SPLError for an expression that Splunk refuses, or that we do."""
    if not name:
        raise KnowledgeError("the calculated field has no name")
    expression = parse_eval(text)
    read = check(expression, Scope(now=0.0))
    return Calculated(name, expression, asks_the_time(expression), tuple(read))


def asks_the_time(expression: Expr) -> bool:
    """Whether its result depends on when the search runs."""
    return any(call in _TIMELY for call in _calls(expression))


def _calls(expression: Expr) -> Iterable[str]:
    """The functions that an expression calls."""
    if isinstance(expression, Call):
        yield expression.name.lower()
        children: tuple[Expr, ...] = expression.arguments
    elif isinstance(expression, Binary):
        children = (expression.left, expression.right)
    elif isinstance(expression, Unary):
        children = (expression.operand,)
    elif isinstance(expression, Membership):
        children = (expression.operand, *expression.choices)
    else:
        children = ()
    for child in children:
        yield from _calls(child)


def parse_lookup_setting(value: str) -> tuple[str, list[tuple[str, str]], list[tuple[str, str]], bool]:
    """``table field AS event_field, ... OUTPUT|OUTPUTNEW field AS event_field ...``: the table, (event field, lookup
    field) pairs, (lookup field, event field) pairs, and whether outputs overwrite."""
    words = _WORD.findall(value)
    if not words:
        raise KnowledgeError("a lookup needs a table and a field")
    name, rest = words[0].strip('"'), words[1:]
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
        if position + 2 < len(words) and words[position + 1].upper() == "AS":
            pairs.append((word, words[position + 2].strip('"')))
            position += 3
        else:
            pairs.append((word, word))
            position += 1
    return pairs


def _key_value_mode(
    settings: Stanza, max_characters: int, left_out: Callable[[str, KnowledgeError | SPLError], None]
) -> tuple[Reader | None, Reader | None]:
    mode = settings.get("KV_MODE", "auto").strip().lower()
    if mode == "none":
        return None, None
    if mode == "json":
        return from_json, None
    if mode == "xml":
        return None, from_xml
    if mode.startswith("multi"):  # multi:<stanza of multikv.conf>, in older apps multi_<stanza>
        return None, _no_table
    if mode not in ("auto", "auto_escaped"):
        left_out("KV_MODE", KnowledgeError(f"there is no mode {mode}"))
    pairs = partial(
        from_pairs,
        escaped=mode == "auto_escaped",
        trim=boolean(settings.get("KV_TRIM_SPACES"), True),
        max_characters=max_characters,
    )
    return (from_json if boolean(settings.get("AUTO_KV_JSON"), True) else None), pairs


def _no_table(text: str) -> Fields:
    """A table (``KV_MODE = multi``) is told by its header line; one line alone has none (N10.32)."""
    if text.strip().count("\n"):
        raise UnsupportedSPL("KV_MODE = multi, which reads tables out of events of several lines, is not supported.")
    return {}
