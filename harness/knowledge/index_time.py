"""Data into indexed events: decoded, broken, timed, changed and stamped, in Splunk's order.

Nothing is lost in silence: every event is either indexed or counted as refused, and what could not be read as it should
be is a warning that names the place.
"""

from __future__ import annotations

import codecs
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np

from harness.errors import KnowledgeError, SearchError
from harness.knowledge import structured
from harness.knowledge.automatic_kv import Fields
from harness.knowledge.conf import Stanza, boolean
from harness.knowledge.index_transforms import Event, Transform, read_changes
from harness.knowledge.json_kv import from_json
from harness.knowledge.line_breaking import LineRules, Warn, break_events, truncate
from harness.knowledge.timestamps import Found, Timestamps
from harness.values.column import NULL, Column, Value, map_columns, normal
from harness.values.frame import Frame, RowBuilder
from harness.values.timeformat import DAYS, MONTHS
from harness.values.values import members

if TYPE_CHECKING:
    from harness.knowledge.knowledge import Knowledge, Metadata

MAX_CLONES: Final = 8
"""Copies of copies that CLONE_SOURCETYPE makes of one event."""

MAX_SLOW: Final = 3
"""How often a rule may take too long before it is left out for the rest of a body of data."""

_ROOT: Final = re.compile(r"\s*<([A-Za-z_][\w.:-]*)[\s>]")
"""How an event that is an XML document begins."""

_OBJECT: Final = re.compile(r'\s*\{\s*"')
"""How an event that is a JSON object begins."""

_INVALID: Final = {0xDC00 + byte: f"\\x{byte:02X}" for byte in range(0x80, 0x100)}
_PUNCT_LENGTH: Final = 50
_NO_PUNCT: Final = re.compile(r"[^\W_]+|[\r\n]+")
_MARKS: Final = str.maketrans({" ": "_", "\t": "t"})

Broken = tuple[str, bool, Fields, str | None]
"""An event's text, whether it was cut, its structured fields, and the text to seek its time in if not itself."""


@dataclass(frozen=True, slots=True)
class Indexed:
    """Events ready for an index. ``refused`` counts those that a rule sent to the null queue.

    The frame has ``_raw``, ``_time``, ``_indextime``, ``host``, ``source``, ``sourcetype``, ``index``, ``linecount``,
    ``punct``, the ``date_*`` fields and ``timestartpos``/``timeendpos`` of a time found in the event, and every indexed
    field. Transforms can give rows another index than the one that the data was sent to.
    """

    frame: Frame
    refused: int = 0
    warnings: tuple[KnowledgeError, ...] = field(default=())


class Rules:
    """What breaks one kind of data into events and finds their times."""

    def __init__(self, settings: Stanza, now: float, warn: Warn) -> None:
        self.settings = settings
        self.lines = LineRules.read(settings, warn)
        self.times = Timestamps(settings, now, warn)


class _AllRules(Rules):
    """The index-time rules for one kind of data."""

    def __init__(self, settings: Stanza, knowledge: Knowledge, now: float, notes: _Notes) -> None:
        super().__init__(settings, now, notes.warn)
        self.seds, self.transforms = read_changes(settings, knowledge.transforms, notes.warn)
        self.slow: Counter[str] = Counter()


class _Notes:
    """What there is to say about one body of data, each thing once with its first place and how often."""

    def __init__(self) -> None:
        self._warnings: dict[str, KnowledgeError] = {}
        self._counted: dict[str, tuple[int, int]] = {}

    def warn(self, warning: KnowledgeError) -> None:
        self._warnings.setdefault(str(warning), warning)

    def count(self, what: str, event: int) -> None:
        first, times = self._counted.get(what, (event, 0))
        self._counted[what] = (first, times + 1)

    def all(self) -> tuple[KnowledgeError, ...]:
        counted = [
            KnowledgeError(f"event {first}{f' and {times - 1} more' if times > 1 else ''}: {what}")
            for what, (first, times) in self._counted.items()
        ]
        return (*self._warnings.values(), *counted)


