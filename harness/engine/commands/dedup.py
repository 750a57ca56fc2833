"""``dedup``: drops rows whose fields repeat those of rows before. Follows "dedup" in the Search Reference and M4.13."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from harness.engine.columns import where
from harness.engine.commands import SearchCommand
from harness.engine.commands.sort import Key, Sort, _key
from harness.engine.context import SearchContext
from harness.engine.fields import as_text, expand
from harness.spl.arguments import Arguments, boolean
from harness.values.column import combine
from harness.values.frame import Frame


@dataclass(frozen=True, slots=True)
class Dedup(SearchCommand):
    """Keeps ``count`` rows of each combination. ``keep_events`` keeps the rows and empties the fields instead;
    ``keep_empty`` keeps rows that lack a field; ``consecutive`` looks at neighbours only."""

    names = ("dedup",)

    fields: tuple[str, ...]
    count: int = 1
    keep_events: bool = False
    keep_empty: bool = False
    consecutive: bool = False
    sort: tuple[Key, ...] = ()

    @classmethod
    def parse(cls, arguments: Arguments) -> Dedup:
        known = {"keepevents": boolean, "keepempty": boolean, "consecutive": boolean}
        options: dict[str, Any] = arguments.options(known)
        count = 1
        token = arguments.peek()
        if token is not None and token.kind == "word" and token.text.lstrip("-").isdigit():
            count = int(arguments.next().text)
            if count < 1:
                raise arguments.error("The number of events to keep must be greater than 0.", token)
        fields: list[str] = []
        while not arguments.at_end and not arguments.at_keyword("SORTBY"):
            found = arguments.field_list(stops=("SORTBY",))
            given = arguments.options(known)
            if not found and not given:
                raise arguments.invalid_argument()
            fields += found
            options |= given
        keys: list[Key] = []
        if arguments.accept_keyword("SORTBY"):
            while not arguments.at_end:
                if not arguments.accept(","):
                    keys.append(_key(arguments))
        if not fields:
            raise arguments.error("At least one field must be given as an argument.")
        return cls(
            tuple(fields),
            count,
            options.get("keepevents", False),
            options.get("keepempty", False),
            options.get("consecutive", False),
            tuple(keys),
        )

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        if not frame.length:
            return frame
        names = expand(self.fields, frame)
        columns = [as_text(frame.column(name)) for name in names]
        lacking = np.zeros(frame.length, dtype=np.bool_)
        for column in columns:
            lacking |= column.is_null()
        codes, _ = combine(columns) if columns else (np.zeros(frame.length, dtype=np.int32), [])
        repeated = _over(codes, self.count, lacking, self.consecutive)
        if self.keep_events:
            kept = np.ones(frame.length, dtype=np.bool_)
            frame = frame.with_columns(
                {name: where(~repeated, frame.columns[name]) for name in names if name in frame.columns}
            )
        else:
            kept = ~repeated
        kept &= ~lacking | self.keep_empty
        frame = frame.take(kept)
        return Sort(self.sort, 0).run(frame, context) if self.sort else frame


def _over(codes: Any, count: int, lacking: Any, consecutive: bool) -> Any:
    """The rows that come after ``count`` rows of their combination; rows that lack a field are never such."""
    rows = np.flatnonzero(~lacking)
    own = codes[rows]
    if consecutive:
        breaks = np.ones(len(own), dtype=np.bool_)
        breaks[1:] = (own[1:] != own[:-1]) | (rows[1:] != rows[:-1] + 1)
        own = np.cumsum(breaks)
    order = np.argsort(own, kind="stable")
    sorted_codes = own[order]
    starts = np.searchsorted(sorted_codes, sorted_codes, side="left")
    position = np.empty(len(own), dtype=np.int64)
    position[order] = np.arange(len(own)) - starts
    over = np.zeros(len(codes), dtype=np.bool_)
    over[rows] = position >= count
    return over
