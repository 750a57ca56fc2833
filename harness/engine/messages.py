"""What a search says about itself beside its rows: the messages of a job, in Splunk's words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

Severity: TypeAlias = Literal["DEBUG", "INFO", "WARN", "ERROR", "FATAL"]


@dataclass(frozen=True, slots=True)
class Message:
    severity: Severity
    text: str


class Messages:
    """Messages in the order they were first said; saying one twice is saying it once."""

    def __init__(self) -> None:
        self._said: dict[Message, None] = {}

    def add(self, severity: Severity, text: str) -> None:
        self._said[Message(severity, text)] = None

    def info(self, text: str) -> None:
        self.add("INFO", text)

    def warn(self, text: str) -> None:
        self.add("WARN", text)

    def error(self, text: str) -> None:
        self.add("ERROR", text)

    def __iter__(self) -> Iterator[Message]:
        return iter(self._said)

    def __len__(self) -> int:
        return len(self._said)
