"""``EXTRACT-`` and ``REPORT-``: fields by regular expressions and delimiters (props.conf and transforms.conf).

An extraction adds to the fields of one event. A field that is already there stays, unless ``MV_ADD`` appends to it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from typing import Final, Protocol

from harness.errors import KnowledgeError, UnsupportedSPL
from harness.knowledge.automatic_kv import Fields, clean_key
from harness.knowledge.conf import boolean
from harness.values.pcre import Pattern, PatternError, compile_pcre
from harness.values.values import members, texts

MAX_KNOWN_NAMES: Final = 10_000
"""Names out of the data that are remembered cleaned; attack data has few, hostile data need not."""

_IN_FIELD: Final = re.compile(r"(?s)(?P<regex>.*\S)\s+in\s+(?P<field>[A-Za-z0-9_]+)\s*")
_FORMAT_PAIR: Final = re.compile(r"""(?P<name>(?:"[^"]*"|[^\s:"]|:(?!:))+)::(?P<value>"[^"]*"|\S+)""")
_REFERENCE: Final = re.compile(r"\$(\d+)")
_GROUP_NAME: Final = re.compile(r"\(\?(?:P?<|')([A-Za-z_]\w*)[>']", re.ASCII)
_METADATA: Final = {"MetaData:Source": "source", "MetaData:Host": "host", "MetaData:Sourcetype": "sourcetype"}

_ANY_GROUP: Final = 1_000_000
"""Of a pattern that is not carried out it is not known how many groups it has."""

Part = int | str
"""A group by its number, or a text as it is."""


class Extraction(Protocol):
    @property
    def sources(self) -> tuple[str, ...]:
        """The fields that it reads."""

    @property
    def names(self) -> tuple[str, ...] | None:
        """The fields that it may give; None where the event names them."""

    def apply(self, fields: Fields, /) -> None:
        """Add what the extraction finds to ``fields``. Raises UnsupportedSPL for one that is not carried out, and
        SearchError where a pattern takes too long."""


@dataclass(frozen=True, slots=True)
class Refused:
    """An extraction that is not carried out, for the reason ``refusal``. It changes no field that is there already,
    unless it has ``mv_add``."""

    names: tuple[str, ...] | None
    refusal: UnsupportedSPL
    mv_add: bool = False
    sources: tuple[str, ...] = ()

    def apply(self, _: Fields) -> None:
        raise copy(self.refusal)


def _read(fields: Fields, sources: tuple[str, ...]) -> Sequence[str]:
    """What an extraction reads: the values of its field line by line, as Splunk's add-on for Windows takes the account
    that acts from the first line and the account acted on from the second, or the values of several fields in one
    line."""
    if len(sources) == 1:
        value = fields.get(sources[0])
        if type(value) is str:
            return (value,)
        return () if value is None else ("\n".join(texts(value)),)
    line = " ".join(text for source in sources for text in texts(fields.get(source)))
    return (line,) if line else ()


def _put(fields: Fields, name: str, text: str, *, append: bool) -> None:
    """Set a field that is not there; with ``append`` add to one that is."""
    old = fields.get(name)
    if old is None:
        fields[name] = text
    elif append:
        fields[name] = (*members(old), text)


# --- patterns ---------------------------------------------------------------------------------------------------------

_LINE_START: Final = re.compile(r"(?P<flags>(?:\(\?[ims]+\))+)\^(?P<rest>.*)", re.DOTALL)
_TOKEN: Final = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|[()|]|.", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Sought:
    """A pattern and, if it begins at the start of a line, the same for texts of one line: such a text has one start, so
    that the pattern need not be tried at every character of it."""

    pattern: Pattern
    in_one_line: Pattern | None = None

    def in_text(self, text: str) -> Pattern:
        return self.pattern if self.in_one_line is None or "\n" in text else self.in_one_line


def sought(text: str) -> Sought:
    """Raises KnowledgeError for a pattern that does not compile, UnsupportedSPL for one that is not carried out."""
    try:
        pattern = compile_pcre(text)
        start = _LINE_START.fullmatch(text)
        if start is None or "m" not in start["flags"] or _has_branches(start["rest"]):
            return Sought(pattern)
        return Sought(pattern, compile_pcre(rf"{start['flags']}\A{start['rest']}"))
    except PatternError as problem:
        raise KnowledgeError(f"Regex: {problem}") from None


def _has_branches(text: str) -> bool:
    """Whether a pattern has alternatives that are in no group."""
    depth = 0
    for part in _TOKEN.findall(text):
        depth += (part == "(") - (part == ")")
        if part == "|" and not depth:
            return True
    return False


