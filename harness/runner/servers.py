"""Workers that are servers of their own: containers, or the list of addresses that ``--backend`` names.

Each server runs one test at a time, asked by a thread of this process. After a test that ended in an error its server
is looked at. If it was lost and came back, the test is run again; if it does not come back, the others go on without
it, and when none is left, what was not run says so.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue

from harness.backends.base import Backend, BackendInfo, Mendable
from harness.backends.remote import RemoteBackend
from harness.errors import BackendError
from harness.runner.draft import Tools
from harness.runner.record import BackendRecord, Status
from harness.runner.work import Done, Work, WorkerDied, given_up, perform


class Servers:
    """The first of ``crew`` is started by whoever runs the plan; the others start at once, beside it."""

    def __init__(self, crew: Sequence[Tools], report: Callable[[str], None] = lambda line: None) -> None:
        self.slots = len(crew)
        self._crew = crew
        self._threads = ThreadPoolExecutor(len(crew), thread_name_prefix="harness-server")
        self._starts = {id(tools): self._threads.submit(tools.backend.start) for tools in crew[1:]}
        self._idle: SimpleQueue[Tools] = SimpleQueue()
        self._lost = ""
        self._leaving = threading.Lock()
        self._report = report
        for tools in crew:
            self._idle.put(tools)

    def begin(self, backend: BackendRecord) -> None:
        if backend.kind != RemoteBackend.kind:
            return
        for tools in self._crew[1:]:
            info = self._starts[id(tools)].result()
            if info.version != backend.version:
                raise BackendError(
                    f"the servers are not alike: {tools.backend} is Splunk {info.version}, and the first one named, "
                    f"{self._crew[0].backend}, is {backend.version}",
                    hint="run the tests on each version by itself, and compare with harness parity",
                )

    def submit(self, work: Work) -> Future[list[Done]]:
        if self._lost:
            future: Future[list[Done]] = Future()
            future.set_result([Done(given_up(test, self._lost)) for test in work.tests])
            return future
        return self._threads.submit(self._ask, work)

    def _ask(self, work: Work) -> list[Done]:
        tools = self._idle.get()
        try:
            if any(test.needs_backend for test in work.tests):
                self._wait_for_start(tools)
            done = perform(work, tools)
            lost = _mended(tools.backend) if any(item.result.status is Status.ERROR for item in done) else ""
        except BackendError as error:
            self._leave(error)
            raise WorkerDied(str(error)) from error
        self._idle.put(tools)
        if lost:
            raise WorkerDied(lost)
        return done

    def _wait_for_start(self, tools: Tools) -> BackendInfo | None:
        start = self._starts.get(id(tools))
        return start.result() if start is not None else None

    def _leave(self, error: BackendError) -> None:
        """A server goes and does not come back; the last one's reason is that of every test that was not run."""
        with self._leaving:
            if self.slots == 1:
                self._lost = f"not run: {error}"
            else:
                self.slots -= 1
                self._report(f"the tests go on without a server that was lost: {error}")

    def stop(self, *, kill: bool) -> None:
        self._threads.shutdown(wait=not kill, cancel_futures=True)
        for tools in self._crew[1:]:
            tools.backend.stop()
        self._threads.shutdown()


def _mended(backend: Backend) -> str:
    return backend.mend() if isinstance(backend, Mendable) else ""
