"""Lookup tables and their matching (transforms.conf specification, "Lookup tables"; Knowledge Manager Manual).

A definition (:class:`Lookup`) says how to match; the rows are in a :class:`Table` that several definitions may share
and that searches may write. A table is indexed by what it is asked for, until it is written again.
"""

from __future__ import annotations

import csv
import gzip
import io
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from harness.errors import FilePlace, KnowledgeError, SPLError, UnsupportedSPL
from harness.expressions import search_mask
from harness.knowledge.apps import MAX_APP_BYTES, text_stream
from harness.knowledge.conf import boolean, integer
from harness.knowledge.external_lookups import SCRIPTS, script_of
from harness.knowledge.lookup_index import Index, TableRow
from harness.spl.nodes import SearchNode
from harness.spl.search_expression import parse_search_expression
from harness.values.column import Value
from harness.values.frame import Frame
from harness.values.timeformat import parse_time
from harness.values.values import texts, to_number

MAX_MATCHES: Final = 100
"""``max_matches`` where the definition does not say; 1 for a lookup by time."""
_FOREVER: Final = 2_000_000_000

csv.field_size_limit(min(sys.maxsize, 2**31 - 1))


class Rows(Protocol):
    """Where the rows of a lookup are: a CSV file's table, or a KV store collection."""

    @property
    def fields(self) -> Sequence[str]: ...

    @property
    def version(self) -> int:
        """Grows with every write, so that readers know when what they worked out is old."""

    def rows(self) -> Sequence[TableRow]: ...

    def replace_rows(self, fields: Sequence[str], rows: Sequence[TableRow]) -> None: ...


class Table:
    """Rows in memory, given as such or read when first asked for. A cell that is empty in a CSV file is an empty text,
    a missing one is absent."""

    __slots__ = ("_rows", "_version", "fields")

    def __init__(self, fields: Sequence[str], rows: Sequence[TableRow] | Callable[[], Sequence[TableRow]]) -> None:
        self.fields = list(fields)
        self._rows: Sequence[TableRow] | Callable[[], Sequence[TableRow]] = rows if callable(rows) else list(rows)
        self._version = 0

    @property
    def version(self) -> int:
        return self._version

    def rows(self) -> Sequence[TableRow]:
        rows = self._rows
        if callable(rows):
            rows = self._rows = rows()
        return rows

    def replace_rows(self, fields: Sequence[str], rows: Sequence[TableRow]) -> None:
        """Write the table anew (``outputlookup``)."""
        self.fields = list(fields)
        self._rows = list(rows)
        self._version += 1

    def append_rows(self, rows: Sequence[TableRow]) -> None:
        """Add rows; their fields that the table lacks become its last ones (``outputlookup append=true``)."""
        fields = dict.fromkeys([*self.fields, *(name for row in rows for name in row)])
        self.replace_rows(list(fields), [*self.rows(), *rows])

    @classmethod
    def from_csv(cls, data: bytes, path: Path, *, later: bool = False) -> Table:
        """A CSV file (or a gzipped one); its first line names the fields. Raises KnowledgeError; with ``later``, what
        is wrong below the first line is raised when the rows are asked for."""
        with _told(path):
            text = _unzipped(data, path) if path.suffix == ".gz" else data
            header = next(csv.reader(text_stream(text)), [])
        fields = [name.strip() for name in header]

        def read() -> list[TableRow]:
            with _told(path):
                reader = csv.reader(text_stream(text))
                next(reader, None)
                return [dict(zip(fields, cells, strict=False)) for cells in reader if cells]

        return cls(fields, read if later else read())


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except (csv.Error, OSError, EOFError) as problem:
        raise KnowledgeError(f"not a CSV file: {problem}", where=FilePlace(path)) from problem


def _unzipped(data: bytes, path: Path) -> bytes:
    with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
        text = stream.read(MAX_APP_BYTES + 1)
    if len(text) > MAX_APP_BYTES:
        raise KnowledgeError(f"unpacks to more than {MAX_APP_BYTES} bytes", where=FilePlace(path))
    return text


@dataclass(frozen=True, slots=True)
class Temporal:
    """A lookup by time: an entry holds for events from ``earliest`` to ``latest`` seconds after its own time."""

    field: str
    form: str
    earliest: int
    latest: int


