"""The HTTP Event Collector: paths, tokens, channels and codes of its port (M6.1-M6.27, N6.1-N6.7)."""

from __future__ import annotations

import base64
import binascii
import gzip
import io
import json
import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec

from harness.server.answers import JSON, Answer
from harness.server.call import read_arguments
from harness.server.hec_tokens import HecToken
from harness.server.ingest import Event, Origin

if TYPE_CHECKING:
    from harness.server.instance import SplunkInstance

_CHANNEL: Final = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_NOT_FOUND: Final = {"text": "The requested URL was not found on this server.", "code": 404}


class Reply(Exception):
    """A refusal of the collector. ``number`` is the position of the event at fault."""

    def __init__(self, status: int, code: int, text: str, number: int | None = None) -> None:
        super().__init__(text)
        self.status = status
        self.body: dict[str, Any] = {"text": text, "code": code}
        if number is not None:
            self.body["invalid-event-number"] = number


@dataclass(frozen=True, slots=True)
class HecCall:
    instance: SplunkInstance
    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes

    def one(self, name: str) -> str | None:
        values = self.query.get(name)
        return values[0] if values else None


def respond(
    instance: SplunkInstance, method: str, path: str, query: bytes, headers: Mapping[str, str], body: bytes
) -> Answer:
    """Answer one request of the collector's port."""
    try:
        arguments, body = read_arguments(query, b""), _plain_body(instance, headers, body)
        status, found = _dispatch(HecCall(instance, method, path.rstrip("/"), arguments, headers, body))
    except Reply as refusal:
        status, found = refusal.status, refusal.body
    except RecursionError:
        status, found = 400, {"text": "Invalid data format", "code": 6, "invalid-event-number": 0}
    except Exception as error:  # noqa: BLE001 - the door of the port: a fault of ours has a code too
        instance.report(error, path)
        status, found = 500, {"text": "Internal server error", "code": 8}
    # M6.23: no Vary without the header, nor on what never came to a handler.
    vary = {"Vary": "Authorization"} if "authorization" in headers and found is not _NOT_FOUND else {}
    return Answer([msgspec.json.encode(found)], status, JSON, vary)


def _plain_body(instance: SplunkInstance, headers: Mapping[str, str], body: bytes) -> bytes:
    """The body, unpacked if it came packed; never more of it than is taken unpacked."""
    if headers.get("content-encoding", "").strip().lower() != "gzip":
        return body
    limit = instance.config.limits.upload_max_bytes
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(body)) as stream:
            data = stream.read(limit + 1)
    except (OSError, EOFError, zlib.error):
        raise Reply(400, 6, "Invalid data format", 0) from None
    if len(data) > limit:
        raise Reply(413, 27, "Content-Length too large")
    return data


def _dispatch(call: HecCall) -> tuple[int, dict[str, Any]]:
    handler = _HANDLERS.get(call.path)
    if handler is None:
        return 404, _NOT_FOUND
    if handler is _health:
        return (200, _health(call)) if call.method in {"GET", "HEAD", "POST"} else (405, _NOT_FOUND)
    if call.method != "POST":
        return 405, _NOT_FOUND
    return 200, handler(call)


# --- who sends --------------------------------------------------------------------------------------------------------


def _token(call: HecCall) -> HecToken:
    """The token of a request: its validity is judged first (M6.3), then how it came (M6.4)."""
    value, from_query = _token_value(call)
    if not value:
        raise Reply(401, 2, "Token is required")
    token = call.instance.hec.find(value)
    if token is None:
        raise Reply(403, 4, "Invalid token")
    if from_query and not token.query_auth:
        raise Reply(400, 16, "Query string authorization is not enabled")
    if token.disabled or call.instance.hec.disabled:
        raise Reply(403, 1, "Token disabled")
    return token


def _token_value(call: HecCall) -> tuple[str, bool]:
    header = call.headers.get("authorization")
    if header is None:
        return call.one("token") or "", True
    scheme, _, value = header.strip().partition(" ")
    if scheme.lower() in {"splunk", "bearer"}:
        return value.strip(), False
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value, validate=True).decode().partition(":")[2], False
        except (binascii.Error, UnicodeDecodeError):
            pass
    raise Reply(401, 3, "Invalid authorization")


