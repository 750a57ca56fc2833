"""Search jobs: dispatch, states, messages, control, time to live, and the threads that run them."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from harness.engine.context import SearchCancelledError
from harness.engine.plan import Plan
from harness.engine.search import SearchRequest, SearchResult, request_window
from harness.errors import SPLError, UnsupportedSPL
from harness.server.answers import Message, Refusal

if TYPE_CHECKING:
    from harness.server.instance import SplunkInstance

TTL: Final = 600
"""Seconds that a job lives after it was last touched (M3.10)."""
SAVE_TTL: Final = 604_800
"""What ``save`` makes of it (M3.29)."""
MAX_JOBS: Final = 5_000
"""Jobs kept at most; the oldest finished ones go first."""

CANCELLED: Final = "Search job cancelled."

UNSUPPORTED: Final = "Unsupported: "
"""How the message of a search begins that uses something which the engine does not implement exactly. Clients of ours
tell by it that nothing is known about the search, rather than that it is wrong."""


class State(StrEnum):
    QUEUED = "QUEUED"
    PARSING = "PARSING"
    RUNNING = "RUNNING"
    FINALIZING = "FINALIZING"
    DONE = "DONE"
    FAILED = "FAILED"
    PAUSE = "PAUSE"  # not PAUSED (M3.32)


@dataclass(slots=True)
class Job:
    """One search and what became of it. Changed under ``lock`` only."""

    sid: str
    search: str
    owner: str
    app: str
    arguments: Mapping[str, str]
    """What the client dispatched with, echoed as ``request`` (M3.19)."""
    request: SearchRequest
    created: float
    ttl: int = TTL
    label: str = ""
    saved_search: str = ""
    provenance: str = "rest:jobs"
    kind: str = "ad-hoc"
    scheduled: bool = False
    prepared: Plan | SPLError = field(default_factory=lambda: SPLError("not checked yet"))
    """The plan that dispatch made, or what is wrong with the search."""
    plan: Plan | None = None
    """The plan, once the search runs by it."""
    state: State = State.QUEUED
    paused: bool = False
    finalized: bool = False
    saved: bool = False
    preview: bool = False
    priority: int = 5
    custom: dict[str, str] = field(default_factory=dict)
    messages: list[Message] = field(default_factory=list)
    result: SearchResult | None = None
    touched: float = 0.0
    updated: float = 0.0
    started: float = 0.0
    ended: float = 0.0
    cancelled: threading.Event = field(default_factory=threading.Event)
    finished: Future[None] = field(default_factory=Future)
    lock: threading.RLock = field(default_factory=threading.RLock)
    on_done: Callable[[Job], None] | None = None

    @property
    def is_done(self) -> bool:
        return self.state in {State.DONE, State.FAILED}

    @property
    def failed(self) -> bool:
        return self.state is State.FAILED

    @property
    def shown_state(self) -> State:
        return State.PAUSE if self.paused and not self.is_done else self.state

    def touch(self, now: float) -> None:
        """Extends the time to live (M3.34) and moves ``updated``, which clients compare."""
        with self.lock:
            self.touched = now
            # Two touches within a millisecond would otherwise read alike.
            self.updated = max(now, self.updated + 0.001)

    def expires(self) -> float:
        return self.touched + self.ttl

    def stoppable(self) -> None:
        """Lets the search ask whether it is to stop."""
        self.request = replace(self.request, cancelled=self.cancelled.is_set)

    def end(self, state: State, now: float) -> None:
        """The job has come to its end, once and for all."""
        with self.lock:
            self.state = state
            self.touch(now)
            if not self.finished.done():
                self.finished.set_result(None)

    async def wait(self) -> None:
        """Until the job is done, without holding a thread."""
        await asyncio.shield(asyncio.wrap_future(self.finished))


class Jobs:
    """All jobs of an instance, and the pool that runs them. Thread-safe."""

    def __init__(self, instance: SplunkInstance, workers: int) -> None:
        self._instance = instance
        self._lock = threading.RLock()
        self._jobs: dict[str, Job] = {}
        self._count = 0
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="search")

    # --- finding ------------------------------------------------------------------------------------------------------

    def get(self, sid: str) -> Job:
        """The job; 404 ``Unknown sid.`` (M3.23) without one."""
        with self._lock:
            self._reap()
            job = self._jobs.get(sid)
        if job is None:
            raise Refusal(404, "FATAL", "Unknown sid.")
        return job

    def all(self) -> list[Job]:
        """Newest first."""
        with self._lock:
            self._reap()
            return sorted(self._jobs.values(), key=lambda job: job.created, reverse=True)

    def new_sid(self) -> str:
        with self._lock:
            self._count += 1
            return f"{int(self._instance.wall())}.{self._count}"

    # --- dispatching --------------------------------------------------------------------------------------------------

    def start(self, job: Job, *, listed: bool = True) -> None:
        """Check the job as Splunk does at dispatch (400 on a fault, and no job), then run it in the pool. A job that
        is not ``listed`` has no sid to ask for (oneshot, export)."""
        job.prepared = self._check(job.request)
        job.touch(self._instance.wall())
        if listed:
            with self._lock:
                if job.sid in self._jobs:
                    raise Refusal(400, "FATAL", f"Cannot create a search with sid={job.sid}: it exists already.")
                self._jobs[job.sid] = job
                self._evict()
        self._pool.submit(self._run, job)

    def _check(self, request: SearchRequest) -> Plan | SPLError:
        """Faults that dispatch itself reports: times (M3.6, M3.7), text that does not parse, macros (N3.6), unknown
        commands (M3.3). What a command says about its arguments comes from the job instead (M3.4, M3.5)."""
        try:
            request_window(request, request.now if request.now is not None else self._instance.clock.now())
            return self._instance.prepare(request.search, request.user)
        except UnsupportedSPL as error:
            return error
        except SPLError as error:
            raise Refusal(400, "FATAL", error.message) from error

    def _run(self, job: Job) -> None:
        with job.lock:
            if job.paused or job.state is not State.QUEUED:
                return  # unpause() submits it again, or has done so already
            job.state = State.PARSING
        self._execute(job)

    def _execute(self, job: Job) -> None:
        job.started = time.monotonic()
        try:
            if isinstance(job.prepared, SPLError):
                raise job.prepared
            self._instance.check_rights(job.owner)
            job.plan = job.prepared
            with job.lock:
                job.state = State.RUNNING
            result = self._instance.run(job.plan, job.request)
        except SearchCancelledError:
            self._fail(job, CANCELLED)
        except UnsupportedSPL as error:
            self._fail(job, UNSUPPORTED + error.message)
        except SPLError as error:
            self._fail(job, error.message)
        except RecursionError:
            self._fail(job, UNSUPPORTED + "the search is nested too deeply.")
        except Exception as error:  # noqa: BLE001 - the door of the pool: a fault of ours must end the job, and be seen
            self._fail(job, f"Internal error: {type(error).__name__}: {error}")
        else:
            self._complete(job, result)

    def _complete(self, job: Job, result: SearchResult) -> None:
        with job.lock:
            job.result = result
            job.messages += [Message(message.severity, message.text) for message in result.messages]
            job.ended = time.monotonic()
            job.state = State.FINALIZING
            if job.paused:
                return  # unpause() finishes it
        self._finish(job)

    def _finish(self, job: Job) -> None:
        """The last step. Actions of an alert have run when the job reads as done."""
        if job.on_done is not None:
            job.on_done(job)
        job.end(State.DONE, self._instance.wall())

    def _fail(self, job: Job, text: str) -> None:
        with job.lock:
            job.messages.append(Message("FATAL", text))
            job.ended = time.monotonic()
            job.end(State.FAILED, self._instance.wall())

    # --- controlling --------------------------------------------------------------------------------------------------

    def pause(self, job: Job) -> None:
        """A finished job stays finished, and reads as paused all the same."""
        with job.lock:
            job.paused = True

    def unpause(self, job: Job) -> None:
        with job.lock:
            was_paused, job.paused = job.paused, False
            waiting, finishing = job.state is State.QUEUED, job.state is State.FINALIZING
        if was_paused and waiting:
            self._pool.submit(self._run, job)
        elif was_paused and finishing:
            self._finish(job)

    def finalize(self, job: Job) -> None:
        """Our searches have no partial results to stop at: they run to their end, which is what finalizing allows."""
        with job.lock:
            job.finalized = True
        self.unpause(job)

    def remove(self, job: Job) -> None:
        """Stop the job and forget it: its sid is unknown from now on (M3.31)."""
        job.cancelled.set()
        with self._lock:
            self._jobs.pop(job.sid, None)
        if job.shown_state is State.PAUSE:
            self._fail(job, CANCELLED)

    def shutdown(self) -> None:
        """Stop every search and wait for the threads."""
        with self._lock:
            jobs = list(self._jobs.values())
        for job in jobs:
            job.cancelled.set()
        self._pool.shutdown(wait=True, cancel_futures=True)
        for job in jobs:
            if not job.is_done:
                self._fail(job, CANCELLED)

    # --- inside the lock

    def _reap(self) -> None:
        now = self._instance.wall()
        for sid in [sid for sid, job in self._jobs.items() if job.is_done and job.expires() < now]:
            del self._jobs[sid]

    def _evict(self) -> None:
        if len(self._jobs) <= MAX_JOBS:
            return
        done = sorted((job for job in self._jobs.values() if job.is_done), key=lambda job: job.touched)
        for job in done[: len(self._jobs) - MAX_JOBS]:
            del self._jobs[job.sid]


def messages_for_entry(job: Job) -> list[Message]:
    """The job entry repeats a FATAL message as an ERROR (M3.5)."""
    fatal = [message for message in job.messages if message.type == "FATAL"]
    return [*job.messages, *(Message("ERROR", message.text) for message in fatal)]