@dataclass(slots=True)
class Lookup:
    """A lookup definition over its rows.

    ``match_types`` gives WILDCARD or CIDR for the fields that do not match exactly. ``maximum`` rows are given for
    one input; where fewer than ``minimum`` match, ``default`` fills the missing ones. ``filter`` hides rows.
    """

    name: str
    table: Rows
    match_types: Mapping[str, str] = field(default_factory=dict)
    case_sensitive: bool = True
    minimum: int = 0
    maximum: int = MAX_MATCHES
    default: str = ""
    filter: SearchNode | None = None
    temporal: Temporal | None = None
    filename: str = ""
    collection: str = ""
    script: str = ""
    """For a lookup whose answers a script works out: one of :data:`SCRIPTS`."""
    unsupported: str = ""
    """What of the definition is not carried out, if anything."""
    _indexes: dict[tuple[str, ...], Index] = field(default_factory=dict, repr=False)
    _version: int = field(default=-1, repr=False)

    @property
    def fields(self) -> Sequence[str]:
        return self.table.fields

    def rows(self) -> Sequence[TableRow]:
        """The rows that the definition's filter lets through, in the table's order. Raises UnsupportedSPL for a lookup
        that has none because a script answers."""
        if self.script:
            raise UnsupportedSPL(f"The lookup '{self.name}' has no rows: its answers are worked out by {self.script}.")
        rows = self.table.rows()
        if self.filter is None:
            return rows
        mask = search_mask(self.filter, Frame.from_rows(rows, columns=list(self.table.fields)))
        return [row for row, keep in zip(rows, mask.tolist(), strict=True) if keep]

    def match(self, inputs: Mapping[str, str]) -> list[TableRow]:
        """The rows that match all inputs (lookup field -> value), in the table's order. Raises UnsupportedSPL for a
        lookup by time."""
        if self.temporal is not None:
            raise UnsupportedSPL(f"The lookup '{self.name}' goes by the time of events, which is not supported here.")
        if self.script:
            return [self._worked_out(inputs)]
        return self._bounded(self._index(tuple(inputs)).find(tuple(inputs.values())), inputs)

    def _worked_out(self, inputs: Mapping[str, str]) -> TableRow:
        asked, answered, answer = SCRIPTS[self.script]
        if inputs.keys() != {asked}:
            raise UnsupportedSPL(
                f"The lookup '{self.name}' asked by {', '.join(inputs)} instead of {asked} is not supported."
            )
        return {answered: answer(inputs[asked])}

    def match_at(self, inputs: Mapping[str, str], time: float) -> list[TableRow]:
        """The rows of a lookup by time that match all inputs and hold at ``time``, the nearest first."""
        assert self.temporal is not None  # asked for what it is not
        rows = self._index(tuple(inputs)).find(tuple(inputs.values()))
        return self._bounded(_in_time(rows, self.temporal, time), inputs)

    def _bounded(self, rows: list[TableRow], inputs: Mapping[str, str]) -> list[TableRow]:
        rows = rows[: self.maximum]
        if len(rows) < self.minimum:
            filler = {name: self.default for name in self.table.fields if name not in inputs}
            rows = [*rows, *[filler] * (self.minimum - len(rows))]
        return rows

    def _index(self, keys: tuple[str, ...]) -> Index:
        version = self.table.version
        if version != self._version:
            self._indexes, self._version = {}, version
        index = self._indexes.get(keys)
        if index is None:
            index = self._indexes[keys] = Index(self.rows(), keys, self.match_types, case_sensitive=self.case_sensitive)
        return index


def _in_time(rows: list[TableRow], temporal: Temporal, time: float) -> list[TableRow]:
    """The entries that hold at an event's time, the nearest first."""
    found: list[tuple[float, TableRow]] = []
    for row in rows:
        start = _moment(row.get(temporal.field), temporal.form)
        if start is not None and temporal.earliest <= time - start <= temporal.latest:
            found.append((start, row))
    return [row for _, row in sorted(found, key=lambda pair: -pair[0])]


def _moment(value: Value, form: str) -> float | None:
    if not form:  # seconds since the epoch, with or without a fraction
        number = to_number(value)
        return None if number is None else float(number)
    cells = texts(value)
    found = parse_time(cells[0].strip(), form) if cells else None
    return None if found is None else float(int(found[0]))


# --- definitions ------------------------------------------------------------------------------------------------------


def is_lookup(settings: Mapping[str, str]) -> bool:
    """Whether a transforms stanza defines a lookup."""
    return not settings.keys().isdisjoint(("filename", "collection", "external_type", "external_cmd"))


