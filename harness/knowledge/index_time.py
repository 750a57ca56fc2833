"""Data into indexed events: decoded, broken, timed, changed and stamped, in Splunk's order.

Nothing is lost in silence: every event is either indexed or counted as refused, and what could not be read as it should
be is a warning that names the place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from harness.errors import KnowledgeError
from harness.knowledge import structured
from harness.knowledge.automatic_kv import Fields
from harness.knowledge.conf import Stanza, boolean
from harness.knowledge.index_transforms import Event, read_changes
from harness.knowledge.line_breaking import LineRules, break_events, truncate
from harness.knowledge.timestamps import Found, Timestamps
from harness.values.column import Value
from harness.values.frame import Frame, RowBuilder

if TYPE_CHECKING:
    from harness.knowledge.knowledge import Knowledge, Metadata

T = TypeVar("T")

_INVALID = re.compile("[\udc80-\udcff]")
_PUNCT_LENGTH = 50


@dataclass(frozen=True, slots=True)
class Indexed:
    """Events ready for an index. ``refused`` counts those that a rule sent to the null queue."""

    frame: Frame
    refused: int = 0
    warnings: tuple[KnowledgeError, ...] = field(default=())


class _Ingest:
    """The index-time rules for one kind of data."""

    def __init__(self, settings: Stanza, knowledge: Knowledge, now: float) -> None:
        self.warnings: list[KnowledgeError] = []
        self.settings = settings
        self.now = now
        self.rules = self._read(LineRules.read, settings, LineRules.read({}))
        self.times = self._read(lambda s: Timestamps(s, now), settings, Timestamps({}, now))
        self.seds, self.changes = read_changes(settings, knowledge.transforms, self.warnings.append)
        self.punct = boolean(settings.get("ANNOTATE_PUNCT"), True)

    def _read(self, read: Callable[[Stanza], T], settings: Stanza, fallback: T) -> T:
        try:
            return read(settings)
        except KnowledgeError as problem:
            self.warnings.append(problem)
            return fallback

    def event(self, raw: str, metadata: Metadata, found: Found | None, time: float, fields: Fields) -> Event:
        names = {"host": metadata.host, "source": metadata.source, "sourcetype": metadata.sourcetype}
        event = Event(raw, time, {**names, "index": metadata.index}, dict(fields))
        if found is not None:
            event.fields["timestartpos"] = str(found.start)
            event.fields["timeendpos"] = str(found.end)
        for sed in self.seds:
            event.raw = sed(event.raw)
        for change in self.changes:
            change(event)
        return event


def index_data(data: bytes, metadata: Metadata, now: float, knowledge: Knowledge) -> Indexed:
    """Break a body of data into events of ``metadata``'s kind."""
    settings = knowledge.props.settings(metadata.source, metadata.host, metadata.sourcetype)
    ingest = _Ingest(settings, knowledge, now)
    text = decode(data, ingest.warnings)
    builder = RowBuilder()
    refused = 0
    last = now
    for raw, found, fields, time in _events(text, ingest):
        moment = time if time is not None else last
        last = moment
        event = ingest.event(raw, metadata, found, moment, fields)
        if event.queue == "nullQueue":
            refused += 1
            continue
        builder.add(_row(event, ingest))
    return Indexed(_finished(builder), refused, tuple(ingest.warnings))


def index_whole_event(
    text: str,
    metadata: Metadata,
    now: float,
    knowledge: Knowledge,
    *,
    time: float | None,
    fields: Mapping[str, str | Sequence[str]],
    find_time: bool,
) -> Indexed:
    """One event that its sender has already broken off; its time is the sender's, or now. Only ``find_time`` looks for
    it in the event (HEC, ``auto_extract_timestamp``)."""
    settings = knowledge.props.settings(metadata.source, metadata.host, metadata.sourcetype)
    ingest = _Ingest(settings, knowledge, now)
    raw, cut = truncate(text, ingest.rules.truncate)
    indexed: Fields = {name: value if isinstance(value, str) else tuple(value) for name, value in fields.items()}
    if cut:
        indexed["meta"] = "truncated"
    if structured.kind(settings) == "json":
        from harness.knowledge.json_kv import from_json

        indexed = {**from_json(raw), **indexed}
    found = ingest.times.find(raw) if time is None and find_time else None
    moment = time if time is not None else found.epoch if found is not None else now
    event = ingest.event(raw, metadata, found, moment, indexed)
    builder = RowBuilder()
    refused = int(event.queue == "nullQueue")
    if not refused:
        builder.add(_row(event, ingest))
    return Indexed(_finished(builder), refused, tuple(ingest.warnings))


def _events(text: str, ingest: _Ingest) -> Iterator[tuple[str, Found | None, Fields, float | None]]:
    """Each event with where its time was found, its indexed fields and its time (None: that of the event before)."""
    if structured.kind(ingest.settings) is not None:
        yield from _structured_events(text, ingest)
        return
    for raw, cut in break_events(text, ingest.rules, ingest.times.has_date):
        found = ingest.times.find(raw)
        fields: Fields = {"meta": "truncated"} if cut else {}
        yield raw, found, fields, found.epoch if found is not None else (ingest.now if ingest.times.current else None)


def _structured_events(text: str, ingest: _Ingest) -> Iterator[tuple[str, Found | None, Fields, float | None]]:
    names = [name.strip() for name in ingest.settings.get("TIMESTAMP_FIELDS", "").split(",") if name.strip()]
    try:
        for raw, fields in structured.rows(text, ingest.settings):
            stamp = " ".join(str(fields[name]) for name in names if name in fields) if names else raw
            found = ingest.times.find(stamp)
            yield raw, None if names else found, fields, found.epoch if found is not None else None
    except KnowledgeError as problem:
        ingest.warnings.append(problem)


def decode(data: bytes, warnings: list[KnowledgeError]) -> str:
    r"""UTF-8, or UTF-16 with a byte order mark. A byte that is no UTF-8 becomes ``\xNN``, a NUL byte ``\x00``."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace")
    if data[:3] == b"\xef\xbb\xbf":
        data = data[3:]
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as problem:
        line = data.count(b"\n", 0, problem.start) + 1
        warnings.append(KnowledgeError(f"line {line}: not UTF-8; the bytes are kept as \\xNN"))
        text = _INVALID.sub(lambda found: f"\\x{ord(found[0]) - 0xDC00:02X}", data.decode("utf-8", "surrogateescape"))
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        warnings.append(KnowledgeError(f"line {line}: NUL bytes; kept as \\x00"))
        text = text.replace("\0", "\\x00")
    return text


def _row(event: Event, ingest: _Ingest) -> dict[str, Value]:
    row: dict[str, Value] = {
        "_raw": event.raw,
        "_time": round(event.time, 6),
        **event.metadata,
        "_indextime": int(ingest.now),
        "linecount": str(event.raw.rstrip("\n").count("\n") + 1),
        **event.fields,
    }
    if ingest.punct:
        row["punct"] = punctuation(event.raw)
    return row


def punctuation(raw: str) -> str:
    """The event without letters and digits: a blank is ``_``, a tab ``t``, a line end nothing; 50 at most (N10.24)."""
    marks: list[str] = []
    for character in raw:
        if character == " ":
            marks.append("_")
        elif character == "\t":
            marks.append("t")
        elif character not in "\r\n" and not character.isalnum():
            marks.append(character)
        if len(marks) == _PUNCT_LENGTH:
            break
    return "".join(marks)


def _finished(builder: RowBuilder) -> Frame:
    frame = builder.build()
    return Frame(frame.columns, frame.length, events=True)
