"""``collect``: writes the rows as events into an index, and hands them on. Follows "collect" in the Search Reference.

A row with ``_raw`` is written as that text. Any other becomes a line of summary indexing: its time, the search's time
range, and its fields; the fields are found again as they were.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.engine.fields import is_internal
from harness.errors import SearchError, UnsupportedSPL
from harness.knowledge.knowledge import Metadata
from harness.spl.arguments import Arguments, boolean, string
from harness.values.column import Value
from harness.values.frame import Frame, concatenate_frames
from harness.values.values import to_number, to_text

_WRITTEN_ELSEWHERE = frozenset(("index", "host", "source", "sourcetype", "linecount", "punct", "splunk_server"))


@dataclass(frozen=True, slots=True)
class Collect(SearchCommand):
    names = ("collect",)

    index: str
    host: str | None = None
    source: str | None = None
    sourcetype: str = "stash"
    marker: str = ""
    add_time: bool = True
    test: bool = False

    @classmethod
    def parse(cls, arguments: Arguments) -> Collect:
        known = {
            "index": string, "addtime": boolean, "addinfo": boolean, "file": string, "host": string, "marker": string,
            "output_format": string, "run_in_preview": boolean, "spool": boolean, "source": string,
            "sourcetype": string, "testmode": boolean, "uselb": boolean,
        }  # fmt: skip
        options: dict[str, Any] = arguments.options(known)
        arguments.expect_end()
        if not options.get("index"):
            raise arguments.error("The argument 'index' is required.")
        for name, neutral in (("output_format", "raw"), ("spool", True), ("addinfo", True)):
            if options.get(name, neutral) != neutral:
                raise arguments.unsupported(f"the option {name}={options[name]}")
        if "file" in options:
            raise arguments.unsupported("the option 'file'")
        return cls(
            options["index"],
            options.get("host"),
            options.get("source"),
            options.get("sourcetype", "stash"),
            options.get("marker", ""),
            options.get("addtime", True),
            options.get("testmode", False),
        )

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        if not context.store.has_index(self.index):
            raise SearchError(f"Error in 'collect' command: The index '{self.index}' does not exist.")
        if self.test or not frame.length:
            return frame
        metadata = Metadata(
            host=self.host or "splunk",
            source=self.source or context.sid or "collect",
            sourcetype=self.sourcetype,
            index=self.index,
        )
        parts = [self._event(row, metadata, context) for row in frame.to_rows()]
        context.store.append(self.index, concatenate_frames(parts))
        return frame

    def _event(self, row: dict[str, Value], metadata: Metadata, context: SearchContext) -> Frame:
        time = self._time(row, context)
        raw = row.get("_raw")
        fields: dict[str, str | list[str]] = {}
        if raw is not None:
            text = to_text(raw[0] if isinstance(raw, tuple) else raw)
        else:
            fields = self._fields(row, context)
            pairs = [f"{name}={_quoted(value)}" for name, value in fields.items()]
            stamp = datetime.fromtimestamp(time, context.timezone).strftime("%m/%d/%Y %H:%M:%S %z")
            text = ", ".join([*([stamp] if self.add_time else []), *pairs])
        if self.marker:
            text = f"{text}, {self.marker}"
        indexed = context.knowledge.index_event(text, metadata, context.now, time=time, fields=fields, find_time=False)
        return indexed.frame

    def _fields(self, row: dict[str, Value], context: SearchContext) -> dict[str, str | list[str]]:
        window = context.progress.window
        fields: dict[str, str | list[str]] = {
            "info_min_time": f"{window.earliest or 0:.3f}",
            "info_max_time": "+Infinity" if window.latest is None else f"{window.latest:.3f}",
            "info_search_time": f"{context.now:.3f}",
        }
        for name, value in row.items():
            if is_internal(name):
                continue
            if isinstance(value, tuple):
                raise UnsupportedSPL(f"The 'collect' command: writing the multivalue field '{name}' is not supported.")
            assert value is not None
            fields[f"orig_{name}" if name in _WRITTEN_ELSEWHERE else name] = to_text(value)
        return fields

    def _time(self, row: dict[str, Value], context: SearchContext) -> float:
        """The first there is of ``info_min_time``, ``_time`` and now."""
        for name in ("info_min_time", "_time"):
            number = to_number(row.get(name))
            if number is not None and (name == "_time" or "_raw" not in row):
                return float(number)
        return context.now


def _quoted(value: str | list[str]) -> str:
    assert isinstance(value, str)
    if to_number(value) is not None:
        return value
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
