"""Runs searches: one plan, one chain of frames, and what happened at each step."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, tzinfo
from typing import TYPE_CHECKING

from harness.clock import Clock, SystemClock
from harness.engine.context import Control, Progress, SearchContext, Window
from harness.engine.datamodels import DataModels
from harness.engine.events import Events
from harness.engine.messages import Message, Messages
from harness.engine.plan import Plan, Step, plan
from harness.errors import SPLError, SPLSyntaxError
from harness.settings import Limits
from harness.spl.time import InvalidTimeError, resolve_time
from harness.values.column import RefusedColumn
from harness.values.frame import Frame

if TYPE_CHECKING:
    from harness.engine.host import Host
    from harness.engine.store import Store
    from harness.knowledge.knowledge import Knowledge


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """A search as a client asks for it.

    ``earliest`` and ``latest`` are time modifiers, epoch seconds, or None for no bound. ``cancelled`` is asked between
    commands; ``max_seconds`` bounds the whole run.
    """

    search: str
    earliest: str | float | None = None
    latest: str | float | None = None
    now: float | None = None
    timezone: tzinfo = UTC
    user: str = "admin"
    app: str = "search"
    sid: str = ""
    default_indexes: tuple[str, ...] = ("main",)
    max_rows: int | None = None
    cancelled: Callable[[], bool] = lambda: False
    max_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Stage:
    """One command after it ran: how many rows left it, and how long it took."""

    command: str
    text: str
    rows: int
    seconds: float


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The rows of a search, and the facts that a job shows.

    ``events`` are the rows before the first transforming command, empty for a search that does not read events.
    ``earliest`` and ``latest`` are the bounds that held in the end, in epoch seconds.
    """

    frame: Frame
    plan: Plan
    messages: Sequence[Message] = ()
    stages: Sequence[Stage] = ()
    events: Frame = field(default_factory=Frame)
    earliest: float | None = None
    latest: float | None = None
    scan_count: int = 0
    event_count: int = 0
    seconds: float = 0.0


class Searcher:
    """Answers searches over one store with one knowledge; keeps what searches can share. Thread-safe."""

    def __init__(
        self,
        store: Store,
        knowledge: Knowledge,
        clock: Clock | None = None,
        *,
        limits: Limits | None = None,
        host: Host | None = None,
    ) -> None:
        self.store = store
        self.knowledge = knowledge
        self.clock = clock if clock is not None else SystemClock()
        self.limits = limits if limits is not None else Limits()
        self.host = host
        self.events = Events(store, knowledge)
        self.data_models = DataModels(store, knowledge, self.events)

    def run(self, request: SearchRequest) -> SearchResult:
        """Plan and run a search. Raises an :class:`~harness.errors.SPLError`."""
        return self.execute(plan(request.search, self.knowledge), request)

    def execute(self, search: Plan, request: SearchRequest) -> SearchResult:
        """Run a search that is planned already."""
        now = request.now if request.now is not None else self.clock.now()
        window = request_window(request, now)
        context = SearchContext(
            knowledge=self.knowledge,
            store=self.store,
            events=self.events,
            data_models=self.data_models,
            now=now,
            window=window,
            progress=Progress(window),
            timezone=request.timezone,
            limits=self.limits,
            messages=Messages(),
            control=Control(request.cancelled, _deadline(request.max_seconds)),
            user=request.user,
            app=request.app,
            sid=request.sid,
            default_indexes=request.default_indexes,
            host=self.host,
        )
        started = time.perf_counter()
        run = Run(context)
        frame = run.steps(search.steps, Frame())
        frame = self._cut(frame, search, context, request.max_rows)
        frame = _told(frame, context)
        return SearchResult(
            frame=frame,
            plan=search,
            messages=tuple(context.messages),
            stages=tuple(run.stages),
            events=run.events if search.reads_events else Frame(),
            earliest=context.progress.window.earliest,
            latest=context.progress.window.latest,
            scan_count=context.progress.scanned,
            event_count=context.progress.matched,
            seconds=time.perf_counter() - started,
        )

    def _cut(self, frame: Frame, search: Plan, context: SearchContext, max_rows: int | None) -> Frame:
        limit = self.limits.result_max_rows if max_rows is None else max_rows
        if not search.transforming or frame.length <= limit or not limit:
            return frame
        context.messages.warn(f"The search results were truncated to the first {limit} of {frame.length} rows.")
        return frame.head(limit)


class Run:
    """One pass of frames through steps, noting each stage."""

    def __init__(self, context: SearchContext) -> None:
        self.context = context
        self.stages: list[Stage] = []
        self.events = Frame()
        self._transformed = False

    def steps(self, steps: Sequence[Step], frame: Frame) -> Frame:
        for step in steps:
            self.context.control.check()
            began = time.perf_counter()
            frame = self._step(step, frame)
            self.stages.append(Stage(step.name, step.text, frame.length, time.perf_counter() - began))
        return frame

    def _step(self, step: Step, frame: Frame) -> Frame:
        context = replace(self.context, command=step.name, text=step.source.text)
        try:
            frame = step.command.run(frame, context)
        except SPLError as error:
            error.where = error.where or step.place
            raise
        self._transformed = self._transformed or step.command.transforming
        if not self._transformed:
            self.events = frame
        return frame


def _told(frame: Frame, context: SearchContext) -> Frame:
    """The results, without the fields that nobody has asked for and that cannot be told."""
    left_out: list[str] = []
    for name, column in frame.columns.items():
        if isinstance(column, RefusedColumn):
            if not column.unread:
                raise column.refusal
            context.messages.warn(f"The field '{name}' is left out of the results. {column.refusal.args[0]}")
            left_out.append(name)
    return frame.without(left_out) if left_out else frame


def request_window(request: SearchRequest, now: float) -> Window:
    """The time range a client asked for (M3.6, M3.7)."""
    earliest = _bound(request.earliest, request, now, "Invalid earliest_time.")
    wrong = "Invalid latest_time: latest_time must be after earliest_time."
    latest = _bound(request.latest, request, now, wrong)
    if earliest is not None and latest is not None and latest <= earliest:
        raise SPLSyntaxError(wrong)
    return Window(earliest, latest)


def _bound(value: str | float | None, request: SearchRequest, now: float, wrong: str) -> float | None:
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        return float(value)
    try:
        return resolve_time(value, now, request.timezone)
    except InvalidTimeError:
        raise SPLSyntaxError(wrong) from None


def _deadline(seconds: float | None) -> float | None:
    return None if seconds is None else time.monotonic() + seconds
