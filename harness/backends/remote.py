"""An existing Splunk at an address.

Each test gets an index of its own, which the user's role searches by default while the test runs, and a token of the
event collector; all of it is taken away again, and so is what the test left in shared indexes. Nothing else is touched.
The data keeps its own time: a scheduled search is dispatched "as if it were" the moment of its schedule.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any

from harness.backends.base import BackendInfo, ScheduledRun
from harness.client.address import HEC_PORT, Address, parse_address
from harness.client.hec import HecClient, Target
from harness.client.rest import SplunkClient
from harness.errors import BackendError

INDEX_SECONDS = 60.0
SCHEDULED_SECONDS = 600.0
SHARED_INDEXES = ("risk", "notable")
"""Where alert actions write; our events there are deleted after a test."""


class RemoteBackend:
    kind = "remote"
    cheap = False

    def __init__(
        self,
        where: str | Address,
        environment: Mapping[str, str] | None = None,
        *,
        app: str | None = None,
        host: str = "",
    ) -> None:
        """``where`` is a URL, completed from the environment. Searches see what the ``app`` sees. On a server that is
        nobody else's, ``host`` is that of all data whose test names none; else each test has one of its own."""
        if isinstance(where, str):
            where = parse_address(where, os.environ if environment is None else environment)
        self._address = where
        self._client = SplunkClient(self._address, app=app)
        self._host = host

    def __str__(self) -> str:
        return str(self._address)

    def start(self) -> BackendInfo:
        info = self._client.connect()
        if not self._address.hec_url:
            self._address = replace(self._address, hec_url=self._collector_url())
        with HecClient(self._address) as hec:
            hec.check()
        return BackendInfo(kind=self.kind, version=info.release, apps=tuple(self._client.apps()))

    @contextmanager
    def session(self) -> Iterator[RemoteSession]:
        name = f"harness_{secrets.token_hex(6)}"
        with ExitStack() as undo:
            _make_index(self._client, name, undo)
            _lend_rights(self._client, name, undo)
            hec = undo.enter_context(self._collector(name, undo))
            session = RemoteSession(self._client, hec, name, self._host or name)
            undo.callback(session.clean)
            yield session

    @contextmanager
    def collector(self, index: str) -> Iterator[HecClient]:
        """The event collector alone, to send data that stays; ``index`` is where it goes unless it says so itself."""
        with ExitStack() as undo, self._collector(f"harness_{secrets.token_hex(6)}", undo, index=index) as hec:
            yield hec

    def wait_for_events(self, target: Target, known: int) -> int:
        """How many events of this kind there are, once there are more than ``known`` and their number stands still."""
        seen = [known]

        def still() -> bool:
            seen.append(self.count_events(target))
            return seen[-1] > known and seen[-1] == seen[-2]

        self._client.wait_until(still, INDEX_SECONDS, "indexing the data")
        return seen[-1]

    def count_events(self, target: Target) -> int:
        terms = " ".join(f'{key}="{value}"' for key, value in target.as_query().items() if key in {"index", "host"})
        rows = self._client.ask(f"| tstats count where {terms}")
        return int(str(rows[0]["count"])) if rows else 0

    def mend(self) -> str:
        """A server of others is theirs to bring back: it answers, or it is lost."""
        self._client.connect()
        return ""

    def stop(self) -> None:
        """Every session has given back what it took."""

    def _collector(self, name: str, undo: ExitStack, *, index: str = "") -> HecClient:
        """A client of the event collector with the token that the environment names, or one made for the while."""
        address = self._address
        if not address.hec_token:
            address = _with_token(self._client, address, name, index or name, undo)
        return HecClient(address)

    def _collector_url(self) -> str:
        """Where the event collector of this server listens, as its own settings say."""
        content = self._client.get("data/inputs/http/http")[0].content
        if _true(content.get("disabled")):
            raise BackendError(
                f"the HTTP Event Collector of {self._address} is disabled",
                hint="enable it under Settings > Data inputs > HTTP Event Collector > Global settings",
            )
        scheme = "https" if _true(content.get("enableSSL", True)) else "http"
        host = f"[{self._address.host}]" if ":" in self._address.host else self._address.host
        return f"{scheme}://{host}:{content.get('port') or HEC_PORT}"


