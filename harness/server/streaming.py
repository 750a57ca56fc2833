"""``receivers/stream``: a request without a length whose body ends with the connection (splunklib's ``attach``).

To HTTP/1.1 such a request has no body, so that the HTTP server never sees what follows. Connections that begin like
this are taken out of its hands.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from uvicorn.protocols.http.h11_impl import H11Protocol

from harness.server.answers import Refusal
from harness.server.call import read_arguments, read_path
from harness.server.ingest import Origin

if TYPE_CHECKING:
    from harness.server.instance import SplunkInstance

_END_OF_HEAD: Final = b"\r\n\r\n"
_MARK: Final = b"x-splunk-input-mode: streaming"
MAX_HEAD: Final = 64 * 1024


def protocol_for(instance: SplunkInstance) -> type[H11Protocol]:
    """The HTTP protocol of the management port: uvicorn's own, except for streams."""

    class Protocol(H11Protocol):
        _stream: _Stream | None = None
        _seen: bool = False

        def data_received(self, data: bytes) -> None:
            if not self._seen:
                self._seen = True
                if data.startswith(b"POST /services"):
                    self._stream = _Stream(instance)
            if self._stream is not None:
                passed_on = self._stream.feed(data)
                if passed_on is None:
                    return
                self._stream, data = None, passed_on
            super().data_received(data)

        def eof_received(self) -> None:
            self._end()
            super().eof_received()

        def connection_lost(self, exc: Exception | None) -> None:
            self._end()
            super().connection_lost(exc)

        def _end(self) -> None:
            if self._stream is not None:
                stream, self._stream = self._stream, None
                asyncio.get_running_loop().run_in_executor(None, stream.finish)

    return Protocol


class _Stream:
    """The bytes of one connection, until it is clear whether they are a stream, and then until they end."""

    def __init__(self, instance: SplunkInstance) -> None:
        self._instance = instance
        self._data = bytearray()
        self._body_at: int | None = None
        self._limit = instance.config.limits.upload_max_bytes

    def feed(self, data: bytes) -> bytes | None:
        """Take bytes. Gives all of them back as soon as it is clear that they are no stream."""
        self._data += data
        if self._body_at is None:
            end = self._data.find(_END_OF_HEAD)
            if end < 0:
                return bytes(self._data) if len(self._data) > MAX_HEAD else None
            head = bytes(self._data[:end]).lower()
            if _MARK not in head or b"/receivers/stream" not in head.partition(b"\r\n")[0]:
                return bytes(self._data)
            self._body_at = end + len(_END_OF_HEAD)
        if len(self._data) - self._body_at > self._limit:
            del self._data[self._body_at + self._limit :]
        return None

    def finish(self) -> None:
        """The connection has ended: index what came, if its sender may."""
        if self._body_at is None:
            return
        lines = bytes(self._data[: self._body_at]).decode("latin-1").split("\r\n")
        path, _, query = lines[0].split(" ")[1].partition("?")
        headers = {
            name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])
        }
        target = read_path(path.encode())
        if target is None or target.path != "receivers/stream":
            return
        try:
            self._instance.gate.identify(headers)
        except Refusal:
            return  # nobody is there any more to be told
        body = bytes(self._data[self._body_at :])
        if body.strip():
            self._instance.ingest.raw(body, origin_of(self._instance, read_arguments(query.encode(), b"")))


def origin_of(instance: SplunkInstance, arguments: Mapping[str, list[str]]) -> Origin:
    """Where received data comes from and goes to (M8.16, M8.17)."""

    def one(name: str, default: str) -> str:
        return (arguments.get(name) or [default])[0]

    index = one("index", "default")
    return Origin(
        index="main" if index == "default" else index,
        host=one("host", instance.name),
        source=one("source", "http-simple"),
        sourcetype=one("sourcetype", "unknown-too_small"),
    )
