"""What a Splunk answers, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from harness.spl.macros import Macro

Row: TypeAlias = dict[str, str | list[str]]
"""A result row as Splunk's JSON results give it: text, or a list for a multivalue; a field without value is absent."""


@dataclass(frozen=True, slots=True)
class Message:
    """``type`` is FATAL, ERROR, WARN, INFO or DEBUG."""

    type: str
    text: str


@dataclass(frozen=True, slots=True)
class ServerInfo:
    """``version`` and ``build`` are Splunk's, ``harness`` the version of our own server where that is what answers."""

    name: str
    version: str
    build: str = ""
    harness: str = ""

    @property
    def release(self) -> str:
        """The version, told apart from the one of our own server that stands for it."""
        return f"{self.version} (harness {self.harness})" if self.harness else self.version


@dataclass(frozen=True, slots=True)
class App:
    name: str
    version: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """A finished search: all its rows, and over which window (epoch seconds; None is unbounded) it ran."""

    sid: str
    rows: list[Row]
    fields: list[str]
    messages: tuple[Message, ...]
    earliest: float | None
    latest: float | None
    scan_count: int
    event_count: int
    seconds: float

    @property
    def result_count(self) -> int:
        return len(self.rows)

    def warnings(self) -> list[Message]:
        return [message for message in self.messages if message.type in {"FATAL", "ERROR", "WARN"}]


def macro_from_entry(name: str, content: Mapping[str, Any]) -> Macro:
    """A macro from its entry in ``configs/conf-macros``, whose name ends in ``(n)`` if it takes arguments."""
    arguments = tuple(part.strip() for part in str(content.get("args") or "").split(",") if part.strip())
    return Macro(
        name=name.partition("(")[0],
        arguments=arguments,
        definition=str(content.get("definition") or ""),
        is_eval=str(content.get("iseval", "")).lower() in {"1", "true"},
        validation=str(content.get("validation") or ""),
        error_message=str(content.get("errormsg") or ""),
    )
