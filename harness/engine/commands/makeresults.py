"""``makeresults``: rows out of nothing. Follows "makeresults" in the Search Reference and M4.64 to M4.75."""

from __future__ import annotations

import csv
import io
import json
import math
from dataclasses import dataclass
from typing import Any, Final

from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.errors import SPLSyntaxError
from harness.spl.arguments import Arguments, boolean, non_negative_integer, string
from harness.values.column import Column, Value
from harness.values.frame import Frame

MAX_ROWS: Final = 10_000_000
_BOTH = (
    "Error in 'MakeResultsProcessor': You must specify both 'format' and 'data' arguments for 'makeresults' to read "
    "inline data. If you are providing inline data, specify both 'format' and 'data'. If you are not providing inline "
    "data, do not specify either argument."
)
_ALONE = (
    "Error in 'MakeResultsProcessor': When 'makeresults' generates events from inline data, it does not allow "
    "arguments other than 'format' and 'data'. If you are providing inline data for 'makeresults', specify only the "
    "'format' and 'data' arguments."
)
_NOT_OBJECTS = (
    "Incorrectly-formatted JSON data detected. Make sure your JSON-formatted data starts with '[' and ends with ']' "
    "and consists of JSON objects."
)


@dataclass(frozen=True, slots=True)
class MakeResults(SearchCommand):
    names = ("makeresults",)
    generating = True

    count: int = 1
    annotate: bool = False
    format: str | None = None
    data: str = ""

    @classmethod
    def parse(cls, arguments: Arguments) -> MakeResults:
        known = {
            "count": non_negative_integer,
            "annotate": boolean,
            "splunk_server": string,
            "splunk_server_group": string,
            "format": string,
            "data": string,
        }
        options: dict[str, Any] = {}
        unknown = False
        while not arguments.at_end:
            found = arguments.options(known)
            options |= found
            if not found:
                # Anything else is passed over (M4.64).
                unknown = True
                arguments.next()
        if "format" in options or "data" in options:
            return cls._inline(options, unknown)
        if options.get("count", 1) > MAX_ROWS:
            raise arguments.unsupported(f"more than {MAX_ROWS} rows")
        if "splunk_server" in options or "splunk_server_group" in options:
            raise arguments.unsupported("choosing servers")
        return cls(options.get("count", 1), options.get("annotate", False))

    @classmethod
    def _inline(cls, options: dict[str, Any], unknown: bool) -> MakeResults:
        if not ("format" in options and "data" in options):
            raise SPLSyntaxError(_BOTH)
        if len(options) > 2 or unknown:
            raise SPLSyntaxError(_ALONE)
        if options["format"] not in ("csv", "json"):
            raise SPLSyntaxError(
                f"Error in 'MakeResultsProcessor': An invalid 'format' was specified: {options['format']}. "
                "Valid 'format' options are 'csv' and 'json'."
            )
        return cls(format=options["format"], data=options["data"])

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        now = math.floor(context.now)
        if self.format == "csv":
            return _from_csv(self.data)
        if self.format == "json":
            return _from_json(self.data, now)
        columns: dict[str, Value] = {"_time": now}
        if self.annotate:
            columns |= {"splunk_server": "splunk"}
        return Frame({name: Column.constant(value, self.count) for name, value in columns.items()}, self.count)


def _from_csv(text: str) -> Frame:
    lines = list(csv.reader(io.StringIO(text.strip())))
    if not lines:
        return Frame()
    header = [name.strip() for name in lines[0]]
    rows: list[dict[str, Value]] = [
        {name: cell for name, cell in zip(header, cells, strict=False) if cell} for cells in lines[1:] if cells
    ]
    return Frame.from_rows(rows, columns=header if rows else ())


def _from_json(text: str, now: int) -> Frame:
    try:
        found = json.loads(text)
    except ValueError:
        return Frame()
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise SPLSyntaxError(_NOT_OBJECTS)
    rows: list[dict[str, Value]] = []
    for item in found:
        row: dict[str, Value] = {"_time": now, "_raw": _compact(item)}
        row |= {name: _member(value) for name, value in item.items()}
        rows.append(row)
    return Frame.from_rows(rows)


def _member(value: Any) -> Value:
    return value if isinstance(value, str) else _compact(value)


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