class _Pipeline:
    """Takes events through the rules of their kind and collects the ones to index."""

    def __init__(self, knowledge: Knowledge, metadata: Metadata, now: float) -> None:
        self._knowledge = knowledge
        self._now = now
        self._known: dict[int, _AllRules] = {}
        self.notes = _Notes()
        self.metadata = {
            "host": metadata.host, "source": metadata.source, "sourcetype": metadata.sourcetype,
            "index": metadata.index,
        }  # fmt: skip
        self.rules = self._rules_of(self.metadata)
        self.events: list[Event] = []
        self.founds: list[Found | None] = []
        self.refused = 0

    def _rules_of(self, metadata: Mapping[str, str]) -> _AllRules:
        settings = self._knowledge.props.settings(metadata["source"], metadata["host"], metadata["sourcetype"])
        rules = self._known.get(id(settings))
        if rules is None:
            rules = self._known[id(settings)] = _AllRules(settings, self._knowledge, self._now, self.notes)
        return rules

    def take(self, raw: str, time: float, fields: Fields, found: Found | None) -> None:
        waiting = [Event(raw, time, dict(self.metadata), fields)]
        for count, event in enumerate(waiting):  # grows while it is worked off
            rules = self._rules_of(event.metadata) if count else self.rules
            clones = self._changed(event, rules)
            if clones and count >= MAX_CLONES:
                self.notes.count(
                    "CLONE_SOURCETYPE makes copies without end; no more of them are made", len(self.events)
                )
                clones = []
            waiting.extend(clones)
            if event.queue == "nullQueue":
                self.refused += 1
            else:
                self.events.append(event)
                self.founds.append(found)

    def _changed(self, event: Event, rules: _AllRules) -> list[Event]:
        """Change the event by the sed commands and transforms; gives the copies that these make of it.

        What takes too long changes nothing, as a pattern that reaches its limits does not match in Splunk.
        """
        clones: list[Event] = []
        for name, sed in rules.seds:
            with self._bounded(name, rules) as runs:
                event.raw = sed(event.raw) if runs else event.raw
        for transform in rules.transforms:
            with self._bounded(f"the transform {transform.name}", rules) as runs:
                if runs and _stops(transform, event, clones):
                    break
        return clones

    @contextmanager
    def _bounded(self, name: str, rules: _AllRules) -> Iterator[bool]:
        """Gives whether to run what has that name: not again after it has taken too long a few times."""
        try:
            yield rules.slow[name] < MAX_SLOW
        except SearchError as problem:
            rules.slow[name] += 1
            said = f"{name} changes nothing: {problem.message}"
            self.notes.count(said, len(self.events) + self.refused + 1)
            if rules.slow[name] == MAX_SLOW:
                self.notes.warn(KnowledgeError(f"{name} is left out for the rest of the data"))

    def indexed(self, *, whole: bool = False) -> Indexed:
        frame = _frame(self.events, self.founds, self.rules, self._now, stamped=not whole)
        return Indexed(frame, self.refused, self.notes.all())


def _stops(transform: Transform, event: Event, clones: list[Event]) -> bool:
    """Carry out one transform; gives whether the ones after it are passed over."""
    if transform.change is not None:
        if not transform.clone or transform.clone == event.metadata["sourcetype"]:
            transform.change(event)
        elif transform.change(copy := event.copy()):
            copy.metadata["sourcetype"] = transform.clone
            clones.append(copy)
    return transform.stops is not None and transform.stops(event)


def _is_open(text: str) -> bool:
    """Whether a JSON object breaks off: braces are missing, and not because texts have some."""
    if text.count("{") <= text.count("}"):
        return False
    try:
        msgspec.json.decode(text)
    except msgspec.DecodeError:
        return True
    return False


# --- the two doors ----------------------------------------------------------------------------------------------------