class RemoteSession:
    """``index`` is the test's own; whatever lies in the server's other indexes is still there to be found."""

    alone = False

    def __init__(self, client: SplunkClient, hec: HecClient, name: str, host: str) -> None:
        self.client = client
        self.hec = hec
        self.index = name
        self.host = host  # among others unique, so that what lands in a shared index can be told apart
        self.used: set[str] = set()
        self._saved: list[str] = []

    @property
    def warnings(self) -> tuple[str, ...]:
        return ()  # a Splunk writes them into its own log

    def use_index(self, name: str) -> None:
        with self.client.service() as service:
            if name not in service.indexes:
                raise BackendError(
                    f"the test wants its data in the index {name}, which {self.client.address} does not have",
                    hint="make the index, or take custom_index out of the test",
                )
        self.used.add(name)

    def saved_search_name(self, name: str) -> str:
        self._saved.append(f"{self.index} {name}")
        return self._saved[-1]

    def approach(self, moment: float) -> None:
        """Its clock is its own."""

    def run_scheduled(self, name: str, moment: float) -> ScheduledRun:
        """Dispatched with the schedule's moment as "now": its relative window then lies over the data as recorded."""
        saved = self.client.saved_search(name)
        if saved is None:
            raise BackendError(f"the saved search {name} is gone from {self.client.address}")
        with self.client.service():
            job = saved.dispatch(trigger_actions="1", force_dispatch="1", **{"dispatch.now": str(int(moment))})
            sid = str(job.sid)
            self.client.wait_until(job.is_done, SCHEDULED_SECONDS, f"the saved search {name}")
        return ScheduledRun(
            (sid,), "dispatched with its actions as if at that moment; the server's scheduler was not used"
        )

    def clean(self) -> None:
        """Delete what this test put into indexes it does not own."""
        for index in self.used:
            self.client.search(f'search index="{index}" host="{self.host}" | delete')
        for name in self._saved:
            for index in SHARED_INDEXES:
                self.client.search(f'search index="{index}" search_name="{name}" | delete')
            saved = self.client.saved_search(name)
            if saved is not None:
                with self.client.service():
                    saved.delete()


def _make_index(client: SplunkClient, name: str, undo: ExitStack) -> None:
    def delete() -> None:
        with client.service() as service:
            service.indexes.delete(name)

    with client.service() as service:
        service.indexes.create(name)
        undo.callback(delete)
        client.wait_until(lambda: name in service.indexes, INDEX_SECONDS, f"making the index {name}")


def _lend_rights(client: SplunkClient, index: str, undo: ExitStack) -> None:
    """For as long as the test runs, the user's role searches our index by default, since a detection names none, and
    may delete events, since alerts write into indexes that are not ours."""
    content = client.get("authentication/current-context")[0].content
    roles = content.get("roles") or []
    if not roles:
        raise BackendError(f"the user at {client.address} has no role")
    role = roles[0] if isinstance(roles, list) else str(roles)
    before = client.get(f"authorization/roles/{role}")[0].content
    indexes = list(before.get("srchIndexesDefault") or [])
    imported = list(before.get("imported_roles") or [])

    def post(indexes: list[str], imported: list[str]) -> None:
        with client.service() as service:
            service.post(
                f"authorization/roles/{role}", srchIndexesDefault=indexes or [""], imported_roles=imported or [""]
            )

    undo.callback(post, indexes, imported)
    post([*indexes, index], [*imported, *({"can_delete"} - set(imported))])


def _with_token(client: SplunkClient, address: Address, name: str, index: str, undo: ExitStack) -> Address:
    def delete() -> None:
        with client.service() as service:
            service.delete(f"data/inputs/http/{name}", owner="nobody", app="splunk_httpinput")

    with client.service() as service:
        # No list of indexes: the token then takes any, and a test may name one of its own.
        service.post("data/inputs/http", owner="nobody", app="splunk_httpinput", name=name, index=index, useACK="1")
        undo.callback(delete)
    token = client.get(f"data/inputs/http/{name}")[0].content["token"]
    return address.with_hec(address.hec_url, str(token))


def _true(value: Any) -> bool:
    return str(value).lower() in {"1", "true"}
