"""``EXTRACT-`` and ``REPORT-``: fields by regular expressions and delimiters (props.conf and transforms.conf).

An extraction adds to the fields of one event. A field that is already there stays, unless ``MV_ADD`` appends to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from harness.errors import KnowledgeError
from harness.knowledge.conf import boolean
from harness.knowledge.key_values import Fields, clean_key
from harness.values.pcre import Pattern, PatternError, compile_pcre
from harness.values.values import members, to_text


class Extraction(Protocol):
    def apply(self, fields: Fields) -> None:
        """Add what the extraction finds to ``fields``."""


_IN_FIELD: Final = re.compile(r"(?s)(?P<regex>.*\S)\s+in\s+(?P<field>[A-Za-z_][A-Za-z0-9_.:{}@-]*)\s*")
_FORMAT_PAIR: Final = re.compile(r"""(?P<name>(?:"[^"]*"|[^\s:"]|:(?!:))+)::(?P<value>"[^"]*"|\S+)""")
_REFERENCE: Final = re.compile(r"\$(\d+)")
_KEY_GROUP: Final = re.compile(r"_KEY_(\d+)")


def source_text(fields: Fields, name: str) -> list[str]:
    value = fields.get(name)
    return [] if value is None else [to_text(member) for member in members(value)]


def put(fields: Fields, name: str, text: str | None, *, append: bool = False) -> None:
    """Set a field that is not there; with ``append`` add to one that is. Empty text is no value."""
    if not text:
        return
    old = fields.get(name)
    if old is None:
        fields[name] = text
    elif append:
        fields[name] = (*members(old), text)


@dataclass(frozen=True, slots=True)
class Extract:
    """One ``EXTRACT-`` setting: named groups of a pattern sought in ``_raw`` or in another field (N10.34, N10.35)."""

    pattern: Pattern
    field: str

    def apply(self, fields: Fields) -> None:
        for text in source_text(fields, self.field):
            found = self.pattern.search(text)
            if found is not None:
                for name in self.pattern.names:
                    put(fields, name, found[name])


def parse_extract(setting: str) -> Extract:
    """``<regex>`` or ``<regex> in <field>``. Raises re.error for a pattern that does not compile."""
    found = _IN_FIELD.fullmatch(setting)
    if found is not None:
        return Extract(compile_pcre(found["regex"]), found["field"])
    return Extract(compile_pcre(setting), "_raw")


@dataclass(frozen=True, slots=True)
class Report:
    """One transform by regular expression: named groups, or the pairs that ``FORMAT`` names (N10.36)."""

    pattern: Pattern
    source: str
    pairs: tuple[tuple[str, str], ...]
    mv_add: bool
    clean_keys: bool

    def apply(self, fields: Fields) -> None:
        for text in source_text(fields, self.source):
            for found in self.pattern.finditer(text):
                for name, value in self._pairs_of(found):
                    key = clean_key(name) if self.clean_keys else name
                    if key:
                        put(fields, key, value.strip(), append=self.mv_add)

    def _pairs_of(self, found: Any) -> Iterator[tuple[str, str]]:
        if self.pattern.names:
            for name in self.pattern.names:
                key = _KEY_GROUP.fullmatch(name)
                if key is not None:
                    value = f"_VAL_{key[1]}"
                    if value in self.pattern.names and found[name] and found[value]:
                        yield found[name], found[value]
                elif not name.startswith("_VAL_") and found[name]:
                    yield name, found[name]
            return
        for name, template in self.pairs:
            expanded = _expand(name, found, self.pattern.groups)
            value_text = _expand(template, found, self.pattern.groups)
            if expanded and value_text:
                yield expanded, value_text


def _expand(template: str, found: Any, groups: int) -> str:
    """``$1`` is a group; ``$0`` and a group that is not there give nothing (N10.36)."""

    def group(reference: re.Match[str]) -> str:
        number = int(reference[1])
        return (found[number] or "") if 1 <= number <= groups else ""

    return _REFERENCE.sub(group, template)


@dataclass(frozen=True, slots=True)
class Delimited:
    """One transform by delimiters: pairs, or columns named by ``FIELDS`` (N10.37)."""

    source: str
    pair: str
    key: str
    names: tuple[str, ...]
    mv_add: bool
    clean_keys: bool

    def apply(self, fields: Fields) -> None:
        for text in source_text(fields, self.source):
            if self.names:
                for name, value in zip(self.names, split_quoted(text, self.pair), strict=False):
                    put(fields, name, value.strip(), append=self.mv_add)
                continue
            for part in split_quoted(text, self.pair):
                key, value = _partition(part, self.key)
                name = clean_key(key.strip()) if self.clean_keys else key.strip()
                if name:
                    put(fields, name, value.strip().strip('"'), append=self.mv_add)


def _partition(part: str, marks: str) -> tuple[str, str]:
    position = min((found for mark in marks if (found := part.find(mark)) >= 0), default=-1)
    return (part, "") if position < 0 else (part[:position], part[position + 1 :])


def split_quoted(text: str, marks: str) -> list[str]:
    """Split at any of the characters, not inside double quotes; the quotes around a whole part go."""
    parts: list[str] = []
    start, inside = 0, False
    for position, character in enumerate(text):
        if character == '"':
            inside = not inside
        elif character in marks and not inside:
            parts.append(text[start:position])
            start = position + 1
    parts.append(text[start:])
    return [part[1:-1] if len(part) > 1 and part[0] == part[-1] == '"' else part for part in parts]


def parse_transform(name: str, settings: Mapping[str, str]) -> Extraction:
    """A search-time transform. Raises KnowledgeError for a stanza that has neither REGEX nor DELIMS."""
    source = settings.get("SOURCE_KEY", "_raw").strip()
    source = {"MetaData:Source": "source", "MetaData:Host": "host", "MetaData:Sourcetype": "sourcetype"}.get(
        source, source.removeprefix("field:")
    )
    mv_add = boolean(settings.get("MV_ADD"), False)
    clean = boolean(settings.get("CLEAN_KEYS"), True)
    if "DELIMS" in settings:
        marks = [_unescape(part) for part in split_quoted(settings["DELIMS"].strip(), ",") if part]
        names = tuple(name for part in settings.get("FIELDS", "").split(",") if (name := part.strip().strip('"')))
        if not marks or (len(marks) < 2 and not names):
            raise KnowledgeError(f"transform {name} has DELIMS without FIELDS or a second delimiter")
        return Delimited(source, marks[0], marks[1] if len(marks) > 1 else "", names, mv_add, clean)
    if "REGEX" not in settings:
        raise KnowledgeError(f"transform {name} has neither REGEX nor DELIMS")
    try:
        pattern = compile_pcre(settings["REGEX"])
    except PatternError as problem:
        raise KnowledgeError(f"transform {name}: Regex: {problem}") from None
    pairs = tuple(
        (found["name"].strip('"'), found["value"].strip('"'))
        for found in _FORMAT_PAIR.finditer(settings.get("FORMAT", ""))
    )
    return Report(pattern, source, pairs, mv_add, clean)


def _unescape(text: str) -> str:
    return text.replace("\\t", "\t").replace("\\n", "\n").replace('\\"', '"').replace("\\\\", "\\")