def _channel(call: HecCall, token: HecToken) -> str:
    """The channel that acknowledgements are counted on; needed only with them (codes 10 and 11)."""
    channel = call.headers.get("x-splunk-request-channel") or call.one("channel") or ""
    if not channel and token.use_ack:
        raise Reply(400, 10, "Data channel is missing")
    if channel and token.use_ack and _CHANNEL.fullmatch(channel) is None:
        raise Reply(400, 11, "Invalid data channel")
    return channel


# --- the endpoints ----------------------------------------------------------------------------------------------------


def _health(_: HecCall) -> dict[str, Any]:
    """Whether the collector takes data."""
    return {"text": "HEC is healthy", "code": 17}


def _event(call: HecCall) -> dict[str, Any]:
    """Events as JSON objects, one after the other."""
    token = _token(call)
    channel = _channel(call, token)
    if not call.body.strip():
        raise Reply(400, 5, "No data")
    accepted: list[Event] = []
    refusal: Reply | None = None
    try:
        for number, envelope in enumerate(_envelopes(call.body)):
            accepted.append(_read_event(call, token, number, envelope))
    except Reply as reply:
        refusal = reply
    # The collector streams: what came before the fault is in.
    call.instance.ingest.events(accepted)
    if refusal is not None:
        raise refusal
    return _success(call, token, channel)


def _raw(call: HecCall) -> dict[str, Any]:
    """Data that is broken into events by the rules of its source type."""
    token = _token(call)
    channel = _channel(call, token)
    if not call.body.strip():
        raise Reply(400, 5, "No data")
    index = _index(token, call.one("index"), 0)
    origin = Origin(
        index=index,
        host=call.one("host") or token.host or call.instance.name,
        source=call.one("source") or token.source or f"http:{token.name}",
        sourcetype=call.one("sourcetype") or token.sourcetype or "httpevent",
    )
    call.instance.ingest.raw(call.body, origin, time=_time(call.one("time"), None))
    return _success(call, token, channel)


def _ack(call: HecCall) -> dict[str, Any]:
    """Which of the ids that a channel was given are indexed."""
    token = _token(call)
    if not token.use_ack:
        raise Reply(400, 14, "ACK is disabled")  # decided before the channel (M6.12)
    channel = _channel(call, token)
    try:
        asked = msgspec.json.decode(call.body, type=dict[str, list[int]])
    except msgspec.DecodeError:
        raise Reply(400, 6, "Invalid data format") from None
    return {"acks": call.instance.acks.ask(token.token, channel, asked.get("acks", []))}


def _success(call: HecCall, token: HecToken, channel: str) -> dict[str, Any]:
    found: dict[str, Any] = {"text": "Success", "code": 0}
    if token.use_ack:
        found["ackId"] = call.instance.acks.issue(token.token, channel)
    return found


_HANDLERS: Final[dict[str, Callable[[HecCall], dict[str, Any]]]] = {
    "/services/collector": _event,
    "/services/collector/event": _event,
    "/services/collector/event/1.0": _event,
    "/services/collector/raw": _raw,
    "/services/collector/raw/1.0": _raw,
    "/services/collector/ack": _ack,
    "/services/collector/ack/1.0": _ack,
    "/services/collector/health": _health,
    "/services/collector/health/1.0": _health,
}
"""``/services/collector/1.0`` does not exist (M6.22)."""


def listing() -> list[tuple[str, str, str]]:
    """Verbs, path and description of every endpoint of the collector's port."""
    return [
        ("GET POST" if handler is _health else "POST", path, (handler.__doc__ or "").strip().rstrip("."))
        for path, handler in _HANDLERS.items()
    ]


# --- events -----------------------------------------------------------------------------------------------------------


