"""``transaction``: events that belong together as one row. Follows "transaction" in the Search Reference.

Events come newest first, so a transaction is met at its end: one that must end with something begins there, and what it
must start with closes it. A transaction that lacks its start is evicted, and dropped unless ``keepevicted``. One that
nothing has closed when the events end is shown, with ``closed_txn`` 0.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import numpy as np

from harness.engine.aggregates import Samples, whole
from harness.engine.aggregates.collecting import Values
from harness.engine.bins import read_time_span
from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.engine.fields import as_text
from harness.engine.store import Times, times_of
from harness.errors import UnsupportedSPL
from harness.expressions import Scope, evaluate_mask, search_mask
from harness.spl.arguments import Arguments, boolean, non_negative_integer, string
from harness.spl.eval_expression import parse_eval
from harness.spl.nodes import Expr, SearchNode
from harness.spl.search_expression import parse_search_expression
from harness.values.column import Column, Mask, Value
from harness.values.frame import Frame
from harness.values.values import texts

_OPTIONS: Final = {
    "fields": string,
    "maxspan": string,
    "maxpause": string,
    "maxevents": non_negative_integer,
    "startswith": string,
    "endswith": string,
    "connected": boolean,
    "unifyends": boolean,
    "keeporphans": boolean,
    "keepevicted": boolean,
    "mvlist": string,
    "delim": string,
    "nullstr": string,
    "name": string,
    "mvraw": boolean,
    "maxopentxn": non_negative_integer,
    "maxopenevents": non_negative_integer,
}
_REFUSED: Final = (
    "mvlist",
    "delim",
    "nullstr",
    "name",
    "mvraw",
    "maxopentxn",
    "maxopenevents",
    "unifyends",
    "keeporphans",
)

Filter: TypeAlias = "SearchNode | Expr"
Key = tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Transaction(SearchCommand):
    names = ("transaction",)

    fields: tuple[str, ...]
    span: float | None = None
    pause: float | None = None
    maximum: int = 1000
    start: Filter | None = None
    start_is_eval: bool = False
    end: Filter | None = None
    end_is_eval: bool = False
    connected: bool = True
    keep_evicted: bool = False

    @classmethod
    def parse(cls, arguments: Arguments) -> Transaction:
        fields: list[str] = []
        options: dict[str, Any] = {}
        while arguments.peek() is not None:
            found, given = arguments.field_list(), arguments.options(_OPTIONS)
            if not found and not given:
                raise arguments.invalid_argument()
            fields += found
            fields += re.findall(r"[^\s,]+", given.pop("fields", ""))
            options |= given
        for name in _REFUSED:
            if name in options and options[name] not in (False, "f", "false", "0"):
                raise arguments.unsupported(f"the option '{name}'")
        start, start_is_eval = _filter(options.get("startswith"))
        end, end_is_eval = _filter(options.get("endswith"))
        return cls(
            tuple(fields),
            _seconds(options.get("maxspan"), arguments),
            _seconds(options.get("maxpause"), arguments),
            options.get("maxevents", 1000),
            start,
            start_is_eval,
            end,
            end_is_eval,
            options.get("connected", True),
            options.get("keepevicted", False),
        )

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        times = times_of(frame)
        if not self._order_is_known(frame, times):
            raise UnsupportedSPL(
                "The 'transaction' command over rows that are not newest first is not supported. "
                "Put '| sort 0 - _time' in front of it."
            )
        starts = self._matches(self.start, self.start_is_eval, frame, context)
        ends = self._matches(self.end, self.end_is_eval, frame, context)
        keys = self._keys(frame)
        found = _Grouper(self).group(times.tolist(), keys, starts.tolist(), ends.tolist())
        kept = [one for one in found if one.closed or not one.evicted or self.keep_evicted]
        kept.sort(key=lambda one: (-one.earliest, one.rows[-1]))
        return _frame(frame, self.fields, kept)

    def _order_is_known(self, frame: Frame, times: Times) -> bool:
        """Newest first, or what the reference shows of rows that a command made and that come oldest first: their time
        goes forward, so that nothing reaches ``maxspan`` and all with the same value are one transaction. What becomes
        of any other order is not known."""
        steps = np.diff(times)
        if np.isnan(times).any() or not (steps > 0).any():
            return not np.isnan(times).any()
        bounds = (self.pause, self.start, self.end)
        return (
            bool((steps >= 0).all())
            and len(self.fields) == 1
            and all(bound is None for bound in bounds)
            and frame.length < self.maximum
            and not frame.events
            and "_raw" not in frame.columns
        )

    def _matches(self, wanted: Filter | None, is_eval: bool, frame: Frame, context: SearchContext) -> Mask:
        if wanted is None:
            return np.zeros(frame.length, dtype=np.bool_)
        if is_eval:
            scope = Scope(now=context.now, timezone=context.timezone, command="transaction")
            return evaluate_mask(wanted, frame, scope)  # type: ignore[arg-type]
        return search_mask(wanted, frame)  # type: ignore[arg-type]

    def _keys(self, frame: Frame) -> list[Key | None]:
        """The fields of each row; None for a row without any of them, which is in no transaction."""
        columns = [as_text(frame.column(name)) for name in self.fields]
        if any(type(value) is tuple for column in columns for value in column.values):
            raise UnsupportedSPL("The 'transaction' command by a multivalue field is not supported.")
        if not columns:
            return [()] * frame.length
        rows = zip(*(column.to_values() for column in columns), strict=True)
        return [None if all(value is None for value in row) else row for row in rows]


@dataclass(slots=True)
class _Open:
    """A transaction being gathered, its events as they came."""

    key: Key
    latest: float
    earliest: float
    rows: list[int] = field(default_factory=list)
    closed: bool = False
    evicted: bool = False


class _Grouper:
    """Puts events, as they come, into transactions."""

    def __init__(self, command: Transaction) -> None:
        self.command = command
        self.open: dict[Key, _Open] = {}
        self.partial: dict[Key, _Open] = {}
        self.done: list[_Open] = []

    def group(
        self, times: Sequence[float], keys: Sequence[Key | None], starts: Sequence[bool], ends: Sequence[bool]
    ) -> list[_Open]:
        for row, (time, key) in enumerate(zip(times, keys, strict=True)):
            if key is not None:
                self._event(row, time, key, starts[row], ends[row])
        for one in self.open.values():
            one.evicted = self.command.start is not None
            self.done.append(one)
        return self.done

    def _event(self, row: int, time: float, key: Key, starts: bool, ends: bool) -> None:
        found = self._find(key)
        if found is not None and self._is_over(found, time):
            self._finish(found, closed=True)
            found = None
        if found is not None and ends:
            # Another end: what was open has no start.
            self._finish(found, closed=False)
            found = None
        if found is None:
            if self.command.end is not None and not ends:
                return
            found = _Open(key, time, time)
            self._remember(found)
        found.rows.append(row)
        found.earliest, found.latest = min(found.earliest, time), max(found.latest, time)
        self._merge(found, key)
        if starts or len(found.rows) >= self.command.maximum:
            self._finish(found, closed=True)

    def _is_over(self, one: _Open, time: float) -> bool:
        command = self.command
        return (command.span is not None and one.latest - time >= command.span) or (
            command.pause is not None and one.earliest - time > command.pause
        )

    def _find(self, key: Key) -> _Open | None:
        """The open transaction that the event agrees with: in every field that both have, and at least in one."""
        exact = self.open.get(key)
        if exact is not None or len(key) < 2:
            return exact
        for one in reversed(self.open.values()):
            pairs = [
                (mine, its) for mine, its in zip(key, one.key, strict=True) if mine is not None and its is not None
            ]
            if pairs and all(mine == its for mine, its in pairs):
                return one
            if not pairs and not self.command.connected:
                raise UnsupportedSPL(
                    "The 'transaction' command: connected=false for an event that has no field in common with an open "
                    "transaction is not supported."
                )
        return None

    def _merge(self, one: _Open, key: Key) -> None:
        """Fields that the event brings are the transaction's from now on."""
        merged = tuple(its if its is not None else mine for mine, its in zip(key, one.key, strict=True))
        if merged != one.key:
            self._forget(one)
            one.key = merged
            self._remember(one)

    def _finish(self, one: _Open, *, closed: bool) -> None:
        self._forget(one)
        one.closed = closed
        one.evicted = not closed and self.command.start is not None
        self.done.append(one)

    def _remember(self, one: _Open) -> None:
        self.open[one.key] = one
        if None in one.key:
            self.partial[one.key] = one

    def _forget(self, one: _Open) -> None:
        del self.open[one.key]
        self.partial.pop(one.key, None)


