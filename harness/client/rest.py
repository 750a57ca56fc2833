"""A Splunk over its REST API, with the official SDK underneath.

Every call is bounded by a timeout. What the transport or the server does wrong is a
:class:`~harness.errors.BackendError`; what it says about a search is an :class:`~harness.errors.SPLError` in the
server's own words.
"""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec

from harness.client import failures
from harness.client.address import Address
from harness.client.answers import App, Message, Outcome, Row, ServerInfo, macro_from_entry
from harness.client.waiting import wait_until
from harness.errors import BackendError, HarnessError, SearchError, SPLSyntaxError, UnsupportedSPL
from harness.settings import SIGNATURE
from harness.spl.macros import Macro

if TYPE_CHECKING:
    from splunklib.client import SavedSearch, Service

REQUEST_SECONDS = 30.0
SEARCH_SECONDS = 300.0
PAGE = 10_000
"""Rows asked for at a time; a Splunk gives at most 50,000 whatever is asked."""

UNSUPPORTED = "Unsupported: "
"""How the embedded server begins the message of a search that uses something its engine does not implement."""

INTERNAL = "Internal error: "
"""How the embedded server begins the message of a search that hit a defect of its own: nothing is known about it."""


class SplunkClient:
    """One logged-in user at one Splunk. ``app`` is the namespace whose knowledge the searches see.

    ``tidy`` removes jobs once they have been read, which a server that ends soon anyway can do without.
    """

    def __init__(self, address: Address, *, app: str | None = None, tidy: bool = True) -> None:
        self.address = address
        self.app = app
        self.tidy = tidy
        self._service: Service | None = None

    def connect(self) -> ServerInfo:
        """Log in and read who answers. A refused connection is tried again for a second or two."""
        from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_exponential

        attempts = Retrying(
            retry=retry_if_exception(lambda error: isinstance(error, ConnectionRefusedError | ConnectionResetError)),
            stop=stop_after_attempt(4),
            wait=wait_exponential(multiplier=0.1, max=1),
            reraise=True,
        )
        with self._talking():
            self._service = attempts(self._login)
        return self.info()

    def info(self) -> ServerInfo:
        with self._talking():
            response = self._sdk.get("server/info", output_mode="json")
            body = _json(response.body.read(), self.address.rest_url)
        entries = body.get("entry")
        if not isinstance(entries, list) or not entries:
            raise failures.not_a_splunk(self.address.rest_url, "server/info has no entries")
        content = entries[0]["content"]
        headers = {name.lower(): value for name, value in response.headers}
        return ServerInfo(
            name=str(content.get("serverName", "")),
            version=str(content["version"]),
            build=str(content.get("build", "")),
            harness=headers.get(SIGNATURE.lower(), ""),
        )

    def apps(self) -> list[App]:
        """The enabled apps, by name."""
        found = [
            App(name=entry.name, version=str(entry.content.get("version") or ""))
            for entry in self.get("apps/local", count=0)
            if str(entry.content.get("disabled")).lower() not in {"1", "true"}
        ]
        return sorted(found, key=lambda app: app.name)

    def macros(self) -> dict[tuple[str, int], Macro]:
        """Every macro that this user sees, by name and number of arguments."""
        found = (macro_from_entry(entry.name, entry.content) for entry in self.get("configs/conf-macros", count=0))
        return {(macro.name, len(macro.arguments)): macro for macro in found}

    # --- searching ----------------------------------------------------------------------------------------------------

    def search(
        self,
        spl: str,
        *,
        earliest: str | None = None,
        latest: str | None = None,
        **parameters: object,
    ) -> Outcome:
        """Run ``spl`` to its end and read all its rows.

        Without ``earliest`` and ``latest`` it runs over all time. ``parameters`` are passed on to search/jobs.
        """
        started = time.monotonic()
        with self._talking(spl):
            arguments = {**_window(earliest, latest), **parameters}
            job = self._sdk.jobs.create(as_command(spl), exec_mode="blocking", **arguments)
        try:
            return self.outcome(job.sid, spl=spl, started=started)
        finally:
            self._drop(job)

    def outcome(self, sid: str, *, spl: str = "", started: float | None = None) -> Outcome:
        """What the finished job ``sid`` found, all rows of it. A failed job raises what the server says."""
        from splunklib.client import Job

        started = time.monotonic() if started is None else started
        job = Job(self._sdk, sid)
        with self._talking(spl):
            wait_until(job.is_done, SEARCH_SECONDS, f"the search {sid} did not finish in")
            content = job.content
        messages = _job_messages(content.get("messages"))
        if content["isFailed"] == "1":
            raise _failed(messages)
        total = int(content["resultCount"])
        rows, fields, said = self._read_rows(job, total)
        return Outcome(
            sid=sid,
            rows=rows,
            fields=fields,
            messages=tuple(dict.fromkeys([*messages, *said])),
            earliest=_epoch(content.get("searchEarliestTime"), content.get("earliestTime")),
            latest=_epoch(content.get("searchLatestTime"), content.get("latestTime")),
            scan_count=int(content.get("scanCount") or 0),
            event_count=int(content.get("eventCount") or 0),
            seconds=time.monotonic() - started,
        )

    def count(self, spl: str, *, earliest: str | None = None, latest: str | None = None, **parameters: object) -> int:
        """How many rows ``spl`` gives, in one request. ``parameters`` are passed on to search/jobs."""
        (row,) = self.ask(f"{spl}\n| stats count", earliest=earliest, latest=latest, **parameters)
        return int(str(row["count"]))

    def ask(
        self, spl: str, *, earliest: str | None = None, latest: str | None = None, **parameters: object
    ) -> list[Row]:
        """The rows of a small search of our own (at most 50,000 rows), in one request.

        ``parameters`` are passed on to search/jobs.
        """
        arguments = {"output_mode": "json", "count": 0, **_window(earliest, latest), **parameters}
        with self._talking(spl):
            stream = self._sdk.jobs.oneshot(as_command(spl), **arguments)
            body = _json(stream.read(), self.address.rest_url)
        messages = _result_messages(body)
        if any(message.type == "FATAL" for message in messages):
            raise _failed(messages)
        rows: list[Row] = body.get("results", [])
        return rows

    def _drop(self, job: Any) -> None:
        """What is left of a job that has been read would only fill the server's dispatch directory."""
        if self.tidy:
            with suppress(BackendError), self._talking():
                job.cancel()

    def _read_rows(self, job: Any, total: int) -> tuple[list[Row], list[str], list[Message]]:
        rows: list[Row] = []
        fields: list[str] = []
        messages: list[Message] = []
        while True:
            with self._talking():
                body = _json(
                    job.results(output_mode="json", count=PAGE, offset=len(rows)).read(), self.address.rest_url
                )
            page = body.get("results", [])
            fields = fields or [field["name"] for field in body.get("fields", [])]
            messages += _result_messages(body)
            rows += page
            if not page or len(rows) >= total:
                break
        if len(rows) < total:
            raise BackendError(f"{self.address.rest_url} found {total} rows but handed over {len(rows)}")
        return rows, fields, messages

    # --- anything else ------------------------------------------------------------------------------------------------

    def get(self, path: str, **query: object) -> list[Entry]:
        """The entries of an EAI collection or entity, visible in all apps."""
        with self._talking():
            response = self._sdk.get(path, owner="-", app=self.app or "-", output_mode="json", **query)
            body = _json(response.body.read(), self.address.rest_url)
        if not isinstance(body.get("entry"), list):
            raise failures.not_a_splunk(self.address.rest_url, f"{path} has no entries")
        return [Entry(str(entry["name"]), entry["content"]) for entry in body["entry"]]

    @contextmanager
    def service(self) -> Iterator[Service]:
        """The SDK's own service, for what this class has no word for; its errors come out as ours."""
        with self._talking():
            yield self._sdk

    def saved_search(self, name: str) -> SavedSearch | None:
        """The saved search of that name. The SDK's own look-up writes a blank as a plus, which Splunk takes for one."""
        from splunklib.binding import HTTPError, UrlEncoded
        from splunklib.client import SavedSearch

        path = UrlEncoded(f"saved/searches/{quote(name, safe='')}", skip_encode=True)
        with self.service() as service:
            try:
                return SavedSearch(service, path).refresh()
            except HTTPError as error:
                if error.status == http.client.NOT_FOUND:
                    return None
                raise

    def wait_until(self, condition: Callable[[], bool], seconds: float, what: str) -> None:
        """Ask again and again, less and less often, until ``condition`` holds; after ``seconds`` it is an error."""
        with self._talking():
            wait_until(condition, seconds, f"{what} did not finish in")

    def _login(self) -> Service:
        from splunklib import client

        who = self.address.credentials
        keywords: dict[str, object] = {
            "scheme": self.address.split.scheme,
            "host": self.address.host,
            "port": self.address.port,
            "app": self.app,
            "handler": _handler(self.address),
        }
        if who.token:
            keywords["splunkToken"] = who.token
        else:
            keywords |= {"username": who.username, "password": who.password}
        service = client.Service(**keywords)
        service.login()
        return service

    @property
    def _sdk(self) -> Service:
        if self._service is None:
            self._service = self._login()
        return self._service

    @contextmanager
    def _talking(self, spl: str = "") -> Iterator[None]:
        """Whatever the SDK raises inside comes out as one of our errors."""
        from splunklib.binding import AuthenticationError, HTTPError

        url = self.address.rest_url
        try:
            yield
        except HarnessError:
            raise
        except AuthenticationError as error:
            raise failures.login_refused(url, self.address.credentials.username or "the token") from error
        except HTTPError as error:
            raise self._refused(error, spl) from error
        except failures.TRANSPORT_ERRORS as error:
            raise failures.explain(error, url) from error

    def _refused(self, error: Any, spl: str) -> HarnessError:
        """An HTTP error as ours: about the search where the server names its fault, else about the server."""
        url = self.address.rest_url
        messages = _error_messages(error.body)
        if error.status == http.client.UNAUTHORIZED:
            return failures.login_refused(url, self.address.credentials.username or "the token")
        if not messages:
            return failures.not_a_splunk(url, f"HTTP {error.status} {error.reason}")
        text = " ".join(message.text for message in messages)
        if spl and error.status == http.client.BAD_REQUEST:
            return _about_the_search(messages)
        if error.status == http.client.FORBIDDEN:
            return BackendError(f"{url} does not allow it: {text}", hint="the user lacks a capability")
        return BackendError(f"{url} answers HTTP {error.status}: {text}")