def define(name: str, settings: Mapping[str, str], table: Rows) -> Lookup:
    """The lookup that a transforms stanza defines over ``table``. Raises KnowledgeError for a filter that is none."""
    time_field = settings.get("time_field", "").strip()
    script = script_of(settings.get("external_cmd", ""))
    script = script if script in SCRIPTS and "filename" not in settings else ""
    temporal = None
    if time_field:
        temporal = Temporal(
            time_field,
            "" if settings.get("time_format", "").strip() in ("", "%s.%Q", "%s") else settings["time_format"].strip(),
            integer(settings.get("min_offset_secs"), 0),
            integer(settings.get("max_offset_secs"), _FOREVER),
        )
    return Lookup(
        name,
        table,
        match_types(settings.get("match_type", "")),
        boolean(settings.get("case_sensitive_match"), True),
        integer(settings.get("min_matches"), 0),
        min(max(integer(settings.get("max_matches"), 1 if temporal else MAX_MATCHES), 1), 1000),
        settings.get("default_match", ""),
        _filter(name, settings.get("filter", "")),
        temporal,
        settings.get("filename", ""),
        "" if "filename" in settings or script else settings.get("collection", name),
        script,
        _not_carried_out(settings),
    )


def _not_carried_out(settings: Mapping[str, str]) -> str:
    if "filename" in settings:
        suffix = Path(settings["filename"]).suffix.lower()
        return f"of the file type {suffix}" if suffix in (".kmz", ".kml", ".mmdb") else ""
    kind = settings.get("external_type", "kvstore" if "collection" in settings else "python")
    known = kind == "kvstore" or script_of(settings.get("external_cmd", "")) in SCRIPTS
    return "" if known else f"external ({kind})"


def _filter(name: str, text: str) -> SearchNode | None:
    if not text.strip():
        return None
    try:
        return parse_search_expression(text)
    except SPLError as problem:
        raise KnowledgeError(f"the lookup {name} has a filter that is no search: {problem}") from None


def usable(lookup: Lookup) -> Lookup:
    """The lookup, unless it is of a kind that is not carried out."""
    if lookup.unsupported:
        raise UnsupportedSPL(f"The lookup '{lookup.name}' is {lookup.unsupported}; such lookups are not supported.")
    return lookup


def match_types(text: str) -> dict[str, str]:
    """``WILDCARD(a), CIDR(b)`` by field; EXACT is the default and left out."""
    found: dict[str, str] = {}
    for part in text.replace("\n", " ").split(")"):
        kind, opened, fields = part.strip(" ,").partition("(")
        if opened and kind.strip().upper() in ("WILDCARD", "CIDR"):
            found.update((name, kind.strip().upper()) for name in fields.replace(",", " ").split())
    return found


# --- the tables behind them -------------------------------------------------------------------------------------------


class Tables:
    """The rows of lookup files and of KV store collections, by name: read when first asked for, then kept, so that
    what one search writes the next one reads. What is written here stays unseen by ``under``."""

    def __init__(self, under: Tables | None = None) -> None:
        self._under = under
        self._files: dict[str, Rows] = {}
        self._collections: dict[str, Rows] = {}

    def file(self, name: str, read: Callable[[], Table | None]) -> Rows | None:
        """The table of a lookup file, ``read`` where it was neither read nor written yet; None where there is none."""
        found = self._files.get(name)
        if found is None:
            below: Rows | None = read() if self._under is None else self._under.file(name, read)
            if below is None:
                return None
            found = self._files[name] = below if self._under is None else Table(below.fields, below.rows)
        return found

    def collection(self, name: str, fields: Sequence[str] = ()) -> Rows:
        """The rows of a collection, an empty one if nobody bound or wrote it."""
        found = self._collections.get(name)
        if found is None:
            found = self._collections[name] = Table(fields, [])
        return found

    def bind_file(self, name: str, rows: Rows) -> None:
        """Make ``rows`` those of a lookup file: a new file, or instead of the one that apps have."""
        self._files[name] = rows

    def bind_collection(self, name: str, rows: Rows) -> None:
        """Make ``rows`` those of a collection."""
        self._collections[name] = rows

    def versions(self) -> dict[str, int]:
        """How often each lookup file that was read or bound here has been written."""
        return {name: rows.version for name, rows in self._files.copy().items()}

    def file_names(self) -> list[str]:
        """Lookup files that were read or bound here."""
        return sorted(self._files)