def index_data(data: bytes, metadata: Metadata, now: float, knowledge: Knowledge) -> Indexed:
    """Break a body of data into events of ``metadata``'s kind. An event without a time has that of the one before."""
    pipeline = _Pipeline(knowledge, metadata, now)
    times, notes = pipeline.rules.times, pipeline.notes
    text = decode(data, pipeline.rules.settings.get("CHARSET", ""), notes.warn)
    if text is None:
        return Indexed(Frame(events=True), 0, notes.all())
    for number, ((raw, cut, fields, stamp), found, time) in enumerate(dated(text, pipeline.rules, notes.warn), 1):
        if cut:
            fields = {**fields, "meta": "truncated"}
            notes.count(f"longer than TRUNCATE = {pipeline.rules.lines.truncate} bytes; the rest is cut off", number)
        if not cut and (root := _ROOT.match(raw)) is not None and not raw.rstrip().endswith((f"</{root[1]}>", "/>")):
            notes.count(f"the XML ends before </{root[1]}>; fields may be missing", number)
        if not cut and _OBJECT.match(raw) is not None and _is_open(raw):
            notes.count("the JSON ends before its closing brace; fields may be missing", number)
        if found is None and not times.disabled:
            notes.count("no time found; it has the time of the event before, or of indexing", number)
        place = found if stamp is None or found is None else Found(found.epoch, -1, -1, found.zone, found.wall)
        pipeline.take(raw, now if time is None else time, fields, place)
    if times.outside:
        notes.warn(
            KnowledgeError(
                f"A possible timestamp match ({times.outside}) is outside of the acceptable time window.",
                hint="If this timestamp is correct, consider adjusting MAX_DAYS_AGO and MAX_DAYS_HENCE.",
            )
        )
    return pipeline.indexed()


def dated(text: str, rules: Rules, warn: Warn) -> Iterator[tuple[Broken, Found | None, float | None]]:
    """The events of a text, each with the time that was found in it and the time that it has: that one, else that of
    the event before, None if it has that of indexing."""
    last: float | None = None
    for broken in _broken(text, rules, warn):
        found = rules.times.find(broken[0] if broken[3] is None else broken[3], last)
        last = last if found is None else found.epoch
        yield broken, found, None if rules.times.disabled else last


def _broken(text: str, rules: Rules, warn: Warn) -> Iterator[Broken]:
    if not structured.kind(rules.settings):
        for raw, cut in break_events(text, rules.lines, rules.times.has_date):
            yield raw, cut, {}, None
        return
    if not structured.is_supported(rules.settings):
        what = rules.settings["INDEXED_EXTRACTIONS"]
        warn(KnowledgeError(f"INDEXED_EXTRACTIONS = {what} is not supported; it is not applied"))
        for raw, cut in break_events(text, rules.lines, rules.times.has_date):
            yield raw, cut, {}, None
        return
    names = [name.strip() for name in rules.settings.get("TIMESTAMP_FIELDS", "").split(",") if name.strip()]
    for record, fields in structured.records(text, rules.settings, warn):
        raw, cut = truncate(record, rules.lines.truncate)
        stamp = " ".join(str(fields[name]) for name in names if name in fields) if names else None
        yield raw, cut, fields, stamp


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
    pipeline = _Pipeline(knowledge, metadata, now)
    rules = pipeline.rules
    raw, cut = truncate(text, rules.lines.truncate)
    indexed: Fields = {}
    if structured.kind(rules.settings) == "json":
        indexed.update(structured.apart(from_json(raw)))
    indexed.update({name: value if isinstance(value, str) else tuple(value) for name, value in fields.items()})
    if cut:
        indexed["meta"] = "truncated"
        pipeline.notes.count(f"longer than TRUNCATE = {rules.lines.truncate} bytes; the rest is cut off", 1)
    found = rules.times.find(raw) if time is None and find_time else None
    moment = time if time is not None else found.epoch if found is not None else now
    pipeline.take(raw, moment, indexed, found)
    return pipeline.indexed(whole=found is None)


# --- text -------------------------------------------------------------------------------------------------------------


def decode(data: bytes, charset: str, warn: Warn) -> str | None:
    r"""By ``CHARSET``, else UTF-8, or UTF-16 with a byte order mark. A byte that is none becomes ``\xNN``, a NUL byte
    ``\x00``; the first place is reported. None if there is no such character set: Splunk discards the input then."""
    name = charset.strip()
    if not name or name.upper() in ("UTF-8", "AUTO"):
        name = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        codecs.lookup(name)
    except LookupError:
        warn(KnowledgeError(f"CHARSET: there is no character set {name}; the data is discarded"))
        return None
    try:
        text = data.decode(name)
    except UnicodeDecodeError as problem:
        line = data.count(b"\n", 0, problem.start) + 1
        warn(KnowledgeError(f"line {line}: not {name.removesuffix('-sig').upper()}; the bytes are kept as \\xNN"))
        if name == "utf-8-sig":
            text = data.decode(name, "surrogateescape")
            text = text.translate(_INVALID)
        else:
            text = data.decode(name, "backslashreplace")
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        warn(KnowledgeError(f"line {line}: NUL bytes; kept as \\x00"))
        text = text.replace("\0", "\\x00")
    return text