class Entry:
    """One entry of an EAI collection: its name and its content as JSON gives it."""

    __slots__ = ("content", "name")

    def __init__(self, name: str, content: Mapping[str, Any]) -> None:
        self.name = name
        self.content = content


def as_command(spl: str) -> str:
    """``spl`` as the jobs endpoint wants it: REST adds no leading ``search``."""
    text = spl.strip()
    return text if text.startswith("|") or text.split(maxsplit=1)[:1] == ["search"] else f"search {text}"


def _handler(address: Address) -> Callable[..., Any]:
    """The SDK's own HTTP handler, patient as long as a search may take, and less so about anything else."""
    from splunklib import binding

    context = address.trust.context()
    quick = binding.handler(timeout=REQUEST_SECONDS, verify=True, context=context)
    patient = binding.handler(timeout=SEARCH_SECONDS, verify=True, context=context)

    def request(url: str, message: Any, **keywords: Any) -> Any:
        return (patient if "/search/" in url else quick)(url, message, **keywords)

    return request


def _window(earliest: str | None, latest: str | None) -> dict[str, object]:
    window = {"earliest_time": earliest, "latest_time": latest}
    return {key: value for key, value in window.items() if value is not None}


def _json(body: bytes, url: str) -> dict[str, Any]:
    if not body:
        return {}
    try:
        found = msgspec.json.decode(body)
    except msgspec.DecodeError as error:
        raise failures.not_a_splunk(url, "its answer is not JSON") from error
    if not isinstance(found, dict):
        raise failures.not_a_splunk(url, "its answer is no JSON object")
    return found