class _Envelope(msgspec.Struct):
    """One object of the event endpoint; ``event`` stays as it was sent."""

    event: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    time: Any = None
    host: Any = None
    source: Any = None
    sourcetype: Any = None
    index: Any = None
    fields: Any = None


_DECODER: Final = msgspec.json.Decoder(_Envelope)
_SCANNER: Final = json.JSONDecoder()
_BLANK: Final = re.compile(r"[\s,]*")


def _envelopes(body: bytes) -> Iterator[_Envelope]:
    """The objects of a body: on lines, run together, or in an array (M6.18). A fault is raised where it stands."""
    text = body.decode("utf-8", "replace").strip()
    if text.startswith("["):
        text = text[1:].removesuffix("]")
    position = number = 0
    while True:
        found = _BLANK.match(text, position)
        position = found.end() if found is not None else position
        if position >= len(text):
            return
        envelope, position = _one_object(text, position, number)
        yield envelope
        number += 1


def _one_object(text: str, position: int, number: int) -> tuple[_Envelope, int]:
    """The object that begins at ``position``, and where it ends."""
    # Nearly every client writes one object a line: no need to look for its end first.
    newline = text.find("\n", position)
    line = text[position : newline if newline >= 0 else len(text)].rstrip(", \r\t")
    try:
        return _DECODER.decode(line), position + len(line)
    except (msgspec.DecodeError, RecursionError):
        pass
    try:
        _, end = _SCANNER.raw_decode(text, position)
        return _DECODER.decode(text[position:end]), end
    except (ValueError, RecursionError, msgspec.DecodeError):
        raise Reply(400, 6, "Invalid data format", number) from None


def _read_event(call: HecCall, token: HecToken, number: int, envelope: _Envelope) -> Event:
    if isinstance(envelope.event, msgspec.UnsetType):
        raise Reply(400, 12, "Event field is required", number)
    value = msgspec.json.decode(envelope.event)
    if value is None or value in ("", [], {}) or (isinstance(value, str) and not value.strip()):
        raise Reply(400, 13, "Event field cannot be blank", number)
    fields = _fields(envelope.fields, number)
    origin = Origin(
        index=_index(token, _text(envelope.index) or call.one("index"), number),
        host=_text(envelope.host) or call.one("host") or token.host or call.instance.name,
        source=_text(envelope.source) or call.one("source") or token.source or f"http:{token.name}",
        sourcetype=_text(envelope.sourcetype) or call.one("sourcetype") or token.sourcetype or "httpevent",
    )
    return Event(
        origin=origin,
        raw=value if isinstance(value, str) else bytes(envelope.event).decode(),
        time=_time(envelope.time, number),
        find_time=(call.one("auto_extract_timestamp") or "").lower() in {"1", "true"},
        fields=fields,
    )


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _index(token: HecToken, asked: str | None, number: int) -> str:
    """The index of an event, held against the token's list; code 7 reports one higher than the position (M6.16)."""
    index = asked or token.index or "default"
    if token.indexes and asked and asked not in token.indexes:
        raise Reply(400, 7, "Incorrect index", number + 1)
    return "main" if index == "default" else index


def _time(value: Any, number: int | None) -> float | None:
    """Epoch seconds, as number or text; milliseconds are recognised by their size."""
    if value is None or value == "":
        return None
    try:
        seconds = float(value)
    except (TypeError, ValueError):
        raise Reply(400, 15, "Error in handling indexed fields", number) from None
    return seconds / 1000 if abs(seconds) >= 1e11 else seconds


def _fields(value: Any, number: int) -> dict[str, str | list[str]]:
    """``fields`` is flat: texts, numbers, or lists of them."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Reply(400, 15, "Error in handling indexed fields", number)
    found: dict[str, str | list[str]] = {}
    for name, member in value.items():
        if isinstance(member, dict) or (isinstance(member, list) and any(isinstance(m, dict | list) for m in member)):
            raise Reply(400, 15, "Error in handling indexed fields", number)
        if isinstance(member, list):
            found[name] = [_plain(each) for each in member]
        elif member is not None:
            found[name] = _plain(member)
    return found


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
