"""``EXTRACT-`` and ``REPORT-``: fields by regular expressions and delimiters (props.conf and transforms.conf).

An extraction adds to the fields of one event. A field that is already there stays, unless ``MV_ADD`` appends to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from harness.errors import KnowledgeError
from harness.knowledge.automatic_kv import Fields, clean_key
from harness.knowledge.conf import boolean
from harness.values.pcre import Pattern, PatternError, compile_pcre
from harness.values.values import members, texts


class Extraction(Protocol):
    @property
    def sources(self) -> tuple[str, ...]:
        """The fields that it reads."""

    def apply(self, fields: Fields) -> None:
        """Add what the extraction finds to ``fields``."""


_IN_FIELD: Final = re.compile(r"(?s)(?P<regex>.*\S)\s+in\s+(?P<field>[A-Za-z0-9_]+)\s*")
_FORMAT_PAIR: Final = re.compile(r"""(?P<name>(?:"[^"]*"|[^\s:"]|:(?!:))+)::(?P<value>"[^"]*"|\S+)""")
_REFERENCE: Final = re.compile(r"\$(\d+)")
_METADATA: Final = {"MetaData:Source": "source", "MetaData:Host": "host", "MetaData:Sourcetype": "sourcetype"}


def _put(fields: Fields, name: str, text: str, *, append: bool) -> None:
    """Set a field that is not there; with ``append`` add to one that is."""
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

    @property
    def sources(self) -> tuple[str, ...]:
        return (self.field,)

    def apply(self, fields: Fields) -> None:
        for text in texts(fields.get(self.field)):
            found = self.pattern.search(text)
            if found is None:
                continue
            for name, value in found.groupdict().items():
                if value:
                    _put(fields, name, value, append=False)


def parse_extract(setting: str) -> Extract:
    """``<regex>`` or ``<regex> in <field>``; ``.`` matches line ends, ``^`` and ``$`` match at them.

    Raises KnowledgeError for a pattern that does not compile or names no group, UnsupportedSPL for one that is not
    carried out.
    """
    found = _IN_FIELD.fullmatch(setting)
    text, field = (found["regex"], found["field"]) if found is not None else (setting, "_raw")
    pattern = _compiled(f"(?ms){text}")
    if not pattern.names:
        raise KnowledgeError("the pattern has no named group")
    return Extract(pattern, field)


@dataclass(frozen=True, slots=True)
class Report:
    """One transform by regular expression, applied again and again: named groups, or the pairs that ``FORMAT`` names
    (N10.36). ``keys`` are the pairs of groups that capture a name and its value (``_KEY_1``, ``_VAL_1``)."""

    pattern: Pattern
    sources: tuple[str, ...]
    pairs: tuple[tuple[str, str], ...]
    groups: tuple[str, ...]
    keys: tuple[tuple[str, str], ...]
    mv_add: bool
    clean_keys: bool
    keep_empty: bool

    def apply(self, fields: Fields) -> None:
        for text in source_texts(fields, self.sources):
            for found in self.pattern.finditer(text):
                for name, value in self._pairs_of(found):
                    key = clean_key(name) if self.clean_keys else name
                    value = value.strip()  # N10.38
                    if key and (value or self.keep_empty):
                        _put(fields, key, value, append=self.mv_add)

    def _pairs_of(self, found: Any) -> Iterator[tuple[str, str]]:
        for name in self.groups:
            if (value := found[name]) is not None:
                yield name, value
        for key, content in self.keys:
            if (name := found[key]) and (value := found[content]) is not None:
                yield name, value
        for name, template in self.pairs:
            if (expanded := _expand(name, found, self.pattern.groups)) is not None and (
                value := _expand(template, found, self.pattern.groups)
            ) is not None:
                yield expanded, value


def source_texts(fields: Fields, sources: tuple[str, ...]) -> list[str]:
    """What a transform reads: each value of its field, or the values of several fields in one line."""
    if len(sources) == 1:
        return texts(fields.get(sources[0]))
    return [" ".join(text for source in sources for text in texts(fields.get(source)))]


def _expand(template: str, found: Any, groups: int) -> str | None:
    """``$1`` is a group; None if it took no part, and for ``$0`` (N10.36)."""
    reference = _REFERENCE.fullmatch(template)
    if reference is not None:
        number = int(reference[1])
        return found[number] if 1 <= number <= groups else None
    return template


