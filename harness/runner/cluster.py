"""Workers on a Dask cluster: ``--cluster tcp://scheduler:8786``.

Every process of the cluster runs one test at a time on an embedded Splunk of its own. The content is sent there; what
it reads from files (lookups, apps) must lie there under the same paths, which is checked by hash. Datasets are looked
for there by hash, and are sent only where they are missing. A test whose process dies Dask gives to another one.
"""

from __future__ import annotations

import logging
import re
import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from harness import __version__
from harness.errors import BackendError, DatasetError, UsageError
from harness.fidelity import fidelity_hash
from harness.replay.download import default_cache
from harness.replay.locate import Locator
from harness.replay.store import Store, sha256_of
from harness.runner.dependencies import files_of
from harness.runner.draft import Tools
from harness.runner.record import BackendRecord
from harness.runner.setup import Setup
from harness.runner.subject import PlannedTest
from harness.runner.work import Done, Work, WorkerDied, given_up, perform

if TYPE_CHECKING:
    from distributed import Client

CONNECT_SECONDS = 10
_ADDRESS: Final = re.compile(r"(?:[a-z]+://)?\S+:\d+")
_LOOK_AGAIN_SECONDS = 1.0
"""How long the number of the cluster's workers is taken for the same."""


@dataclass(frozen=True, slots=True)
class Run:
    """What a process of the cluster is told once: ``files`` are the paths that it reads, with their hashes."""

    id: str
    setup: Setup
    version: str
    files: tuple[tuple[Path, str], ...]


class Cluster:
    """``Client.get_executor()`` is an executor like any other: what it runs is :func:`perform`."""

    def __init__(self, setup: Setup, address: str) -> None:
        self._client = _connect(address)
        self._gone = f"the Dask scheduler at {address} is gone"
        self._executor = self._client.get_executor(pure=False)
        read = [lookup.csv for lookup in setup.content.lookups if lookup.csv is not None]
        read += [path for app in setup.apps for path in files_of(app)]
        files = tuple((path, sha256_of(path)) for path in read if path.is_file())
        self._run = Run(uuid.uuid4().hex, setup, f"{__version__} {fidelity_hash()}", files)
        # A task, not scattered data: Dask can make it again when the process that holds it dies.
        self._told = self._client.submit(_itself, self._run, pure=False)
        self._locator = setup.locator
        self._sent: dict[str, Any] = {}
        self._looked = 0.0
        self.slots = 1
        self._look()

    def _look(self) -> None:
        """Workers come and go: give as many tests at a time as there are processes now."""
        if time.monotonic() - self._looked > _LOOK_AGAIN_SECONDS:
            with suppress(Exception):  # the scheduler is gone, which is said of the tests
                self.slots = max(1, len(self._client.nthreads()))
            self._looked = time.monotonic()

    def begin(self, backend: BackendRecord) -> None:
        """Each has an embedded Splunk of the same version of harness."""

    def submit(self, work: Work) -> Future[list[Done]]:
        self._look()
        answer: Future[list[Done]] = Future()
        self._ask(work, self._hashes(work.tests), (), answer)
        return answer

    def _ask(self, work: Work, hashes: Mapping[str, str], missing: Sequence[str], answer: Future[list[Done]]) -> None:
        if self._lost:
            self._failed(work, "", answer)
            return
        try:
            data = {name: self._send(hashes[name], name, work) for name in missing}
            future = self._executor.submit(_perform, self._told, work, dict(hashes), data)
        except Exception as error:  # noqa: BLE001 - whatever a lost scheduler raises
            self._failed(work, f"the cluster does not take the test: {error}", answer)
            return
        future.add_done_callback(lambda done: self._take(done, work, hashes, answer))

    def _take(self, done: Future[Any], work: Work, hashes: Mapping[str, str], answer: Future[list[Done]]) -> None:
        from distributed.scheduler import KilledWorker

        try:
            result = done.result()
        except (KilledWorker, CancelledError) as error:
            self._sent.clear()  # what was sent may have been lost with the process that held it
            self._failed(work, str(error) or "the cluster gave it up", answer)
        except Exception as error:  # noqa: BLE001 - it is the answer
            answer.set_exception(error)
        else:
            if isinstance(result, _Missing):
                # Not from this thread: sending waits for the loop that calls us.
                threading.Thread(target=self._ask, args=(work, hashes, result.names, answer), daemon=True).start()
            else:
                answer.set_result(result)

    @property
    def _lost(self) -> bool:
        """Whether the client has given the scheduler up; nothing that it is asked then is ever answered."""
        return self._client.status not in {"running", "connecting"}

    def _failed(self, work: Work, why: str, answer: Future[list[Done]]) -> None:
        """Another process may do better, but none will without a scheduler."""
        if self._lost:
            answer.set_result([Done(given_up(test, self._gone)) for test in work.tests])
        else:
            answer.set_exception(WorkerDied(why))

    def _hashes(self, tests: Sequence[PlannedTest]) -> dict[str, str]:
        """The hash of each dataset that is here; what is not here is said by whoever runs the test."""
        found = {}
        for test in tests:
            for item in test.all_data():
                try:
                    found[item.data] = sha256_of(self._locator.find(item.data, mentioned_in=test.subject.path))
                except DatasetError:
                    continue
        return found

    def _send(self, sha256: str, name: str, work: Work) -> Any:
        if sha256 not in self._sent:
            path = self._locator.find(name, mentioned_in=work.tests[0].subject.path)
            self._sent[sha256] = self._client.scatter(path.read_bytes())
        return self._sent[sha256]

    def stop(self, *, kill: bool) -> None:
        with suppress(Exception):  # the cluster is gone, and with it what was to be given back
            self._executor.shutdown(wait=not kill and not self._lost)
            if not self._lost:
                self._client.run(_forget, self._run.id, on_error="ignore")
        self._client.close()


