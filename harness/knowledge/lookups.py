"""Lookup tables and their matching (transforms.conf specification, "Lookup tables"; Knowledge Manager Manual).

A table is read once and indexed by what it is asked for; each distinct combination of inputs is answered once.
"""

from __future__ import annotations

import csv
import ipaddress
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from harness.errors import FilePlace, KnowledgeError, UnsupportedSPL
from harness.knowledge.apps import text_stream
from harness.knowledge.conf import boolean
from harness.values.values import has_wildcard, wildcard_matcher

TableRow = dict[str, str]
Test = Callable[[str], bool]

csv.field_size_limit(min(sys.maxsize, 2**31 - 1))


@dataclass(slots=True)
class Table:
    """The rows of a lookup: a CSV file, or a KV store collection. A cell that is empty is an empty text."""

    fields: list[str]
    rows: list[TableRow]

    @classmethod
    def from_csv(cls, data: bytes, path: Path) -> Table:
        """Read a CSV file; its first line names the fields."""
        try:
            reader = csv.reader(text_stream(data))
            header = next(reader, None)
            if header is None:
                return cls([], [])
            fields = [name.strip() for name in header]
            rows = [dict(zip(fields, cells, strict=False)) for cells in reader if cells]
        except csv.Error as problem:
            raise KnowledgeError(f"not a CSV file: {problem}", where=FilePlace(path)) from problem
        return cls(fields, rows)


@dataclass(slots=True)
class Lookup:
    """A lookup definition over its table.

    ``match_types`` gives WILDCARD or CIDR for the fields that do not match exactly. ``maximum`` rows are given for
    one input; where fewer than ``minimum`` match, ``default`` fills the missing ones.
    """

    name: str
    table: Table
    match_types: Mapping[str, str] = field(default_factory=dict)
    case_sensitive: bool = True
    minimum: int = 0
    maximum: int = 1000
    default: str = ""
    kind: str = "file"
    filename: str = ""
    _indexes: dict[tuple[str, ...], _Index] = field(default_factory=dict, repr=False)

    def match(self, inputs: Mapping[str, str]) -> list[TableRow]:
        """The table's rows that match all inputs (lookup field -> value), in the table's order."""
        names = tuple(inputs)
        index = self._indexes.get(names)
        if index is None:
            index = self._indexes[names] = _Index(self, names)
        rows = index.find(tuple(inputs.values()))[: self.maximum]
        if len(rows) < self.minimum and self.default:
            missing = self.minimum - len(rows)
            filler = {name: self.default for name in self.table.fields if name not in inputs}
            rows = [*rows, *[filler] * missing]
        return rows

    def replace(self, fields: Sequence[str], rows: list[TableRow]) -> None:
        """Write the table anew (``outputlookup``)."""
        self.table = Table(list(fields), rows)
        self._indexes.clear()


class _Index:
    """Rows by their exact fields; the fields that match by pattern are tested within."""

    def __init__(self, lookup: Lookup, names: tuple[str, ...]) -> None:
        self._fold: Callable[[str], str] = _same if lookup.case_sensitive else str.lower
        self._exact = [i for i, name in enumerate(names) if name not in lookup.match_types]
        self._patterns = [i for i, name in enumerate(names) if name in lookup.match_types]
        self._groups: dict[tuple[str, ...], list[tuple[list[Test], TableRow]]] = {}
        for row in lookup.table.rows:
            if any(name not in row for name in names):
                continue
            key = tuple(self._fold(row[names[i]]) for i in self._exact)
            tests = [_test(lookup.match_types[names[i]], row[names[i]], lookup.case_sensitive) for i in self._patterns]
            self._groups.setdefault(key, []).append((tests, row))

    def find(self, values: tuple[str, ...]) -> list[TableRow]:
        group = self._groups.get(tuple(self._fold(values[i]) for i in self._exact), ())
        asked = [values[i] for i in self._patterns]
        return [row for tests, row in group if all(test(value) for test, value in zip(tests, asked, strict=True))]


def _same(text: str) -> str:
    return text


def _test(kind: str, cell: str, case_sensitive: bool) -> Test:
    if kind == "CIDR":
        try:
            network = ipaddress.ip_network(cell.strip(), strict=False)
        except ValueError:
            return lambda _: False
        return lambda value: _inside(value, network)
    if has_wildcard(cell):
        return wildcard_matcher(cell, case_sensitive=case_sensitive)
    if case_sensitive:
        return lambda value: value == cell
    folded = cell.lower()
    return lambda value: value.lower() == folded


def _inside(value: str, network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> bool:
    try:
        return ipaddress.ip_address(value.strip()) in network
    except ValueError:
        return False


def define(name: str, settings: Mapping[str, str], files: Mapping[str, bytes], path: Path) -> Lookup | None:
    """The lookup that a transforms stanza defines; None if the stanza defines none."""
    filename = settings.get("filename")
    if filename is None:
        if "collection" in settings or "external_cmd" in settings or "external_type" in settings:
            kind = "kvstore" if settings.get("external_type", "kvstore") == "kvstore" else "external"
            fields = [each.strip() for each in settings.get("fields_list", "").split(",") if each.strip()]
            return _shape(Lookup(name, Table(fields, []), kind=kind), settings)
        return None
    data = files.get(filename)
    if data is None:
        raise KnowledgeError(
            f"lookup {name} names the file {filename}, which no app has",
            where=FilePlace(path),
            hint="Put the file into the app's lookups folder.",
        )
    lookup = Lookup(name, Table.from_csv(data, path / "lookups" / filename), filename=filename)
    return _shape(lookup, settings)


def _shape(lookup: Lookup, settings: Mapping[str, str]) -> Lookup:
    lookup.match_types = match_types(settings.get("match_type", ""))
    lookup.case_sensitive = boolean(settings.get("case_sensitive_match"), True)
    lookup.default = settings.get("default_match", "")
    lookup.maximum = _number(settings.get("max_matches"), 1000)
    lookup.minimum = _number(settings.get("min_matches"), 1 if lookup.default else 0)
    if "time_field" in settings:
        lookup.kind = "temporal"
    return lookup


def usable(lookup: Lookup) -> Lookup:
    """The lookup, unless it is of a kind that is not carried out."""
    if lookup.kind in ("external", "temporal"):
        raise UnsupportedSPL(f"The lookup '{lookup.name}' is {lookup.kind}; such lookups are not supported.")
    return lookup


def match_types(text: str) -> dict[str, str]:
    """``WILDCARD(a), CIDR(b)`` by field; EXACT is the default and left out."""
    found: dict[str, str] = {}
    for part in text.replace("\n", " ").split(")"):
        kind, opened, names = part.strip(" ,").partition("(")
        if opened and kind.strip().upper() in ("WILDCARD", "CIDR"):
            for name in names.replace(",", " ").split():
                found[name] = kind.strip().upper()
    return found


def _number(text: str | None, default: int) -> int:
    try:
        return int(text) if text is not None else default
    except ValueError:
        return default