# --- by regular expression --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Extract:
    """One ``EXTRACT-`` setting: named groups of a pattern sought in ``_raw`` or in another field (N10.34, N10.35)."""

    sought: Sought
    sources: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.sought.pattern.names)

    def apply(self, fields: Fields) -> None:
        for text in _read(fields, self.sources):
            found = self.sought.in_text(text).search(text)
            if found is not None:
                for name, value in found.groupdict().items():
                    if value:
                        _put(fields, name, value, append=False)


def parse_extract(setting: str) -> Extraction:
    """``<regex>`` or ``<regex> in <field>``; ``.`` matches line ends, ``^`` and ``$`` match at them.

    Raises KnowledgeError for a pattern that does not compile or names no group; gives a :class:`Refused` for one that
    is not carried out.
    """
    found = _IN_FIELD.fullmatch(setting)
    text, source = (found["regex"], found["field"]) if found is not None else (setting, "_raw")
    try:
        found_by = sought(f"(?ms){text}")
    except UnsupportedSPL as refusal:
        return Refused(tuple(_written_groups(text)), refusal)
    if not found_by.pattern.names:
        raise KnowledgeError("the pattern has no named group")
    return Extract(found_by, (source,))


def _written_groups(pattern: str) -> dict[str, int]:
    """The named groups of a pattern that is not carried out; their numbers are not known."""
    return dict.fromkeys((found[1] for found in _GROUP_NAME.finditer(pattern)), 1)


@dataclass(frozen=True, slots=True)
class Report:
    """One transform by regular expression, applied again and again (N10.36). Each match gives the fields of ``pairs``:
    names and values, out of its groups or as they are."""

    sought: Sought
    sources: tuple[str, ...]
    pairs: tuple[tuple[Part, Part], ...]
    mv_add: bool
    clean_keys: bool
    keep_empty: bool
    _cleaned: dict[str, str] = field(default_factory=dict, repr=False, compare=False)

    @property
    def names(self) -> tuple[str, ...] | None:
        return _names_of((name for name, _ in self.pairs), clean=self.clean_keys)

    def apply(self, fields: Fields) -> None:
        for text in _read(fields, self.sources):
            for groups in self._matches(self.sought.in_text(text), text):
                for name_part, value_part in self.pairs:
                    name = name_part if isinstance(name_part, str) else groups[name_part - 1]
                    value = value_part if isinstance(value_part, str) else groups[value_part - 1]
                    if name and value is not None:
                        self._put(fields, name, value.strip())  # N10.38

    def _matches(self, pattern: Pattern, text: str) -> Iterable[tuple[str | None, ...]]:
        """The groups of every match. Only where empty values count, one that took no part must be told from them."""
        return (found.groups() for found in pattern.finditer(text)) if self.keep_empty else pattern.findall(text)

    def _put(self, fields: Fields, name: str, value: str) -> None:
        if not value and not self.keep_empty:
            return
        if self.clean_keys:
            name = self._clean(name)
        if name not in fields:
            if name:
                fields[name] = value
        elif self.mv_add:
            fields[name] = (*members(fields[name]), value)

    def _clean(self, name: str) -> str:
        known = self._cleaned.get(name)
        if known is None:
            known = clean_key(name)
            if len(self._cleaned) < MAX_KNOWN_NAMES:
                self._cleaned[name] = known
        return known


def _names_of(parts: Iterable[Part], *, clean: bool) -> tuple[str, ...] | None:
    """Field names, None if one of them is a group."""
    names: list[str] = []
    for part in parts:
        if not isinstance(part, str):
            return None
        names.append(clean_key(part) if clean else part)
    return tuple(names)


def _named_pairs(groups: Mapping[str, int]) -> Iterator[tuple[Part, Part]]:
    """A field for each named group; ``_KEY_x`` captures the name of the field whose value ``_VAL_x`` captures."""
    for name, number in groups.items():
        if not name.startswith(("_KEY_", "_VAL_")):
            yield name, number
        elif name.startswith("_KEY_") and (value := groups.get(f"_VAL_{name[5:]}")) is not None:
            yield number, value


def _format_pairs(text: str, groups: int) -> Iterator[tuple[Part, Part]]:
    """``name::$1 $2::value``. ``$0`` and groups that the pattern lacks give nothing. Raises KnowledgeError where a part
    is put together, as only index time can."""
    for found in _FORMAT_PAIR.finditer(text):
        pair = (_part(found["name"].strip('"')), _part(found["value"].strip('"')))
        if all(isinstance(part, str) or 1 <= part <= groups for part in pair):
            yield pair


def _part(text: str) -> Part:
    if (reference := _REFERENCE.fullmatch(text)) is not None:
        return int(reference[1])
    if _REFERENCE.search(text) is not None:
        raise KnowledgeError(f"FORMAT cannot put fields together at search time: {text}")
    return text