def _result_messages(body: Mapping[str, Any]) -> list[Message]:
    return [Message(str(item["type"]), str(item["text"])) for item in body.get("messages", [])]


def _job_messages(messages: Any) -> list[Message]:
    """Messages of a job entry, which the SDK reads from XML as ``{"fatal": [texts]}`` (N3.12)."""
    if not isinstance(messages, Mapping):
        return []
    return [
        Message(str(kind).upper(), str(text))
        for kind, texts in messages.items()
        for text in ([texts] if isinstance(texts, str) else texts or [])
    ]


def _error_messages(body: bytes) -> list[Message]:
    import xml.etree.ElementTree as ElementTree

    try:
        if body.lstrip().startswith(b"{"):
            return _result_messages(msgspec.json.decode(body))
        root = ElementTree.fromstring(body)  # noqa: S314 - the server we test against; expat expands no external entity
    except (msgspec.DecodeError, ElementTree.ParseError, KeyError, TypeError):
        return []
    return [Message(item.get("type", ""), item.text or "") for item in root.iterfind("./messages/msg")]


def _failed(messages: list[Message]) -> HarnessError:
    """What a failed search says. A job repeats its FATAL message as an ERROR (M3.5): say it once."""
    worst = [message for message in messages if message.type == "FATAL"] or [
        message for message in messages if message.type == "ERROR"
    ]
    text = " ".join(dict.fromkeys(message.text for message in worst)) or "The search failed without a message."
    if text.startswith(UNSUPPORTED):
        return UnsupportedSPL(text.removeprefix(UNSUPPORTED))
    if text.startswith(INTERNAL):
        return BackendError(f"the embedded server failed: {text.removeprefix(INTERNAL)}")
    return SearchError(text)


def _about_the_search(messages: list[Message]) -> HarnessError:
    error = _failed(messages)
    return SPLSyntaxError(error.message) if isinstance(error, SearchError) else error


def _epoch(*candidates: Any) -> float | None:
    """A job tells its window as epoch seconds where it can, else as ISO text."""
    from datetime import datetime

    for candidate in candidates:
        if candidate in (None, ""):
            continue
        try:
            return float(candidate)
        except (TypeError, ValueError):
            with suppress(ValueError):
                return datetime.fromisoformat(str(candidate)).timestamp()
    return None