def _frame(frame: Frame, fields: Sequence[str], found: Sequence[_Open]) -> Frame:
    """A row per transaction: its text from the earliest event on, and every field's different values in order."""
    rows = np.array([row for one in found for row in one.rows], dtype=np.intp)
    groups = np.repeat(np.arange(len(found), dtype=np.int32), [len(one.rows) for one in found])
    timeless = np.full(len(rows), np.nan)
    columns: dict[str, Column] = {}
    for name, column in frame.columns.items():
        if name == "_raw":
            values = column.to_values()
            columns[name] = Column.from_values(
                "\n".join(text for row in reversed(one.rows) for text in texts(values[row])) for one in found
            )
        elif not name.startswith("_"):
            columns[name] = Values().grouped(Samples.of(column.take(rows), groups, timeless, len(found)))
    columns["_time"] = Column.from_values(whole(one.earliest) for one in found)
    columns["duration"] = Column.from_values(whole(round(one.latest - one.earliest, 6)) for one in found)
    columns["eventcount"] = Column.from_values(len(one.rows) for one in found)
    columns["closed_txn"] = Column.from_values(int(one.closed) for one in found)
    lines = [max(1, "\n".join(texts(value)).count("\n") + 1) for value in frame.column("_raw").to_values()]
    columns["linecount"] = Column.from_values(sum(lines[row] for row in one.rows) for one in found)
    if fields:
        present = np.sum([~frame.column(name).is_null() for name in fields], axis=0)
        columns["field_match_sum"] = Column.from_values(int(present[one.rows].sum()) for one in found)
    return Frame(columns, len(found), events=frame.events)


def _filter(text: str | None) -> tuple[Filter | None, bool]:
    """``"text"``, ``(search expression)`` or ``eval(expression)``."""
    if text is None:
        return None, False
    stripped = text.strip()
    if stripped.lower().startswith("eval(") and stripped.endswith(")"):
        return parse_eval(stripped[5:-1], subject="'transaction' command"), True
    return parse_search_expression(stripped, subject="'transaction' command"), False


def _seconds(text: str | None, arguments: Arguments) -> float | None:
    if text is None or text.startswith("-"):
        return None
    if text.isdigit():
        return float(text)
    return read_time_span(text, arguments).seconds
