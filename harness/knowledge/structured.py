"""``INDEXED_EXTRACTIONS``: files with a structure of their own (props.conf specification, "Structured Data Header
Extraction and configuration"). A record is an event; its columns or members are indexed fields."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from harness.errors import KnowledgeError
from harness.knowledge.automatic_kv import Fields
from harness.knowledge.conf import Stanza, boolean, integer, names
from harness.knowledge.json_kv import from_json
from harness.knowledge.line_breaking import Warn, pattern_of
from harness.values.pcre import Pattern

_DELIMITERS: Final = {"csv": ",", "tsv": "\t", "psv": "|", "w3c": " "}
_MARKS: Final = {
    "space": " ", "tab": "\t", "\\t": "\t", "pipe": "|", "fs": "\x1c", "gs": "\x1d", "rs": "\x1e", "us": "\x1f",
}  # fmt: skip
_WHITESPACE: Final = frozenset(("whitespace", "ws"))
_LINE_END: Final = re.compile(r"\r\n|\n|\r")

MAX_RECORD_LINES: Final = 256
"""Lines that one quoted cell may span; a quote that is never closed must not take the rest of the file."""

Record = tuple[str, Fields]

_DEFAULT_FIELDS: Final = frozenset(("eventtype", "host", "index", "linecount", "source", "sourcetype", "splunk_server"))
"""Names that every event has of its own."""


def apart(fields: Fields) -> Fields:
    """A column or member with the name of one of an event's own is an indexed field ``extracted_<name>``, as recorded
    of PingID and of MCP messages."""
    if _DEFAULT_FIELDS.isdisjoint(fields):
        return fields
    return {f"extracted_{name}" if name in _DEFAULT_FIELDS else name: value for name, value in fields.items()}


def kind(settings: Stanza) -> str:
    """``csv``, ``json`` ...; empty for data without a structure."""
    found = settings.get("INDEXED_EXTRACTIONS", "").strip().lower()
    return "" if found == "none" else found


def is_supported(settings: Stanza) -> bool:
    return kind(settings) == "json" or kind(settings) in _DELIMITERS


def records(text: str, settings: Stanza, warn: Warn) -> Iterator[Record]:
    """The events of a structured text: each record as it stands, and its fields (N10.23)."""
    if kind(settings) == "json":
        braces = not boolean(settings.get("JSON_TRIM_BRACES_IN_ARRAY_NAMES"), False)
        for document in _documents(text):
            yield document, apart(from_json(document, braces=braces))
    else:
        for record, fields in _TableReader.of(settings, warn).records(text):
            yield record, apart(fields)


def _documents(text: str) -> Iterator[str]:
    """JSON line by line; an object or array that a line leaves open goes on until it is closed."""
    pending: list[str] = []
    depth, in_text = 0, False
    for line in _LINE_END.split(text):
        if not pending and not line.strip():
            continue
        pending.append(line)
        depth, in_text = _depth(line, depth, in_text)
        if depth <= 0 or not pending[0].lstrip().startswith(("{", "[")):
            yield "\n".join(pending)
            pending, depth, in_text = [], 0, False
    # What was never closed is taken line by line.
    yield from (line for line in pending if line.strip())


_JSON_MARK: Final = re.compile(r'\\.|["{}\[\]]', re.DOTALL)


def _depth(line: str, depth: int, in_text: bool) -> tuple[int, bool]:
    for found in _JSON_MARK.finditer(line):
        mark = found[0]
        if mark == '"':
            in_text = not in_text
        elif not in_text and mark in "{[":
            depth += 1
        elif not in_text and mark in "}]":
            depth -= 1
    return depth, in_text


# --- tables -----------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _TableReader:
    """``delimiter`` empty: any run of blanks and tabs. ``quote`` empty: nothing is quoted."""

    name: str
    delimiter: str
    quote: str
    header_delimiter: str
    header_quote: str
    preamble: Pattern | None
    header_prefix: Pattern | None
    header_line: int
    missing: Pattern | None
    unclean: re.Pattern[str]
    columns: list[str]
    warn: Warn = field(repr=False)

    @classmethod
    def of(cls, settings: Stanza, warn: Warn) -> _TableReader:
        name = kind(settings)
        delimiter = _delimiter(settings.get("FIELD_DELIMITER"), _DELIMITERS[name])
        quote = _quote(settings.get("FIELD_QUOTE"), '"')
        kept = re.escape(settings.get("HEADER_FIELD_ACCEPTABLE_SPECIAL_CHARACTERS", ""))
        return cls(
            name,
            delimiter,
            quote,
            _delimiter(settings.get("HEADER_FIELD_DELIMITER"), delimiter),
            _quote(settings.get("HEADER_FIELD_QUOTE"), quote),
            pattern_of(settings, "PREAMBLE_REGEX", warn),
            pattern_of(settings, "FIELD_HEADER_REGEX", warn),
            integer(settings.get("HEADER_FIELD_LINE_NUMBER"), 0),
            pattern_of(settings, "MISSING_VALUE_REGEX", warn),
            re.compile(rf"[^A-Za-z0-9 {kept}]"),
            names(settings.get("FIELD_NAMES")),
            warn,
        )

    def records(self, text: str) -> Iterator[Record]:
        for number, record in _numbered_records(text, self.quote, self.warn):
            if not record.strip() or number < self.header_line:
                continue
            if self.header_prefix is not None and (found := self.header_prefix.search(record)) is not None:
                # The header may look like a line of the preamble: #fields among the comments of Zeek
                self._read_header(found[1] if self.header_prefix.groups else record[found.end() :])
                continue
            if self.preamble is not None and self.preamble.search(record) is not None:
                continue
            if self.name == "w3c" and record.startswith("#"):
                if record.startswith("#Fields:"):
                    self._read_header(record[len("#Fields:") :].strip())
                continue
            if (not self.columns and self.header_prefix is None) or number == self.header_line:
                self._read_header(record)
                continue
            yield record, self._fields(record)

    def _read_header(self, text: str) -> None:
        cells = _cells(text, self.header_delimiter, self.header_quote)
        self.columns = [self.unclean.sub("_", cell.strip()) for cell in cells]
        if self.name == "w3c":  # cs(User-Agent) is cs_User_Agent: so the vendor's add-on for IIS asks for it
            self.columns = [name.rstrip("_") for name in self.columns]

    def _fields(self, record: str) -> Fields:
        fields: Fields = {}
        for name, cell in zip(self.columns, _cells(record, self.delimiter, self.quote), strict=False):
            absent = self.missing is not None and self.missing.search(cell) is not None
            if name and cell and not absent and not (self.name == "w3c" and cell == "-"):
                fields[name] = cell
        return fields


def _cells(record: str, delimiter: str, quote: str) -> list[str]:
    if not delimiter:
        return record.split()
    if not quote:
        return record.split(delimiter)
    return next(csv.reader([record], delimiter=delimiter, quotechar=quote), [])


def _numbered_records(text: str, quote: str, warn: Warn) -> Iterator[tuple[int, str]]:
    """Records with the number of their first line; a quoted cell may hold line ends."""
    lines = _LINE_END.split(text)
    position = 0
    while position < len(lines):
        end = position + 1
        if quote:
            quotes = lines[position].count(quote)
            while quotes % 2 and end < len(lines) and end - position < MAX_RECORD_LINES:
                quotes += lines[end].count(quote)
                end += 1
            if quotes % 2:
                warn(KnowledgeError(f"line {position + 1}: a quote is not closed; the line is taken by itself"))
                end = position + 1
        yield position + 1, "\n".join(lines[position:end])
        position = end


def _delimiter(text: str | None, default: str) -> str:
    if not text:
        return default
    return "" if text.strip().lower() in _WHITESPACE else _mark(text, default)


def _quote(text: str | None, default: str) -> str:
    if not text:
        return default
    return "" if text.strip().lower() == "none" else _mark(text, default)


def _mark(text: str, default: str) -> str:
    named = _MARKS.get(text.strip().lower())
    if named is not None:
        return named
    if (code := re.fullmatch(r"\\x([0-9A-Fa-f]{2})", text.strip())) is not None:
        return chr(int(code[1], 16))
    return (text.strip('"') if len(text) > 1 else text)[:1] or default
