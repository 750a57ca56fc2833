"""Workers that are processes of their own, on this machine.

Each is started once, reads the apps once, and is asked for one piece of work after another. One that dies is replaced;
which work it had is known, since a worker has one piece at a time. None outlives this process.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from queue import SimpleQueue

from harness.errors import HarnessError
from harness.runner.record import BackendRecord
from harness.runner.setup import Setup
from harness.runner.work import Done, Work, WorkerDied, perform

GOODBYE_SECONDS = 10.0
"""What a worker that is told to stop may take to clean up after its test."""


class Processes:
    """``count`` processes, started at once. They are told ``setup`` when they start."""

    def __init__(self, setup: Setup, count: int) -> None:
        self.slots = count
        self._setup = setup
        self._stopping = False
        # A thread for each process waits for its answer: that is what makes a future of it.
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="harness-worker")
        self._idle: SimpleQueue[_Child] = SimpleQueue()
        self._children = [_Child(setup) for _ in range(count)]
        for child in self._children:
            self._idle.put(child)

    def begin(self, backend: BackendRecord) -> None:
        """Each has an embedded Splunk of the same version of harness."""

    def submit(self, work: Work) -> Future[list[Done]]:
        return self._threads.submit(self._ask, work)

    def _ask(self, work: Work) -> list[Done]:
        child = self._idle.get()
        try:
            return child.ask(work)
        except WorkerDied:
            if not self._stopping:
                self._children.remove(child)
                child = _Child(self._setup)
                self._children.append(child)
            raise
        finally:
            self._idle.put(child)

    def stop(self, *, kill: bool) -> None:
        self._stopping = True
        self._threads.shutdown(wait=not kill, cancel_futures=True)
        for child in self._children:
            child.dismiss(at_once=kill)
        for child in self._children:
            child.end()
        self._threads.shutdown()


class _Child:
    def __init__(self, setup: Setup) -> None:
        # A fresh interpreter on every system: a copy of this one would hold its locks and threads half-way.
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self.process = context.Process(target=_serve, args=(theirs, setup), daemon=True)
        with _interrupts_held_back():
            self.process.start()
        theirs.close()  # so that reading ends when the process does

    def ask(self, work: Work) -> list[Done]:
        try:
            self._connection.send(work)
            # The answer first: a process may have ended after it.
            if self._connection not in wait([self._connection, self.process.sentinel]):
                raise EOFError
            answer = self._connection.recv()
        except (EOFError, OSError) as error:
            raise WorkerDied(self._how_it_ended()) from error
        if isinstance(answer, BaseException):
            raise answer
        assert isinstance(answer, list)
        return answer

    def _how_it_ended(self) -> str:
        self.process.join(GOODBYE_SECONDS)
        code = self.process.exitcode
        if code is not None and code < 0:
            return f"killed by {signal.Signals(-code).name}"
        return "gone" if code is None else f"ended with code {code}"

    def dismiss(self, *, at_once: bool) -> None:
        if at_once:
            self.process.terminate()
        else:
            self._connection.close()  # no more work: it ends by itself

    def end(self) -> None:
        self.process.join(GOODBYE_SECONDS)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()


@contextmanager
def _interrupts_held_back() -> Iterator[None]:
    """A process that is begun meanwhile never hears Ctrl-C, not even before it can say that it will not."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # it would let them through again when it starts
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(connection: Connection, setup: Setup) -> None:
    """The life of a worker."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all; the one that started us tells us what to do
    signal.signal(signal.SIGTERM, _leave)
    threading.Thread(target=_follow_parent, daemon=True).start()
    tools = setup.tools()
    started = False
    try:
        with suppress(EOFError):  # there is no more work
            while True:
                work = connection.recv()
                try:
                    if not started and any(test.needs_backend for test in work.tests):
                        tools.backend.start()
                        started = True
                    connection.send(perform(work, tools))
                except HarnessError as error:
                    connection.send(error)
    finally:
        tools.backend.stop()


def _leave(*_: object) -> None:
    """End by an exception, so that a test gives back what it took. It may come up where nothing can be raised, which
    would be told at length."""
    sys.unraisablehook = lambda _: None
    sys.exit(1)


def _follow_parent() -> None:
    """End with the process that started us, however it ends."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait(GOODBYE_SECONDS)
    os._exit(1)
