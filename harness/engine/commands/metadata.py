"""``metadata``: the hosts, sources or source types of indexes, and when they had events.

Follows "metadata" in the Search Reference. Splunk answers from whole buckets. Here an index is one bucket, and a time
range that cuts through its events is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from harness.engine.aggregates import whole
from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.engine.fields import as_text
from harness.errors import UnsupportedSPL
from harness.spl.arguments import Arguments, string
from harness.values.column import Value
from harness.values.frame import Frame, concatenate_frames
from harness.values.values import to_number

_TYPES: Final = {"hosts": "host", "sources": "source", "sourcetypes": "sourcetype"}


@dataclass(frozen=True, slots=True)
class Metadata(SearchCommand):
    names = ("metadata",)
    generating = True
    transforming = True

    type: str
    indexes: tuple[str, ...] = ()

    @classmethod
    def parse(cls, arguments: Arguments) -> Metadata:
        options: dict[str, Any] = {}
        indexes: list[str] = []
        while not arguments.at_end:
            if (arguments.option_name() or "").lower() == "index":
                arguments.next()
                arguments.accept("=")
                indexes.append(arguments.value())
                continue
            found = arguments.options(
                {"type": string, "splunk_server": string, "splunk_server_group": string, "datatype": string}
            )
            if not found:
                raise arguments.invalid_argument()
            options |= found
        for name in ("splunk_server", "splunk_server_group"):
            if name in options:
                raise arguments.unsupported(f"the option '{name}'")
        if options.get("datatype", "event") != "event":
            raise arguments.unsupported("a datatype other than event")
        if options.get("type", "").lower() not in _TYPES:
            raise arguments.error("The argument 'type' must be one of hosts, sources or sourcetypes.")
        return cls(options["type"].lower(), tuple(indexes))

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        name = _TYPES[self.type]
        events = concatenate_frames([Frame(), *self._events(context)])
        column = as_text(events.column(name))
        rows: list[dict[str, Value]] = []
        times, indexed = (_numbers(events, field) for field in ("_time", "_indextime"))
        for code in sorted(np.unique(column.codes[column.codes >= 0]).tolist(), key=lambda at: str(column.values[at])):
            here = column.codes == code
            row: dict[str, Value] = {
                "firstTime": whole(float(np.floor(times[here].min()))),
                name: column.values[code],
                "lastTime": whole(float(np.floor(times[here].max()))),
                "totalCount": int(here.sum()),
                "type": self.type,
            }
            if not np.isnan(indexed[here]).all():
                row["recentTime"] = whole(float(np.nanmax(indexed[here])))
            rows.append(row)
        return Frame.from_rows(rows, columns=["firstTime", name, "lastTime", "recentTime", "totalCount", "type"])

    def _events(self, context: SearchContext) -> list[Frame]:
        window = context.window
        names = context.store.select_indexes(self.indexes or context.default_indexes)
        found: list[Frame] = []
        for index in names:
            everything = context.store.slices([index])
            inside = context.store.slices([index], window.earliest, window.latest)
            if inside and sum(map(len, inside)) != sum(map(len, everything)):
                raise UnsupportedSPL(
                    f"The 'metadata' command: a time range that holds only some events of the index '{index}' is not "
                    "supported."
                )
            found += [part.segment.frame.take(part.rows) for part in inside]
        return found


def _numbers(frame: Frame, name: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    numbers = [to_number(value) for value in frame.column(name).to_values()]
    return np.array([np.nan if number is None else number for number in numbers], dtype=np.float64)
