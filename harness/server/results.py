"""Rows as Splunk writes them: JSON in three shapes, csv, XML and raw text.

A column is written value by value: each distinct value becomes text once, and rows are put together from these pieces
by code. Numbers are text everywhere; ``_time`` is ISO-8601 with milliseconds (M2.31).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo
from fnmatch import fnmatchcase
from typing import Any, Final, TypeVar
from xml.sax.saxutils import escape, quoteattr

import msgspec
import numpy as np

from harness.server.answers import CSV, JSON, NO_STORE, TEXT, XML, Answer, Message
from harness.server.atom import xml_text
from harness.values.column import NULL, Column, Value
from harness.values.frame import Frame
from harness.values.values import members, to_number, to_text

_BARE: Final = re.compile(r"[A-Za-z0-9]+")
_ROWS_PER_CHUNK: Final = 2000

Texts = str | list[str]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page:
    """A part of the rows of a search. ``names`` are its columns in order."""

    frame: Frame
    names: Sequence[str]
    offset: int = 0
    preview: bool = False
    messages: Sequence[Message] = ()
    attributes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """What ``fields`` says about a column beside its name (M2.35)."""
    post_processed: bool = False
    total: int = 0
    timezone: tzinfo = UTC

    @property
    def rows(self) -> int:
        return self.frame.length


def cut(page: Page, offset: int, count: int, limit: int) -> Page:
    """Rows ``offset`` to ``offset + count``; a count of 0 is all, up to ``limit`` (M3.25). An offset below 0 counts
    from the end."""
    total = page.frame.length
    start = max(0, total + offset) if offset < 0 else min(offset, total)
    size = limit if count <= 0 else min(count, limit)
    stop = min(start + size, total)
    whole = start == 0 and stop == total
    frame = page.frame if whole else page.frame.take(np.arange(start, stop))
    return replace(page, frame=frame, offset=offset if offset >= 0 else start, total=total)


def choose(page: Page, patterns: Sequence[str]) -> Page:
    """Only the columns that ``f`` asks for, in the order of the request (N2.32). Wildcards are allowed."""
    if not patterns:
        return page
    names = dict.fromkeys(
        name for pattern in patterns for name in page.names if name == pattern or fnmatchcase(name, pattern)
    )
    return replace(page, names=list(names))


def render(page: Page, mode: str, *, blank_line: bool = True) -> Answer:
    """The rows in an output mode. ``blank_line`` after the XML declaration: results have it, exports not (M2.25)."""
    if mode == "csv":
        return _csv(page)
    if mode == "raw":
        return _raw(page)
    if mode == "xml":
        return _xml(page, blank_line=blank_line)
    writer: Callable[[Page], Iterator[bytes]] = {"json": _json, "json_rows": _json_rows, "json_cols": _json_cols}[mode]
    return Answer(_joined(writer(page)), 200, JSON, NO_STORE)


def _joined(pieces: Iterator[bytes]) -> list[bytes]:
    """Pieces as few large chunks."""
    chunks: list[bytes] = []
    waiting: list[bytes] = []
    for piece in pieces:
        waiting.append(piece)
        if len(waiting) >= _ROWS_PER_CHUNK:
            chunks.append(b"".join(waiting))
            waiting.clear()
    if waiting:
        chunks.append(b"".join(waiting))
    return chunks


# --- values as text ---------------------------------------------------------------------------------------------------


def texts_of(name: str, value: Value, timezone: tzinfo) -> Texts:
    """A value as results show it: text, or a list of texts for a multivalue."""
    if name == "_time":
        found = [_time_text(to_text(member), timezone) for member in members(value)]
    else:
        found = [to_text(member) for member in members(value)]
    return found if len(found) > 1 else found[0]


def _time_text(text: str, timezone: tzinfo) -> str:
    moment = _moment(text, timezone)
    return text if moment is None else moment.isoformat(timespec="milliseconds")


def _moment(text: str, timezone: tzinfo) -> datetime | None:
    number = to_number(text)
    if number is None:
        return None
    try:
        return datetime.fromtimestamp(round(float(number), 3), timezone)
    except (OverflowError, OSError, ValueError):
        return None


def _one_text(texts: Texts) -> str:
    return texts if isinstance(texts, str) else "\n".join(texts)


def table_of(
    column: Column, name: str, timezone: tzinfo, write: Callable[[Texts], T], missing: T | None
) -> list[T | None]:
    """A piece of output by code, for the values in use; the last one, reached by code -1, is for a row without the
    field."""
    table: list[T | None] = [None] * len(column.values)
    for code in np.unique(column.codes).tolist():
        if code != NULL:
            table[code] = write(texts_of(name, column.values[code], timezone))
    return [*table, missing]


def _rows(page: Page, write: Callable[[str], Callable[[Texts], bytes]], missing: bytes | None) -> Iterator[list[bytes]]:
    """The pieces of every row, absent fields left out (or ``missing`` in their place)."""
    tables: list[Iterator[bytes | None]] = []
    for name in page.names:
        column = page.frame.column(name)
        table = table_of(column, name, page.timezone, write(name), missing)
        tables.append(map(table.__getitem__, column.codes.tolist()))
    if not tables:
        yield from ([] for _ in range(page.rows))
        return
    for row in zip(*tables, strict=True):
        yield [piece for piece in row if piece is not None]


def _encoded(_: str) -> Callable[[Texts], bytes]:
    return msgspec.json.encode


# --- JSON -------------------------------------------------------------------------------------------------------------


def _head(page: Page, **more: Any) -> bytes:
    head: dict[str, Any] = {
        "preview": page.preview,
        "init_offset": page.offset,
        "messages": [message.as_json() for message in page.messages],
        **more,
    }
    return msgspec.json.encode(head)[:-1]


def _json(page: Page) -> Iterator[bytes]:
    """The envelope of M2.28 and, without rows, of M2.29; all on one line."""
    count = _post_process_count(page, page.post_processed or not page.rows)
    if not page.rows:
        yield _head(page, **count) + b',"results":[]}'
        return
    fields = [{"name": name, **page.attributes.get(name, {})} for name in page.names]
    yield _head(page, **count, fields=fields) + b',"results":['
    for position, row in enumerate(_objects(page)):
        yield (b"," if position else b"") + row
    yield b'],"highlighted":{}}'


def _post_process_count(page: Page, shown: bool) -> dict[str, int]:
    return {"post_process_count": page.total} if shown else {}


def _objects(page: Page) -> Iterator[bytes]:
    def member(name: str) -> Callable[[Texts], bytes]:
        key = msgspec.json.encode(name) + b":"
        return lambda texts: key + msgspec.json.encode(texts)

    for row in _rows(page, member, None):
        yield b"{" + b",".join(row) + b"}"


def _json_rows(page: Page) -> Iterator[bytes]:
    names = list(page.names) if page.rows else []
    yield _head(page, **_post_process_count(page, page.post_processed), fields=names) + b',"rows":['
    for position, row in enumerate(_rows(page, _encoded, b"null")):
        yield (b"," if position else b"") + b"[" + b",".join(row) + b"]"
    yield b"]}"


def _json_cols(page: Page) -> Iterator[bytes]:
    names = list(page.names) if page.rows else []
    yield _head(page, **_post_process_count(page, page.post_processed), fields=names) + b',"columns":['
    for position, name in enumerate(names):
        column = page.frame.column(name)
        table = table_of(column, name, page.timezone, msgspec.json.encode, b"null")
        cells = [table[code] or b"null" for code in column.codes.tolist()]
        yield (b"," if position else b"") + b"[" + b",".join(cells) + b"]"
    yield b"]}"


def as_exported(page: Page) -> Page:
    """With ``_time`` as exports write it, not in ISO-8601 but with the zone by its name (N3.30)."""
    if "_time" not in page.frame.columns:
        return page

    def written(value: Value) -> Value:
        moment = _moment(to_text(members(value)[0]), page.timezone)
        if moment is None:
            return value
        zone = "GMT" if page.timezone is UTC else moment.tzname()
        return f"{moment:%Y-%m-%d %H:%M:%S}.{moment.microsecond // 1000:03d} {zone}"

    times = page.frame.columns["_time"].map(written)
    return replace(page, frame=page.frame.with_columns({"_time": times}))


def export_lines(page: Page) -> Answer:
    """One JSON object a line, the last one marked (M3.37)."""
    flag = b"true" if page.preview else b"false"
    if not page.rows:
        return Answer([b'{"preview":' + flag + b',"lastrow":true}\n'], 200, JSON, NO_STORE)

    def lines() -> Iterator[bytes]:
        last = page.rows - 1
        for position, row in enumerate(_objects(page)):
            mark = b'"lastrow":true,' if position == last else b""
            yield b'{"preview":%b,"offset":%d,%b"result":%b}\n' % (flag, position + page.offset, mark, row)

    return Answer(_joined(lines()), 200, JSON, NO_STORE)


# --- csv and raw ------------------------------------------------------------------------------------------------------


def csv_cell(text: str) -> str:
    """Only a token of letters and digits stays bare (M2.15)."""
    return text if _BARE.fullmatch(text) else '"' + text.replace('"', '""') + '"'


def _csv(page: Page) -> Answer:
    """A multivalue is one cell, its values on lines of their own; a missing field is nothing (M2.16, M2.17)."""
    if not page.rows:
        return Answer([], 200, TEXT, NO_STORE)  # M2.21

    def write(_: str) -> Callable[[Texts], bytes]:
        return lambda texts: csv_cell(_one_text(texts)).encode()

    def lines() -> Iterator[bytes]:
        yield ",".join(map(csv_cell, page.names)).encode() + b"\n"
        for row in _rows(page, write, b""):
            yield b",".join(row) + b"\n"

    return Answer(_joined(lines()), 200, CSV, NO_STORE)


def _raw(page: Page) -> Answer:
    column = page.frame.column("_raw")
    table = table_of(column, "_raw", page.timezone, lambda texts: _one_text(texts).encode(), None)
    found = (table[code] for code in column.codes.tolist())
    return Answer(_joined(raw + b"\n" for raw in found if raw is not None), 200, TEXT, NO_STORE)


# --- XML --------------------------------------------------------------------------------------------------------------


def _attribute(text: str) -> str:
    """An attribute in single quotes, as the results document has them."""
    return "'" + quoteattr(text.translate({0: None}))[1:-1].replace("'", "&apos;").replace("&quot;", '"') + "'"


def _xml(page: Page, *, blank_line: bool) -> Answer:
    """The document of M2.22-M2.25 and N2.18-N2.21."""
    preview = "1" if page.preview else "0"
    head = "<?xml version='1.0' encoding='UTF-8'?>\n" + ("\n" if blank_line else "")
    if not page.rows and not page.names and not page.messages:
        return Answer([f"{head}<results preview='{preview}'/>\n".encode()], 200, XML, NO_STORE)
    opening = [f"{head}<results preview='{preview}'>", "<meta>", "<fieldOrder>"]
    opening += [f"<field{_field_attributes(page, name)}>{xml_text(name)}</field>" for name in page.names]
    opening += ["</fieldOrder>", "</meta>"]
    if page.messages:
        said = [f"  <msg type={quoteattr(message.type)}>{xml_text(message.text)}</msg>" for message in page.messages]
        opening += ["<messages>", *said, "</messages>", ""]

    def pieces() -> Iterator[bytes]:
        yield ("\n".join(opening) + "\n").encode()
        for position, row in enumerate(_rows(page, _xml_field, None)):
            yield f"\t<result offset='{position + page.offset}'>\n".encode()
            yield b"".join(row)
            yield b"\t</result>\n"
        yield b"</results>\n"

    return Answer(_joined(pieces()), 200, XML, NO_STORE)


def _field_attributes(page: Page, name: str) -> str:
    return "".join(f' {key}="{escape(value)}"' for key, value in page.attributes.get(name, {}).items())


def _xml_field(name: str) -> Callable[[Texts], bytes]:
    opening = f"\t\t<field k={_attribute(name)}>\n"

    def write(texts: Texts) -> bytes:
        if name == "_raw":
            quoted = xml_text(_one_text(texts)).replace('"', "&quot;")
            return f"\t\t<field k='_raw'><v xml:space='preserve' trunc='0'>{quoted}</v></field>\n".encode()
        values = [texts] if isinstance(texts, str) else texts
        inside = "".join(f"\t\t\t<value><text>{xml_text(text)}</text></value>\n" for text in values)
        return f"{opening}{inside}\t\t</field>\n".encode()

    return write
