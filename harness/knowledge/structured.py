"""``INDEXED_EXTRACTIONS``: files with a structure of their own (props.conf specification, "Structured Data Header
Extraction"). A line is an event; its columns or members are indexed fields."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator

from harness.errors import KnowledgeError
from harness.knowledge.automatic_kv import Fields, clean_key
from harness.knowledge.conf import Stanza, integer
from harness.knowledge.json_kv import from_json

_DELIMITERS = {"csv": ",", "tsv": "\t", "psv": "|", "w3c": " "}
_NAMED = {"space": " ", "tab": "\t", "pipe": "|", "fs": "\x1c", "whitespace": " "}


def kind(settings: Stanza) -> str | None:
    found = settings.get("INDEXED_EXTRACTIONS", "").strip().lower()
    return found if found and found != "none" else None


def rows(text: str, settings: Stanza) -> Iterator[tuple[str, Fields]]:
    """The events of a structured file: the line as it stands, and its fields (N10.23)."""
    name = kind(settings)
    if name == "json":
        for line in text.splitlines():
            if line.strip():
                yield line, from_json(line)
        return
    if name not in _DELIMITERS:
        raise KnowledgeError(f"INDEXED_EXTRACTIONS = {name} is not supported")
    yield from _table(text, settings, name)


def _table(text: str, settings: Stanza, name: str) -> Iterator[tuple[str, Fields]]:
    delimiter = _mark(settings.get("FIELD_DELIMITER"), _DELIMITERS[name])
    quote = _mark(settings.get("FIELD_QUOTE"), '"')
    preamble = re.compile(settings["PREAMBLE_REGEX"]) if "PREAMBLE_REGEX" in settings else None
    header_line = integer(settings.get("HEADER_FIELD_LINE_NUMBER"), 0)
    names = [part.strip() for part in settings.get("FIELD_NAMES", "").split(",") if part.strip()]
    for count, line in enumerate(_records(text, quote), 1):
        if not line.strip() or (preamble is not None and preamble.search(line)):
            continue
        if name == "w3c" and line.startswith("#"):
            if line.startswith("#Fields:"):
                names = [clean_key(each) for each in line[len("#Fields:") :].split()]
            continue
        cells = next(csv.reader([line], delimiter=delimiter, quotechar=quote))
        if not names or count <= header_line:
            if count >= header_line:
                names = [clean_key(cell.strip()) for cell in cells]
            continue
        yield line, {key: cell for key, cell in zip(names, cells, strict=False) if cell and key}


def _records(text: str, quote: str) -> Iterator[str]:
    """Lines; a quoted cell may hold line ends."""
    pending = ""
    for line in text.splitlines():
        pending = f"{pending}\n{line}" if pending else line
        if pending.count(quote) % 2 == 0:
            yield pending
            pending = ""
    if pending:
        yield pending


def _mark(text: str | None, default: str) -> str:
    if not text:
        return default
    mark = _NAMED.get(text.strip().lower(), text.strip('"') if len(text) > 1 else text)
    return mark.replace("\\t", "\t")[:1] or default
