"""Starting and stopping an embedded Splunk: its sockets, its threads, its certificate."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Final

from harness.errors import BackendError
from harness.server.config import ServerConfig
from harness.server.instance import SplunkInstance
from harness.tls import Certificate, self_signed

if TYPE_CHECKING:
    import asyncio
    from typing import Self

    import uvicorn
    from starlette.types import ASGIApp

START_SECONDS: Final = 10.0
STOP_SECONDS: Final = 10.0
GRACE_SECONDS: Final = 0.25
"""What answers that are being sent get at the end; all searches have ended before."""
_BACKLOG: Final = 1024


class Server:
    """``Server(ServerConfig(...)).start()`` gives a :class:`RunningServer`."""

    def __init__(self, config: ServerConfig | None = None) -> None:
        self.config = config if config is not None else ServerConfig()

    def start(self) -> RunningServer:
        """Serve on both ports; returns when both answer. Raises :class:`BackendError` if a port is taken."""
        from harness.server.app import collector_app, management_app
        from harness.server.streaming import protocol_for

        config = self.config
        with _Sockets() as sockets:
            rest = sockets.bind(config.host, config.port, "management port", "--port")
            collector = sockets.bind(config.host, config.hec_port, "event collector's port", "--hec-port")
            certificate = self_signed([config.host, "localhost"]) if config.tls or config.collector_tls else None
            rest_tls = certificate if config.tls else None
            hec_tls = certificate if config.collector_tls else None
            instance = SplunkInstance(config)
            instance.rest_port, instance.hec_port = rest.getsockname()[1], collector.getsockname()[1]
            listeners = [
                _Listener(management_app(instance), rest, rest_tls, "management", protocol_for(instance)),
                _Listener(collector_app(instance), collector, hec_tls, "collector"),
            ]
            sockets.keep()
        running = RunningServer(instance, certificate, listeners)
        try:
            for listener in listeners:
                listener.start()
            for listener in listeners:
                listener.wait_until_serving()
            if config.follow_schedules:
                instance.scheduler.start()
        except BaseException:  # Ctrl-C too: no thread and no port outlives a start that did not end well
            running.stop()
            raise
        return running


class RunningServer:
    """A Splunk that answers. Stop it, or use it as a context."""

    def __init__(self, instance: SplunkInstance, certificate: Certificate | None, listeners: list[_Listener]) -> None:
        self.instance = instance
        self.certificate = certificate
        """In PEM, to be trusted by a client that verifies; None without TLS."""
        self._listeners = listeners

    @property
    def rest_url(self) -> str:
        return self._url(self.instance.rest_port, tls=self.instance.config.tls)

    @property
    def hec_url(self) -> str:
        return self._url(self.instance.hec_port, tls=self.instance.config.collector_tls)

    @property
    def hec_token(self) -> str:
        return self.instance.default_hec_token.token

    @property
    def username(self) -> str:
        return self.instance.admin.name

    @property
    def password(self) -> str:
        return self.instance.password

    def _url(self, port: int, *, tls: bool) -> str:
        host = self.instance.config.host
        shown = f"[{host}]" if ":" in host else host
        return f"{'https' if tls else 'http'}://{shown}:{port}"

    def stop(self) -> None:
        """End all searches, close both ports and wait for the threads. A second time does nothing."""
        self.instance.close()
        for listener in self._listeners:
            listener.ask_to_stop()
        for listener in self._listeners:
            listener.stop()
        self._listeners = []
        self.instance.kept.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class _Listener:
    """One port: an event loop in a thread of its own."""

    def __init__(
        self,
        app: ASGIApp,
        bound: socket.socket,
        certificate: Certificate | None,
        name: str,
        protocol: type[asyncio.Protocol] | None = None,
    ) -> None:
        self._socket = bound
        self._serving = threading.Event()
        self._stop: Callable[[], None] = lambda: None
        self._server = _uvicorn(app, certificate, self._now_serving, protocol)
        self._thread = threading.Thread(target=self._run, name=f"splunk-{name}", daemon=True)
        self._failure: BaseException | None = None

    def start(self) -> None:
        self._thread.start()

    def wait_until_serving(self) -> None:
        if not self._serving.wait(START_SECONDS) or self._failure is not None:
            raise BackendError(
                f"the embedded server did not start: {self._failure or 'it took too long'}"
            ) from self._failure

    def ask_to_stop(self) -> None:
        with suppress(RuntimeError):  # the loop has ended already
            self._stop()

    def stop(self) -> None:
        if self._thread.ident is not None:
            self._thread.join(STOP_SECONDS)
        self._socket.close()

    def _run(self) -> None:
        import asyncio

        try:
            asyncio.run(self._server.serve(sockets=[self._socket]))
        except BaseException as error:  # noqa: BLE001 - the door of the thread: the starter is told
            self._failure = error
        finally:
            self._serving.set()

    def _now_serving(self, stop: Callable[[], None]) -> None:
        self._stop = stop
        self._serving.set()


def _uvicorn(
    app: ASGIApp,
    certificate: Certificate | None,
    serving: Callable[[Callable[[], None]], None],
    protocol: type[asyncio.Protocol] | None,
) -> uvicorn.Server:
    """A server that says when it serves, handing over what stops it: at once, where uvicorn looks every 0.1 s."""
    import asyncio

    import uvicorn

    class Announcing(uvicorn.Server):
        async def main_loop(self) -> None:
            loop, stopping = asyncio.get_running_loop(), asyncio.Event()

            def stop() -> None:
                loop.call_soon_threadsafe(stopping.set)

            serving(stop)
            await stopping.wait()

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:  # noqa: ARG002
            for server in self.servers:
                server.close()
            if self.server_state.tasks:  # answers under way
                await asyncio.wait(self.server_state.tasks, timeout=GRACE_SECONDS)
            for connection in list(self.server_state.connections):
                # What is open now is idle. TLS would wait for the client to say goodbye, which it may never do.
                connection.transport.abort()

    def context(*_: object) -> ssl.SSLContext:
        assert certificate is not None
        return certificate.server_context()

    return Announcing(
        uvicorn.Config(
            app,
            http=protocol if protocol is not None else "h11",
            ws="none",
            lifespan="off",
            loop="asyncio",
            log_config=None,
            log_level="critical",
            access_log=False,
            server_header=False,
            date_header=False,
            h11_max_incomplete_event_size=4 * 1024 * 1024,
            backlog=_BACKLOG,
            timeout_keep_alive=30,
            ssl_context_factory=context if certificate is not None else None,
        )
    )


@dataclass(slots=True)
class _Sockets:
    """Sockets that are closed again if not all could be had."""

    bound: list[socket.socket]

    def __init__(self) -> None:
        self.bound = []

    def bind(self, host: str, port: int, what: str, option: str) -> socket.socket:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        # With the protocol named, asyncio turns Nagle's algorithm off; each answer would wait 40 ms otherwise.
        found = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self.bound.append(found)
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            found.bind((host, port))
            found.listen(_BACKLOG)
        except OSError as error:
            raise BackendError(
                f"the {what} {port} on {host} cannot be had: {error.strerror or error}",
                hint=f"stop what listens there, or choose another with {option} (0 is any free one)",
            ) from error
        return found

    def keep(self) -> None:
        self.bound = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for each in self.bound:
            each.close()
