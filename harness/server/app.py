"""The two web applications: the management port and the event collector's port.

Endpoint functions are plain functions that run in threads; the few that wait for a search are coroutines, so that
waiting holds no thread. The event loop itself only moves bytes.
"""

from __future__ import annotations

import gzip
import inspect
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from email.utils import formatdate
from typing import TYPE_CHECKING, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from harness import __version__
from harness.server import hec, routing
from harness.server.answers import JSON, Answer, Refusal
from harness.server.call import Call, read_arguments, read_path
from harness.server.endpoints.root import top
from harness.server.routing import Style
from harness.settings import SIGNATURE

if TYPE_CHECKING:
    from harness.server.instance import SplunkInstance

_BASE: Final = {
    "Server": "Splunkd",
    SIGNATURE: __version__,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    # Without this header splunklib closes the connection before it reads the body.
    "Connection": "Keep-Alive",
}
_GZIP_BYTES: Final = 512
"""A body of 127 bytes is not compressed and one of 659 is (M2.64); the limit itself is not known."""


class TooLargeError(Exception):
    """The body is longer than this port takes."""


def management_app(instance: SplunkInstance) -> ASGIApp:
    """The application of the management port."""

    async def serve(request: Request) -> Response:
        return await _Management(instance, request).respond()

    return _as_app(serve)


def collector_app(instance: SplunkInstance) -> ASGIApp:
    """The application of the event collector's port."""

    async def serve(request: Request) -> Response:
        headers = _headers(request)
        try:
            body = await _read(request, instance.config.limits.upload_max_bytes)
        except TooLargeError:
            return _response(Answer([b'{"text":"Content-Length too large","code":27}'], 413, JSON), headers, {})
        answer = await run_in_threadpool(
            hec.respond, instance, request.method, request.url.path, request.scope["query_string"], headers, body
        )
        return _response(answer, headers, {}, compress=False, head=request.method == "HEAD")

    return _as_app(serve)


def _as_app(serve: Callable[[Request], Awaitable[Response]]) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise RuntimeError(f"only HTTP is served here, not {scope['type']}")
        try:
            response = await serve(Request(scope, receive))
        except ClientDisconnect:
            return
        await response(scope, receive, send)

    return app


async def _run(route: routing.Route, call: Call, values: Mapping[str, str]) -> Answer:
    answer: Answer
    if inspect.iscoroutinefunction(route.function):
        answer = await route.function(call, **values)
    else:
        answer = await run_in_threadpool(route.function, call, **values)  # type: ignore[arg-type]
    return answer


