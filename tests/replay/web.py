"""A real web server on loopback whose answers a test sets."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes = b""


@dataclass
class Web:
    """Serves ``files`` by path, whole or from where a Range begins.

    ``statuses`` are answered first, one by one; ``break_after`` are how many bytes the next answers send before they
    break off; ``redirects`` lead from path to path; ``objects`` are what its LFS server has, by SHA-256; ``headers``
    are those of every answer.
    """

    base: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    etag: str = '"one"'
    statuses: list[int] = field(default_factory=list)
    break_after: list[int] = field(default_factory=list)
    redirects: dict[str, str] = field(default_factory=dict)
    objects: dict[str, bytes] = field(default_factory=dict)
    seen: list[Request] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    before: Callable[[], None] = lambda: None

    def url(self, path: str) -> str:
        return f"{self.base}{path}"


@contextmanager
def serving() -> Iterator[Web]:
    web = Web()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            web.seen.append(Request("GET", self.path, dict(self.headers)))
            web.before()
            if web.statuses:
                self._answer(web.statuses.pop(0), b"")
            elif self.path in web.redirects:
                self._answer(302, b"", Location=web.redirects[self.path])
            elif self.path.startswith("/object/"):
                self._file(web.objects[self.path.removeprefix("/object/")])
            elif self.path in web.files:
                self._file(web.files[self.path])
            else:
                self._answer(404, b"")

        def _file(self, body: bytes) -> None:
            if self.headers.get("If-None-Match") == web.etag:
                self._answer(304, b"")
                return
            asked = self.headers.get("Range")
            if asked and self.headers.get("If-Range") == web.etag:
                start = int(asked.removeprefix("bytes=").rstrip("-"))
                if start >= len(body):
                    self._answer(416, b"")
                else:
                    span = f"bytes {start}-{len(body) - 1}/{len(body)}"
                    self._answer(206, body[start:], **{"Content-Range": span})
                return
            self._answer(200, body)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            web.seen.append(Request("POST", self.path, dict(self.headers), body))
            asked = json.loads(body)["objects"][0]
            if asked["oid"] in web.objects:
                href = {"href": web.url(f"/object/{asked['oid']}"), "header": {"X-Token": "t"}}
                answer = {"oid": asked["oid"], "size": asked["size"], "actions": {"download": href}}
            else:
                answer = {"oid": asked["oid"], "error": {"code": 404, "message": "Object does not exist"}}
            self._answer(200, json.dumps({"transfer": "basic", "objects": [answer]}).encode())

        def _answer(self, status: int, body: bytes, **headers: str) -> None:
            self.send_response(status)
            for name, value in {**web.headers, **headers}.items():
                self.send_header(name, value)
            if web.etag:
                self.send_header("ETag", web.etag)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if body and web.break_after:
                self.wfile.write(body[: web.break_after.pop(0)])
                self.close_connection = True
            else:
                self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    web.base = f"http://127.0.0.1:{server.server_port}"
    try:
        yield web
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
