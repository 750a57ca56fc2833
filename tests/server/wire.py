"""Small clients that show the bytes a server answers."""

from __future__ import annotations

import socket
import ssl
from base64 import b64encode
from dataclasses import dataclass
from http.client import HTTPSConnection
from typing import Any
from urllib.parse import urlencode, urlsplit

import msgspec

from harness.server.server import RunningServer

PASSWORD = "correct horse"


@dataclass
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.body)

    @property
    def message(self) -> tuple[str, str]:
        """Type and text of the first message."""
        first = self.json["messages"][0]
        return first["type"], first["text"]


class Rest:
    """Requests as they are, with the admin's password unless ``headers`` say otherwise."""

    def __init__(self, server: RunningServer) -> None:
        self.server = server
        assert server.certificate is not None
        self._context = ssl.create_default_context(cadata=server.certificate.certificate.decode())

    def __call__(
        self,
        method: str,
        path: str,
        form: dict[str, Any] | list[tuple[str, str]] | bytes | None = None,
        *,
        headers: dict[str, str] | None = None,
        hec: bool = False,
        timeout: float = 30,
    ) -> Reply:
        url = urlsplit(self.server.hec_url if hec else self.server.rest_url)
        connection = HTTPSConnection(url.hostname or "", url.port, context=self._context, timeout=timeout)
        body = form if isinstance(form, bytes) or form is None else urlencode(form, doseq=True).encode()
        try:
            connection.request(method, path, body, headers if headers is not None else self.basic())
            answer = connection.getresponse()
            return Reply(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def connect(self) -> ssl.SSLSocket:
        """A bare connection to the management port."""
        url = urlsplit(self.server.rest_url)
        plain = socket.create_connection((url.hostname, url.port), timeout=10)
        return self._context.wrap_socket(plain, server_hostname=url.hostname)

    def basic(self, username: str = "admin", password: str = PASSWORD) -> dict[str, str]:
        return {"Authorization": f"Basic {b64encode(f'{username}:{password}'.encode()).decode()}"}

    def get(self, path: str, **query: Any) -> Reply:
        """A GET in JSON."""
        return self("GET", f"{path}?{urlencode({'output_mode': 'json', **query}, doseq=True)}")

    def post(self, path: str, **form: Any) -> Reply:
        """A POST whose answer is JSON."""
        return self("POST", path, {"output_mode": "json", **form})

    def hec(self, path: str, body: bytes, token: str | None = None, **headers: str) -> Reply:
        value = self.server.hec_token if token is None else token
        return self("POST", path, body, headers={"Authorization": f"Splunk {value}", **headers}, hec=True)

    def search(self, spl: str, **arguments: Any) -> list[dict[str, Any]]:
        """The rows of a oneshot search."""
        reply = self.post("/services/search/jobs", search=spl, exec_mode="oneshot", count=0, **arguments)
        assert reply.status == 200, reply.text
        assert "results" in reply.json, reply.text
        return list(reply.json["results"])