class _Management:
    """One request to the management port, from bytes to bytes."""

    def __init__(self, instance: SplunkInstance, request: Request) -> None:
        self._instance = instance
        self._request = request
        self._headers = _headers(request)
        self._json = False
        self._extra = {"Vary": "Cookie, Authorization"}
        self._user = ""

    async def respond(self) -> Response:
        started = time.time()
        try:
            answer = await self._answer()
        except Refusal as refusal:
            answer = refusal.answer(json=self._json)
        except TooLargeError:
            answer = Refusal(413, "ERROR", "The request body is too large.").answer(json=self._json)
        except Exception as error:  # noqa: BLE001 - the door of the port: a fault of ours is a 500, not a dead connection
            text = f"Internal error: {type(error).__name__}: {error}"
            self._instance.report(error, self._request.url.path)
            answer = Refusal(500, "ERROR", text).answer(json=self._json)
        request = self._request
        self._instance.access_log.add(
            self._user, request.method, request.url.path, answer.status, answer.length, started
        )
        return await run_in_threadpool(
            _response, answer, self._headers, self._extra, compress=True, head=self._request.method == "HEAD"
        )

    async def _answer(self) -> Answer:
        request = self._request
        query = read_arguments(request.scope["query_string"], b"")
        self._json = query.get("output_mode", [""])[0].startswith("json")
        if request.scope["raw_path"] == b"/" and request.method in {"GET", "HEAD"} and not self._json:
            return top(self._instance, self._base_url())
        target = read_path(request.scope["raw_path"])
        found = routing.find(target) if target is not None else None
        method = "GET" if request.method == "HEAD" else request.method
        route = found[0].routes.get(method) if found is not None else None
        if route is not None and route.public:
            self._extra = {}
            identity = None
        else:
            identity = self._instance.gate.identify(self._headers)
            self._user = identity.user.name
            if identity.cookie and identity.session is not None:
                secure = request.scope["scheme"] == "https"
                self._extra["Set-Cookie"] = self._instance.gate.set_cookie(identity.session, secure=secure)
        if target is None or found is None:
            raise routing.not_found(target)
        path, values = found
        self._extra |= routing.relation(path, values)
        raw_body = route is not None and route.raw_body
        config = self._instance.config
        body = await _read(request, config.limits.upload_max_bytes if raw_body else config.max_form_bytes)
        arguments = query if raw_body else read_arguments(request.scope["query_string"], body)
        call = Call(
            instance=self._instance,
            method=method,
            target=target,
            arguments=arguments,
            body=body,
            headers=self._headers,
            base_url=self._base_url(),
            user=identity.user if identity is not None else self._instance.admin,
            session=identity.session if identity is not None else None,
            query=query,
        )
        if route is None:
            return await run_in_threadpool(self._refuse_verb, path, call, values)
        call.mode = call.one("output_mode", route.default_mode)
        self._json = call.json
        routing.check_mode(call.mode, route, path.style)
        try:
            return await _run(route, call, values)
        except Refusal as refusal:
            spaced = {name: value.replace("+", " ") for name, value in values.items()}
            if refusal.status != 404 or spaced == values:
                raise
            # A plus in a path is a plus (M2.68). But splunklib writes a blank of a name as one, and is understood.
            with suppress(Refusal):
                return await _run(route, call, spaced)
            raise

    def _refuse_verb(self, path: routing.Path, call: Call, values: Mapping[str, str]) -> Answer:
        if path.style is Style.JOB and call.method not in {"PUT", "PATCH"}:
            self._instance.jobs.get(values["sid"])  # the sid is looked up first (M3.35)
        raise routing.wrong_verb(path, call)

    def _base_url(self) -> str:
        host = self._headers.get("host") or f"{self._instance.config.host}:{self._instance.rest_port}"
        # Clients may leave the port out of the Host header, as splunklib does; ids need it.
        if ":" not in host.rpartition("]")[2]:
            host = f"{host}:{self._instance.rest_port}"
        return f"{self._request.scope['scheme']}://{host}"


def _headers(request: Request) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in request.scope["headers"]}


async def _read(request: Request, limit: int) -> bytes:
    """The whole body, at most ``limit`` bytes. Raises :class:`TooLargeError`."""
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > limit:
        raise TooLargeError
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise TooLargeError
        chunks.append(chunk)
    return b"".join(chunks)


def _response(
    answer: Answer, request: Mapping[str, str], vary: Mapping[str, str], *, compress: bool = True, head: bool = False
) -> Response:
    """An answer with the headers of every answer. Its length is always told, never chunked (M2.61)."""
    headers = {**_BASE, "Date": formatdate(usegmt=True), **vary, **answer.headers}
    if answer.content_type is not None:
        headers["Content-Type"] = answer.content_type
    chunks = answer.chunks
    if compress and answer.length >= _GZIP_BYTES and _takes_gzip(request.get("accept-encoding", "")):
        chunks = [gzip.compress(b"".join(chunks), compresslevel=1)]
        headers["Content-Encoding"] = "gzip"
        headers["Vary"] = ", ".join(filter(None, (headers.get("Vary", ""), "Accept-Encoding")))
    length = sum(map(len, chunks))
    if answer.status == 204:
        del headers["X-Content-Type-Options"]  # N2.24
    if answer.status != 304:
        headers["Content-Length"] = str(length)
    if head or not length:
        return Response(b"", answer.status, headers)

    async def body() -> AsyncIterator[bytes]:
        for chunk in chunks:
            yield chunk

    return StreamingResponse(body(), answer.status, headers)


def _takes_gzip(accepted: str) -> bool:
    """M2.65: only the word itself, without a zero quality."""
    for part in accepted.split(","):
        name, _, quality = part.strip().partition(";")
        if name.strip().lower() == "gzip":
            return quality.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False
