"""The embedded Splunk: our engine behind our own server, on loopback, inside this process.

Every test gets a server of its own, with nothing in it but the apps; they are read once and shared. Tests talk to it
over TLS with a login, as they would to any other.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from harness.backends.base import BackendInfo, ScheduledRun
from harness.client.address import Address, Credentials, Trust
from harness.client.answers import App
from harness.client.hec import HecClient
from harness.client.rest import SplunkClient
from harness.server.config import ServerConfig
from harness.server.server import RunningServer, Server
from harness.values.column import RefusedColumn

if TYPE_CHECKING:
    from harness.knowledge.knowledge import Knowledge

INDEXES = ("risk", "notable")
"""What a Splunk with Enterprise Security has beside its own indexes."""


APPROACH_SECONDS = 60.0
"""How long before a run its search is installed: no schedule runs twice within a minute."""


class TestClock:
    """The time of day, until a test sets it to the moment that a schedule is about."""

    __test__ = False  # not a pytest class

    def __init__(self) -> None:
        self._set: float | None = None

    def now(self) -> float:
        return time.time() if self._set is None else self._set

    def set_to(self, moment: float) -> None:
        self._set = moment


class EmbeddedBackend:
    kind = "embedded"
    cheap = True

    def __init__(self, knowledge: Callable[[], Knowledge], *, indexes: Sequence[str] = ()) -> None:
        """``knowledge`` is called once, when the backend starts; ``indexes`` are made beside the usual ones."""
        self._load = knowledge
        self._indexes = (*INDEXES, *indexes)
        self._knowledge: Knowledge | None = None

    def start(self) -> BackendInfo:
        self._knowledge = self._load()
        with self.session() as session:
            info = session.client.info()
        apps = [App(app.name, app.version) for app in self._knowledge.apps]
        return BackendInfo(self.kind, info.version, tuple(sorted(apps, key=lambda app: app.name)))

    @contextmanager
    def session(self) -> Iterator[EmbeddedSession]:
        clock = TestClock()
        config = ServerConfig(
            knowledge=self._knowledge, clock=clock, indexes=self._indexes, server_name=EmbeddedSession.server_name
        )
        with Server(config).start() as server, tempfile.TemporaryDirectory(prefix="harness-") as folder:
            address = address_of(server, Path(folder))
            client = SplunkClient(address, tidy=False)
            client.connect()
            with HecClient(address) as hec:
                yield EmbeddedSession(server, client, hec, clock)

    def stop(self) -> None:
        self._knowledge = None


class EmbeddedSession:
    """Indexing is done when the event collector has answered, so nothing is ever waited for."""

    index = "main"
    host = "harness"
    server_name = "splunk"
    """Not the host of the data: what the server writes about itself must not be taken for it."""
    alone = True

    def __init__(self, server: RunningServer, client: SplunkClient, hec: HecClient, clock: TestClock) -> None:
        self.client = client
        self.hec = hec
        self.used: set[str] = set()
        self._server = server
        self._clock = clock
        self._read = self._about_apps()

    @property
    def warnings(self) -> tuple[str, ...]:
        instance = self._server.instance
        refused = [_refused(instance.ingest.refused)] if instance.ingest.refused else []
        lost = [bulletin.text for bulletin in instance.bulletins.all() if bulletin.name.startswith("missing_index_")]
        return (
            *instance.ingest.warnings,
            *refused,
            *lost,
            *(text for text in self._about_apps() if text not in self._read),
        )

    def refused_fields(self) -> dict[str, str]:
        """Fields of indexed events that cannot be told, each with its reason; a search that reads one is refused."""
        instance = self._server.instance
        events = instance.searcher.events
        segments = [found.segment for found in instance.store.slices(instance.store.select_indexes(["*"]))]
        columns = [column for segment in segments for column in events.extracted(segment).columns.items()]
        return {name: str(column.refusal) for name, column in columns if isinstance(column, RefusedColumn)}

    def _about_apps(self) -> dict[str, None]:
        """What is the matter with apps; some of it shows only where their settings are used."""
        return dict.fromkeys(str(warning) for warning in self._server.instance.knowledge.warnings)

    def use_index(self, name: str) -> None:
        with self.client.service() as service:
            if name not in service.indexes:
                service.indexes.create(name)
        self.used.add(name)

    def saved_search_name(self, name: str) -> str:
        return name

    def approach(self, moment: float) -> None:
        self._clock.set_to(moment - APPROACH_SECONDS)

    def run_scheduled(self, name: str, moment: float) -> ScheduledRun:
        self._clock.set_to(moment)
        jobs = self._server.instance.scheduler.run_due(moment)
        return ScheduledRun(
            tuple(job.sid for job in jobs if job.saved_search == name), "by the scheduler, its clock set to that moment"
        )


def address_of(server: RunningServer, folder: Path) -> Address:
    """How to reach a server of ours. Its certificate is written into ``folder`` to be verified by."""
    trust = Trust()
    if server.certificate is not None:
        ca_file = folder / "ca.pem"
        ca_file.write_bytes(server.certificate.certificate)
        trust = Trust(ca_file=ca_file)
    return Address(
        rest_url=server.rest_url,
        credentials=Credentials(server.username, server.password),
        trust=trust,
        hec_url=server.hec_url,
        hec_token=server.hec_token,
    )


def _refused(count: int) -> str:
    said = "1 event refused: a rule sends it" if count == 1 else f"{count} events refused: a rule sends them"
    return f"{said} to the null queue"