@dataclass(frozen=True, slots=True)
class Delimited:
    """One transform by delimiters: pairs, or columns named by ``FIELDS`` (N10.37).

    With one set of delimiters and no ``FIELDS``, names and values take turns.
    """

    sources: tuple[str, ...]
    outer: str
    inner: str
    names: tuple[str, ...]
    mv_add: bool
    clean_keys: bool

    def apply(self, fields: Fields) -> None:
        for text in source_texts(fields, self.sources):
            for name, value in self._pairs_of(split_quoted(text, self.outer)):
                key = name if self.names or not self.clean_keys else clean_key(name)
                if key and value:
                    _put(fields, key, value, append=self.mv_add)

    def _pairs_of(self, parts: list[str]) -> Iterator[tuple[str, str]]:
        if self.names:
            yield from ((name, _unquoted(part)) for name, part in zip(self.names, parts, strict=False))
            return
        parts = [part for part in parts if part.strip()]  # a run of delimiters is one
        if not self.inner:
            yield from ((_unquoted(name), _unquoted(value)) for name, value in zip(*[iter(parts)] * 2, strict=False))
            return
        for part in parts:
            position = min((found for mark in self.inner if (found := part.find(mark)) >= 0), default=-1)
            if position >= 0:
                yield part[:position].strip(), _unquoted(part[position + 1 :])


def split_quoted(text: str, marks: str) -> list[str]:
    """Split at any of the characters, not inside double quotes."""
    parts: list[str] = []
    start, inside = 0, False
    for position, character in enumerate(text):
        if character == '"' and (position == 0 or text[position - 1] != "\\"):
            inside = not inside
        elif character in marks and not inside:
            parts.append(text[start:position])
            start = position + 1
    parts.append(text[start:])
    return parts


def _unquoted(part: str) -> str:
    part = part.strip()
    if len(part) > 1 and part[0] == part[-1] == '"':
        part = part[1:-1]
    return part.strip()


def parse_transform(name: str, settings: Mapping[str, str]) -> Extraction:
    """A search-time transform. Raises KnowledgeError for a stanza that has neither REGEX nor DELIMS, or a pattern that
    does not compile, UnsupportedSPL for one that is not carried out."""
    sources = source_keys(settings.get("SOURCE_KEY", "_raw"))
    mv_add = boolean(settings.get("MV_ADD"), False)
    clean = boolean(settings.get("CLEAN_KEYS"), True)
    if "DELIMS" in settings:
        marks = [_unescape(part) for part in _quoted_list(settings["DELIMS"])]
        fields = tuple(_quoted_list(settings.get("FIELDS", "")))
        if not marks or not marks[0]:
            raise KnowledgeError(f"the transform {name} has no delimiter in DELIMS")
        return Delimited(sources, marks[0], marks[1] if len(marks) > 1 else "", fields, mv_add, clean)
    if "REGEX" not in settings:
        raise KnowledgeError(f"the transform {name} has neither REGEX nor DELIMS")
    pattern = _compiled(settings["REGEX"])
    keys = tuple(
        (group, value)
        for group in pattern.names
        if group.startswith("_KEY_") and (value := f"_VAL_{group[5:]}") in pattern.names
    )
    groups = tuple(group for group in pattern.names if not group.startswith(("_KEY_", "_VAL_")))
    pairs: tuple[tuple[str, str], ...] = ()
    if not pattern.names:  # beside named groups FORMAT is not used (N10.36)
        pairs = _format(settings.get("FORMAT", ""))
    keep_empty = boolean(settings.get("KEEP_EMPTY_VALS"), False)
    return Report(pattern, sources, pairs, groups, keys, mv_add, clean, keep_empty)


def _format(text: str) -> tuple[tuple[str, str], ...]:
    """``name::$1 $2::value``. Raises KnowledgeError where a part is put together, as only index time can."""
    pairs = tuple((found["name"].strip('"'), found["value"].strip('"')) for found in _FORMAT_PAIR.finditer(text))
    for part in (part for pair in pairs for part in pair):
        if _REFERENCE.search(part) is not None and _REFERENCE.fullmatch(part) is None:
            raise KnowledgeError(f"FORMAT cannot put fields together at search time: {part}")
    return pairs


def source_keys(setting: str) -> tuple[str, ...]:
    """The fields that ``SOURCE_KEY`` names: a key, ``field:name``, or ``fields:a,b``."""
    setting = setting.strip()
    if setting.startswith("fields:"):
        return tuple(name.strip() for name in setting.removeprefix("fields:").split(",") if name.strip())
    return (_METADATA.get(setting, setting.removeprefix("field:")),)


def _quoted_list(text: str) -> list[str]:
    """``"a", "b c", d``."""
    return [part.strip().removeprefix('"').removesuffix('"') for part in split_quoted(text, ",") if part.strip()]


def _unescape(text: str) -> str:
    return re.sub(r"\\(.)", lambda found: {"t": "\t", "n": "\n", "r": "\r"}.get(found[1], found[1]), text)


def _compiled(text: str) -> Pattern:
    try:
        return compile_pcre(text)
    except PatternError as problem:
        raise KnowledgeError(f"Regex: {problem}") from None
