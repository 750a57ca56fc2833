"""A Splunk's HTTP Event Collector: raw text or single events in, and the wait until they are indexed."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from harness.client import failures
from harness.client.address import Address
from harness.client.waiting import wait_until
from harness.errors import BackendError

if TYPE_CHECKING:
    import requests

CONNECT_SECONDS = 10.0
SEND_SECONDS = 300.0
ACK_SECONDS = 120.0
EVENTS_PER_REQUEST = 500


@dataclass(frozen=True, slots=True)
class Target:
    """What Splunk is told about the data. An empty ``index`` or ``host`` leaves the choice to the token's defaults."""

    source: str
    sourcetype: str
    index: str = ""
    host: str = ""

    def as_query(self) -> dict[str, str]:
        fields = {"source": self.source, "sourcetype": self.sourcetype, "index": self.index, "host": self.host}
        return {key: value for key, value in fields.items() if value}


class HecClient:
    """Sends on one channel of its own, so that acknowledgements are ours alone. Close it, or use it as a context."""

    def __init__(self, address: Address) -> None:
        import requests
        import urllib3

        self.url = address.hec_url
        if not address.trust.verify:
            # Who switched the verification off knows that it is off. Filters are one list for all threads: a filter for
            # the time of one request would be taken away under another's.
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        self._session = requests.Session()
        self._session.trust_env = False  # a proxy from the environment must not see attack data
        self._session.verify = address.trust.requests_verify()
        self._session.headers["Authorization"] = f"Splunk {address.hec_token}"
        self._session.headers["X-Splunk-Request-Channel"] = str(uuid.uuid4())

    def __enter__(self) -> HecClient:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def check(self) -> None:
        """The collector answers and is healthy."""
        answer = self._request("GET", "/services/collector/health")
        if answer.status_code == 404:
            raise BackendError(f"no HTTP Event Collector at {self.url}", hint="enable it: Settings > Data inputs > HEC")
        if not answer.ok:
            raise self._refused(answer)

    def send_raw(self, data: bytes, target: Target) -> None:
        """Send text for Splunk to break into events by the rules of its source type; returns when it is indexed."""
        self._send("/services/collector/raw", data, target.as_query())

    def send_events(self, events: Iterable[Mapping[str, Any]], target: Target) -> None:
        """Send ready-made events (``event``, and ``time``, ``host``, ``fields`` if wanted); returns when indexed."""
        batch: list[bytes] = []
        for event in events:
            batch.append(msgspec.json.encode({**target.as_query(), **event}))
            if len(batch) == EVENTS_PER_REQUEST:
                self._send("/services/collector/event", b"\n".join(batch), {})
                batch = []
        if batch:
            self._send("/services/collector/event", b"\n".join(batch), {})

    def _send(self, path: str, data: bytes, query: Mapping[str, str]) -> None:
        from tenacity import Retrying, retry_if_result, stop_after_delay, wait_exponential

        # A token made over REST is unknown (code 4) until the collector has reloaded (N6.6).
        attempts = Retrying(
            retry=retry_if_result(lambda answer: _code(answer) in {4, 9}),
            stop=stop_after_delay(10),
            wait=wait_exponential(multiplier=0.1, max=2),
            retry_error_callback=lambda state: state.outcome.result() if state.outcome else None,
        )
        answer: requests.Response = attempts(self._request, "POST", path, data=data, query=query)
        if not answer.ok:
            raise self._refused(answer)
        ack = _body(answer).get("ackId")
        if ack is not None:
            self._wait_for_ack(int(ack))

    def _wait_for_ack(self, ack: int) -> None:
        def acknowledged() -> bool:
            answer = self._request("POST", "/services/collector/ack", data=msgspec.json.encode({"acks": [ack]}))
            if not answer.ok:
                raise self._refused(answer)
            return _body(answer).get("acks", {}).get(str(ack)) is True

        wait_until(acknowledged, ACK_SECONDS, f"{self.url} took the data but did not index it within")

    def _request(
        self, method: str, path: str, *, data: bytes | None = None, query: Mapping[str, str] | None = None
    ) -> requests.Response:
        import requests

        try:
            return self._session.request(
                method, self.url + path, params=query, data=data, timeout=(CONNECT_SECONDS, SEND_SECONDS)
            )
        except requests.RequestException as error:
            raise failures.explain(error, self.url, failures.COLLECTOR_PORT) from error

    def _refused(self, answer: requests.Response) -> BackendError:
        code, text = _code(answer), _body(answer).get("text", answer.reason)
        hints = {
            1: "enable the token under Settings > Data inputs > HTTP Event Collector",
            4: "set HARNESS_HEC_TOKEN to a token of this Splunk",
            7: "the index does not exist, or the token may not write to it",
        }
        if code is None and answer.status_code == 404:
            return BackendError(
                f"no HTTP Event Collector at {self.url}", hint="is it enabled, and on this port (8088)?"
            )
        return BackendError(f"{self.url} refuses the data: {text} (code {code})", hint=hints.get(code or 0, ""))


def _body(answer: requests.Response) -> dict[str, Any]:
    try:
        body = msgspec.json.decode(answer.content)
    except msgspec.DecodeError:
        return {}
    return body if isinstance(body, dict) else {}


def _code(answer: requests.Response) -> int | None:
    code = _body(answer).get("code")
    return code if isinstance(code, int) else None