def punctuation(raw: str) -> str:
    """The event without letters and digits: a blank is ``_``, a tab ``t``, a line end nothing; 50 at most (N10.24)."""
    for length in (400, 4000, len(raw)):
        marks = _NO_PUNCT.sub("", raw[:length])
        if len(marks) >= _PUNCT_LENGTH or length >= len(raw):
            break
    return marks[:_PUNCT_LENGTH].translate(_MARKS)


# --- columns ----------------------------------------------------------------------------------------------------------


def _frame(
    events: Sequence[Event], founds: Sequence[Found | None], rules: _AllRules, now: float, *, stamped: bool
) -> Frame:
    """``stamped``: the time was sought in the event, so that the events say whether and where it was found."""
    settings = rules.settings
    extra = settings.get("ADD_EXTRA_TIME_FIELDS", "all").strip().lower()
    dated = boolean(extra, extra not in ("none", "subseconds"))
    subseconds = dated or extra == "subseconds"
    columns: dict[str, Column] = {
        "_raw": Column.from_values(event.raw for event in events),
        "_time": Column.from_values(round(event.time, 6) if subseconds else float(int(event.time)) for event in events),
        "_indextime": Column.constant(int(now), len(events)),
        "linecount": Column.from_values(str(event.raw.rstrip("\n").count("\n") + 1) for event in events),
    }
    for name in ("host", "source", "sourcetype", "index"):
        columns[name] = Column.from_values(event.metadata[name] for event in events)
    if boolean(settings.get("ANNOTATE_PUNCT"), True):
        columns["punct"] = columns["_raw"].map(lambda raw: punctuation(str(raw)))
    if stamped and dated:
        columns.update(_time_columns(founds))
    if any(event.fields for event in events):
        builder = RowBuilder()
        for event in events:
            builder.add({name: value for name, value in event.fields.items() if not name.startswith("_")})
        for name, column in builder.build().columns.items():
            known = columns.get(name)
            columns[name] = column if known is None else map_columns(_together, [known, column], len(events))
    return Frame(columns, len(events), events=True)


def _together(*values: Value) -> Value:
    """An indexed field of the name of a default one is a further value of it."""
    return normal(tuple(member for value in values for member in members(value)))


def _time_columns(founds: Sequence[Found | None]) -> dict[str, Column]:
    """What the time's text in each event says; ``timestamp`` is ``none`` where there is no such text."""
    missing = np.array([found is None for found in founds], dtype=np.bool_)
    columns: dict[str, Column] = {}
    if missing.any():
        columns["timestamp"] = _coded(["none"], np.zeros(len(founds)), missing=~missing)
    if missing.all():
        return columns
    wall = np.floor(np.array([0.0 if found is None else found.wall for found in founds])).astype(np.int64)
    days, second = np.divmod(wall, 86_400)
    date = days.astype("datetime64[D]")
    month = date.astype("datetime64[M]")
    years = date.astype("datetime64[Y]").astype(np.int64) + 1970
    first = int(years.min())
    numbers = [str(number) for number in range(60)]
    for name, values, codes in (
        ("date_hour", numbers, second // 3600),
        ("date_minute", numbers, second // 60 % 60),
        ("date_second", numbers, second % 60),
        ("date_mday", numbers, (date - month.astype("datetime64[D]")).astype(np.int64) + 1),
        ("date_month", MONTHS, month.astype(np.int64) % 12),
        ("date_wday", DAYS, (days + 3) % 7),  # the epoch began on a Thursday
        ("date_year", [str(year) for year in range(first, int(years.max()) + 1)], years - first),
    ):
        columns[name] = _coded(values, codes, missing=missing)
    columns["date_zone"] = Column.from_values(None if found is None else found.zone for found in founds)
    placed = [None if found is None or found.start < 0 else found for found in founds]
    columns["timestartpos"] = Column.from_values(None if found is None else str(found.start) for found in placed)
    columns["timeendpos"] = Column.from_values(None if found is None else str(found.end) for found in placed)
    return {name: column for name, column in columns.items() if column.values}


def _coded(values: Iterable[Value], codes: np.ndarray, *, missing: np.ndarray) -> Column:
    return Column(list(values), np.where(missing, NULL, codes).astype(np.int32))