def _connect(address: str) -> Client:
    try:
        from distributed import Client
    except ImportError as error:
        raise BackendError("--cluster needs Dask", hint="pip install 'harness[cluster]'") from error
    if not _ADDRESS.fullmatch(address):
        raise UsageError(
            f"--cluster {address!r} is not the address of a Dask scheduler", hint="for example tcp://scheduler:8786"
        )
    try:
        client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
        # What it would print of a lost scheduler is said of each test.
        for name in ("distributed", "distributed.client"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
    except (OSError, TimeoutError, ValueError) as error:
        raise BackendError(
            f"no Dask scheduler answers at {address}: {error}", hint="start one: dask scheduler"
        ) from error
    versions = client.run(_version)
    if not versions:
        client.close()
        raise BackendError(f"the Dask cluster at {address} has no workers", hint="start some: dask worker ADDRESS")
    for worker, version in versions.items():
        if version != _version():
            client.close()
            raise BackendError(
                f"the worker {worker} has harness {version}, and here is {_version()}",
                hint="install the same version everywhere: verdicts must not depend on who runs a test",
            )
    return client


# --- in a process of the cluster --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Missing:
    """Datasets that are to be sent."""

    names: tuple[str, ...]


@dataclass(slots=True)
class _Here:
    """What a process keeps between the tests of a run."""

    tools: Tools
    store: Store
    started: bool = False
    busy: threading.Lock = field(default_factory=threading.Lock)


_RUNS: dict[str, _Here] = {}
_LOCK = threading.Lock()


def _version() -> str:
    return f"{__version__} {fidelity_hash()}"


def _itself(run: Run) -> Run:
    return run


def _perform(run: Run, work: Work, hashes: Mapping[str, str], data: Mapping[str, bytes]) -> list[Done] | _Missing:
    here = _here(run)
    with here.busy:  # one test at a time: a process of the cluster may have several threads
        known = run.setup.locator
        downloads = replace(known.downloads, folder=here.store.folder)
        locator = _ByHash(known.root, downloads, known.data_root, known.pins, hashes, here.store)
        for name, content in data.items():
            locator.keep(name, content)
        if missing := locator.missing(work.tests):
            return _Missing(missing)
        if not here.started and any(test.needs_backend for test in work.tests):
            here.tools.backend.start()
            here.started = True
        here.tools.locator = locator
        return perform(work, here.tools)


def _here(run: Run) -> _Here:
    with _LOCK:
        found = _RUNS.get(run.id)
        if found is None:
            for path, sha256 in run.files:
                if not path.is_file() or sha256_of(path) != sha256:
                    raise BackendError(
                        f"a worker of the cluster has not the same {path}",
                        hint="give the workers the same checkout and apps under the same paths",
                    )
            store = replace(run.setup.downloads, folder=default_cache()).store
            found = _RUNS[run.id] = _Here(run.setup.tools(), store)
        return found


def _forget(run_id: str) -> None:
    found = _RUNS.pop(run_id, None)
    if found is not None:
        found.tools.backend.stop()


@dataclass(frozen=True, slots=True)
class _ByHash(Locator):
    """Finds datasets as ever, but takes only those with the hash that they have where the run was started."""

    hashes: Mapping[str, str] = field(default_factory=dict)
    store: Store | None = None

    def find(self, data: str, *, mentioned_in: Path | None = None) -> Path:
        sha256 = self.hashes.get(data)
        if sha256 is None:
            return Locator.find(self, data, mentioned_in=mentioned_in)
        assert self.store is not None
        path = self.store.find(sha256, Path(data).name)
        if path is None:
            path = Locator.find(self, data, mentioned_in=mentioned_in)
            if sha256_of(path) != sha256:
                raise DatasetError(f"the dataset {data} is another one here")
        return path

    def missing(self, tests: Sequence[PlannedTest]) -> tuple[str, ...]:
        return tuple(
            item.data
            for test in tests
            for item in test.all_data()
            if item.data in self.hashes and not self._has(item.data, test.subject.path)
        )

    def _has(self, data: str, mentioned_in: Path) -> bool:
        try:
            return self.find(data, mentioned_in=mentioned_in).is_file()
        except DatasetError:
            return False

    def keep(self, data: str, content: bytes) -> None:
        import tempfile

        assert self.store is not None
        with tempfile.TemporaryDirectory(dir=self.store.folder if self.store.folder.is_dir() else None) as folder:
            path = Path(folder) / "data"
            path.write_bytes(content)
            self.store.copy(path, self.hashes[data], Path(data).name)