# --- out of JSON ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Beforehand:
    """The fields of ``KV_MODE = json`` that transforms read: unlike those of automatic key values (N10.34) they are
    there before ``REPORT`` runs. Recorded events have what add-ons take out of them by a ``SOURCE_KEY``: the object of
    an Azure audit out of its ``resourceUri``, the user agent of Office 365 out of ``ClientInfoString``."""

    names: tuple[str, ...]
    read: Callable[[str], Fields]
    sources: tuple[str, ...] = ()

    def apply(self, fields: Fields) -> None:
        for text in _read(fields, ("_raw",)):
            found = self.read(text)
            for name in self.names:
                if name in found:
                    fields.setdefault(name, found[name])


# --- by delimiters ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Delimited:
    """One transform by delimiters: pairs, or columns named by ``FIELDS`` (N10.37).

    With one set of delimiters and no ``FIELDS``, names and values take turns.
    """

    sources: tuple[str, ...]
    outer: str
    inner: str
    columns: tuple[str, ...]
    mv_add: bool
    clean_keys: bool

    @property
    def names(self) -> tuple[str, ...] | None:
        return self.columns or None

    def apply(self, fields: Fields) -> None:
        for text in _read(fields, self.sources):
            for name, value in self._pairs_of(split_quoted(text, self.outer)):
                key = name if self.columns or not self.clean_keys else clean_key(name)
                if key and value:
                    _put(fields, key, value, append=self.mv_add)

    def _pairs_of(self, parts: list[str]) -> Iterator[tuple[str, str]]:
        if self.columns:
            yield from ((name, _unquoted(part)) for name, part in zip(self.columns, parts, strict=False))
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
    if '"' not in text and len(marks) == 1:
        return text.split(marks)
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


# --- transforms -------------------------------------------------------------------------------------------------------


def parse_transform(settings: Mapping[str, str]) -> Extraction:
    """A search-time transform; ``^`` and ``$`` match at line ends, ``.`` does not.

    Raises KnowledgeError for a stanza that has neither REGEX nor DELIMS, or a pattern that does not compile; gives a
    :class:`Refused` for one that is not carried out."""
    sources = source_keys(settings.get("SOURCE_KEY", "_raw"))
    mv_add = boolean(settings.get("MV_ADD"), False)
    clean = boolean(settings.get("CLEAN_KEYS"), True)
    if "DELIMS" in settings:
        marks = [_unescape(part) for part in _quoted_list(settings["DELIMS"]) or [settings["DELIMS"].strip()]]
        fields = tuple(clean_key(name) if clean else name for name in _quoted_list(settings.get("FIELDS", "")))
        if not marks or not marks[0]:
            raise KnowledgeError("no delimiter in DELIMS")
        return Delimited(sources, marks[0], marks[1] if len(marks) > 1 else "", fields, mv_add, clean)
    if "REGEX" not in settings:
        raise KnowledgeError("neither REGEX nor DELIMS")
    try:
        # As ``Privileges:`` within the message of a recorded event shows, where the pattern begins with ``^``.
        found_by = sought(f"(?m){settings['REGEX']}")
    except UnsupportedSPL as refusal:
        groups = _written_groups(settings["REGEX"])
        written = _named_pairs(groups) if groups else _format_pairs(settings.get("FORMAT", ""), _ANY_GROUP)
        return Refused(_names_of((part for part, _ in written), clean=clean), refusal, mv_add)
    pattern = found_by.pattern
    # Beside named groups FORMAT is not used (N10.36).
    pairs = _named_pairs(pattern.names) if pattern.names else _format_pairs(settings.get("FORMAT", ""), pattern.groups)
    keep_empty = boolean(settings.get("KEEP_EMPTY_VALS"), False)
    return Report(found_by, sources, tuple(pairs), mv_add, clean, keep_empty)


def source_keys(setting: str) -> tuple[str, ...]:
    """The fields that ``SOURCE_KEY`` names: a key, ``field:name``, or ``fields:a,b``."""
    setting = setting.strip()
    if setting.startswith("fields:"):
        return tuple(name.strip() for name in setting.removeprefix("fields:").split(",") if name.strip())
    return (_METADATA.get(setting, setting.removeprefix("field:")),)


def _quoted_list(text: str) -> list[str]:
    """``"a", "b c", d``, or ``a b c`` as in the vendor's add-on for IIS."""
    parts = split_quoted(text, ",")
    if len(parts) == 1:
        parts = split_quoted(text.strip(), " ")
    return [part.strip().removeprefix('"').removesuffix('"') for part in parts if part.strip()]


def _unescape(text: str) -> str:
    return re.sub(r"\\(.)", lambda found: {"t": "\t", "n": "\n", "r": "\r"}.get(found[1], found[1]), text)
