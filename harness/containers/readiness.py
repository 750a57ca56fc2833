"""When a container is ready: its own health check, REST, event collector, KV store and apps, in this order."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import Final

from harness.client.address import Address
from harness.client.hec import HecClient
from harness.client.rest import SplunkClient
from harness.client.waiting import wait_until
from harness.containers import contract
from harness.containers.container import SplunkContainer
from harness.containers.engine import Report
from harness.errors import BackendError

_NO_SUCH_COMMAND: Final = 126
_RESTART: Final = "restart_required"


def wait_until_ready(container: SplunkContainer, apps: Collection[str], seconds: float, report: Report) -> None:
    """Raises BackendError with the container's state and last words if it is not ready within ``seconds``."""
    _Wait(container, seconds, report).through(apps)


class _Wait:
    def __init__(self, container: SplunkContainer, seconds: float, report: Report) -> None:
        self._container = container
        self._report = report
        self._started = time.monotonic()
        self._deadline = self._started + seconds
        self._last = ""

    def through(self, apps: Collection[str]) -> None:
        self._phase("its own health check", self._healthy)
        address = self._container.address()
        client = SplunkClient(address)
        self._phase("the REST API", lambda: bool(client.connect()))
        if self._restart_is_wanted(client):
            with client.service() as service:
                service.post("server/control/restart", owner="-", app="-")
            self._phase("the restart that an app asks for", lambda: self._healthy() and not self._restarting(client))
        self._phase("the HTTP Event Collector", lambda: self._collects(address))
        self._phase("the KV store", lambda: self._stores(client))
        self._phase("its apps", lambda: self._has(client, apps))

    def _phase(self, what: str, condition: Callable[[], bool]) -> None:
        """Wait for one thing. A refused login is final; other errors of an unready server are waited out and told
        if the time is over."""
        self._last = ""

        def holds() -> bool:
            if not self._container.running:
                raise _Ended
            try:
                return condition()
            except BackendError as error:
                if "refuses the login" in error.message:
                    raise
                self._last = error.message
                return False

        left = self._deadline - time.monotonic()
        try:
            wait_until(holds, max(left, 0.1), f"{what} was not ready within")
        except _Ended:
            raise BackendError(
                f"the container ended while harness waited for {what}\n{self._container.describe()}"
            ) from None
        except BackendError as error:
            told = "\n".join(filter(None, [error.message, self._last, self._container.describe()]))
            raise BackendError(told, hint=_hint(error)) from error
        self._report(f"ready after {time.monotonic() - self._started:.1f} s: {what}")

    def _healthy(self) -> bool:
        if not self._container.has_usual_port:
            return self._container.state() in contract.STARTED
        code = self._container.run(contract.CHECK)
        if code >= _NO_SUCH_COMMAND:
            raise _Ended if not self._container.running else BackendError(f"the image has no {contract.CHECK}")
        return code == 0

    def _restart_is_wanted(self, client: SplunkClient) -> bool:
        return any(entry.name.startswith(_RESTART) for entry in client.get("messages", count=0))

    def _restarting(self, client: SplunkClient) -> bool:
        client.connect()
        return self._restart_is_wanted(client)

    def _collects(self, address: Address) -> bool:
        with HecClient(address) as hec:
            hec.check()
        return True

    def _stores(self, client: SplunkClient) -> bool:
        current = client.get("kvstore/status")[0].content.get("current") or {}
        self._last = f"the KV store says {current.get('status')!r}"
        return current.get("status") == "ready"

    def _has(self, client: SplunkClient, apps: Collection[str]) -> bool:
        missing = sorted(set(apps) - {app.name for app in client.apps()})
        self._last = f"these apps are missing: {', '.join(missing)}" if missing else ""
        return not missing


def _hint(error: BackendError) -> str:
    if "refuses the login" in error.message:
        return "the image has set a password of its own: it must take the one that it is given, SPLUNK_PASSWORD"
    return error.hint or "--start-timeout gives it more time"


class _Ended(Exception):
    """The container runs no more."""


def answers(container: SplunkContainer) -> bool:
    """Whether a container that was ready still is."""
    with suppress(BackendError):
        return container.running and bool(SplunkClient(container.address()).connect())
    return False
