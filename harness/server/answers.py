"""What the server says back, before it is bytes on a connection: an answer, or a refusal in Splunk's shapes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal
from xml.sax.saxutils import escape

import msgspec

JSON: Final = "application/json; charset=UTF-8"
XML: Final = "text/xml; charset=UTF-8"
CSV: Final = "text/csv; charset=UTF-8"
TEXT: Final = "text/plain; charset=UTF-8"

NO_STORE: Final = {
    "Cache-Control": "no-store, no-cache, must-revalidate, max-age=0",
    "Expires": "Thu, 26 Oct 1978 00:00:00 GMT",
}
"""The headers of almost every answer of the management port (M2.62)."""

MessageType = Literal["FATAL", "ERROR", "WARN", "INFO", "DEBUG"]


@dataclass(frozen=True, slots=True)
class Message:
    type: str
    text: str
    code: str | None = None

    def as_json(self) -> dict[str, str]:
        code = {} if self.code is None else {"code": self.code}
        return {"type": self.type, **code, "text": self.text}


@dataclass(slots=True)
class Answer:
    """``chunks`` together are the body; several of them spare one huge copy. No content type, no such header."""

    chunks: Sequence[bytes] = ()
    status: int = 200
    content_type: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def length(self) -> int:
        return sum(map(len, self.chunks))


class Refusal(Exception):
    """The request is not served. ``type`` tells the subsystem: the search service says FATAL, token checks and modes
    WARN, everything else ERROR (M10.1). ``form`` overrides the output mode that the client asked for.
    """

    def __init__(
        self,
        status: int,
        type: MessageType,  # noqa: A002 - Splunk's word for it
        text: str,
        *,
        code: str | None = None,
        form: Literal["json", "xml"] | None = None,
        headers: Mapping[str, str] | None = None,
        no_store: bool = True,
        more: Sequence[Message] = (),
    ) -> None:
        super().__init__(text)
        self.status = status
        self.messages = [Message(type, text, code), *more]
        self.form = form
        self.headers = {**(NO_STORE if no_store else {"Cache-Control": "private"}), **(headers or {})}

    def answer(self, *, json: bool) -> Answer:
        found = messages_answer(self.messages, json=json if self.form is None else self.form == "json")
        return Answer(found.chunks, self.status, found.content_type, self.headers)


def messages_answer(messages: Sequence[Message], *, json: bool, status: int = 200) -> Answer:
    """Only messages: a refusal, or what a control action says (M2.26, M3.28)."""
    if json:
        return json_answer({"messages": [message.as_json() for message in messages]}, status)
    lines = [f'    <msg type="{message.type}">{escape(message.text)}</msg>' for message in messages]
    return xml_answer("\n".join(["  <messages>", *lines, "  </messages>"]), status)


def json_answer(value: Any, status: int = 200) -> Answer:
    """Compact JSON, UTF-8 as it is (M2.27)."""
    return Answer([msgspec.json.encode(value)], status, JSON, NO_STORE)


def xml_answer(inside: str, status: int = 200, *, declaration: bool = True) -> Answer:
    """``<response>`` around ``inside``, which is already indented."""
    head = '<?xml version="1.0" encoding="UTF-8"?>\n' if declaration else ""
    return Answer([f"{head}<response>\n{inside}\n</response>\n".encode()], status, XML, NO_STORE)


def info(text: str, *, json: bool) -> Answer:
    return messages_answer([Message("INFO", text)], json=json)


def could_not_find(name: str) -> Refusal:
    """M5.9, M8.13, M8.29."""
    return Refusal(404, "ERROR", f"Could not find object id={name}")
