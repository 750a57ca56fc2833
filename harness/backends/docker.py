"""A Splunk in a container of its own, started for the run or kept from an earlier one.

The tests run as on any server, in the namespace of an app that holds the content. A container that dies or stops
answering is replaced once by a fresh one; what it was at is run again by whoever asks :meth:`DockerBackend.mend`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from harness.backends.base import BackendInfo
from harness.backends.remote import RemoteBackend, RemoteSession
from harness.client.rest import SplunkClient
from harness.containers import container as containers
from harness.containers.container import SplunkContainer
from harness.containers.content import APP, install
from harness.containers.engine import Report, connect
from harness.containers.images import image_for, packages_for
from harness.containers.lock import Lock
from harness.containers.readiness import answers, wait_until_ready
from harness.containers.reaper import Reaper
from harness.containers.settings import ContainerSettings, Package
from harness.errors import BackendError

if TYPE_CHECKING:
    from docker.models.images import Image

    from docker import DockerClient
    from harness.knowledge.apps import App

HOST = "harness"
"""The host of data whose test names none, as embedded: it shows in the rows."""
REPLACEMENTS = 1
"""How often a container that was lost during a run is replaced: the second time something is wrong with it."""


class DockerBackend:
    kind = "docker"
    cheap = False

    def __init__(
        self,
        settings: ContainerSettings,
        *,
        content: Callable[[], App] | None = None,
        apps: Sequence[Path] = (),
        indexes: Sequence[str] = (),
        member: int = 0,
        report: Report = lambda line: None,
    ) -> None:
        """``content`` is installed over REST; ``apps`` are installed by the image when it starts; ``indexes`` are made
        where they are missing. ``member`` tells the containers of a pool apart; ``report`` is told what happens."""
        self._stopped = threading.Event()
        self._settings = settings
        self._content = content
        self._apps = apps
        self._indexes = indexes
        self._member = member
        self._report = report
        self._client: DockerClient | None = None
        self._container: SplunkContainer | None = None
        self._remote: RemoteBackend | None = None
        self._lock: Lock | None = None
        self._reaper = Reaper()
        self._replaced = 0

    # --- the backend -------------------------------------------------------------------------------------------------

    def start(self) -> BackendInfo:
        self._client = connect()
        try:
            for name in containers.sweep(self._client):
                self._report(f"removed {name}, which a run that is gone has left")
            info = self._bring_up()
        except BaseException:  # Ctrl-C too: nothing that was started is left behind
            self.stop()
            raise
        return BackendInfo(self.kind, info.version, info.apps)

    def session(self) -> AbstractContextManager[RemoteSession]:
        assert self._remote is not None, "started"
        return self._remote.session()

    def mend(self) -> str:
        """Empty if the container is well. Else it is replaced, and this says how it was lost. Raises BackendError if it
        was replaced before."""
        assert self._container is not None, "started"
        if answers(self._container):
            return ""
        lost = self._container.describe()
        if self._replaced == REPLACEMENTS:
            raise BackendError(
                f"the container was lost again after it had been replaced; the run stops\n{lost}",
                hint="does it have enough memory (--memory) and disk?",
            )
        self._replaced += 1
        self._report(f"{lost}\nstarting a fresh one, then the test that was running is run again")
        self._discard()
        self._bring_up()
        return lost

    def stop(self) -> None:
        self._stopped.set()
        if self._container is not None and not self._settings.keep:
            self._discard()
        self._reaper.close()
        self._unlock()
        if self._client is not None:
            self._client.close()
        self._client, self._container, self._remote = None, None, None

    @property
    def container(self) -> SplunkContainer:
        assert self._container is not None, "started"
        return self._container

    # --- its container -----------------------------------------------------------------------------------------------

    def _bring_up(self) -> BackendInfo:
        assert self._client is not None
        image = image_for(self._client, self._settings, self._report)
        packages = packages_for(image, self._apps)
        digest = self._settings.digest(str(image.id), packages)
        self._container = self._kept_one(digest)
        if self._container is None:
            self._container = self._new_one(image, packages, digest)
        address = self._container.address()
        if self._content is not None:
            install(SplunkClient(address, app=APP), self._container, self._content(), self._report)
        _make_indexes(SplunkClient(address), self._indexes)
        self._remote = RemoteBackend(address, app=APP if self._content is not None else None, host=HOST)
        return self._remote.start()

    def _kept_one(self, digest: str) -> SplunkContainer | None:
        """A container with the same configuration that nobody else uses and no killed run has left data in."""
        assert self._client is not None
        if not self._settings.keep:
            return None
        for found in containers.find(self._client):
            same = found.labels.get(containers.CONFIG) == digest
            if not same or not found.kept or not found.running:
                continue
            lock = Lock.take(found.id)
            if lock is None:
                continue
            self._lock = lock
            if answers(found) and not _leftovers(found):
                self._report(f"using {found.name}, which runs already")
                return found
            self._report(f"{found.name} is not as it was left: it is made anew")
            found.remove()
            self._unlock()
        return None

    def _new_one(self, image: Image, packages: Sequence[Package], digest: str) -> SplunkContainer:
        assert self._client is not None
        started = time.monotonic()
        made = SplunkContainer.create(self._client, image, self._settings, packages, digest=digest, member=self._member)
        self._container = made
        if self._stopped.is_set():  # while it was being made
            self._discard()
            raise BackendError("the run was stopped")
        if not self._settings.keep:
            self._reaper.guard(made.id)
        try:
            self._lock = Lock.take(made.id)
            self._report(f"starting {made.name} from {self._settings.image}")
            made.start()
            wait_until_ready(made, [item.app for item in packages], self._settings.start_seconds, self._report)
        except BaseException:  # Ctrl-C too: a container that is not ready is of no use to anyone
            self._discard()
            raise
        self._report(f"{made.name} is ready after {time.monotonic() - started:.1f} s")
        return made

    def _discard(self) -> None:
        if self._container is not None:
            self._container.remove()
            self._reaper.release(self._container.id)
            self._container = None
        self._unlock()

    def _unlock(self) -> None:
        if self._lock is not None:
            self._lock.release()
            self._lock = None


def _make_indexes(client: SplunkClient, wanted: Sequence[str]) -> None:
    """Those that tests name for their data; the container is ours, so they may be made in it."""
    there = {entry.name for entry in client.get("data/indexes", count=0)} if wanted else set()
    for name in wanted:
        if name not in there:
            with client.service() as service:
                service.indexes.create(name)


def _leftovers(container: SplunkContainer) -> bool:
    """Whether a run that was killed left an index of its own: its data would be found by the tests of others."""
    client = SplunkClient(container.address())
    client.connect()
    indexes = [entry.name for entry in client.get("data/indexes", count=0)]
    return any(name.startswith("harness_") for name in indexes)
