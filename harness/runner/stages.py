"""Rows after each command of a search, by running its beginnings: it works on any Splunk.

A search is cut at its pipes (macros expanded, since a macro may hold pipes) and each beginning is run over the same
window. Commands that write somewhere are never run twice: the cut stops before the first of them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from harness.client.rest import SplunkClient
from harness.errors import SPLError
from harness.runner.record import StageRecord
from harness.runner.window import Window
from harness.spl import macros
from harness.spl.macros import Macro, MacroTable
from harness.spl.nodes import Command
from harness.spl.parser import parse_pipeline

WRITERS = frozenset(
    [
        *("collect", "delete", "mcollect", "meventcollect", "outputcsv", "outputlookup", "outputtext", "run"),
        *("script", "sendalert", "sendemail", "sendresults", "summaryindex", "tscollect"),
    ]
)
"""Commands that leave something behind when they run."""

_WRITER_INSIDE = re.compile(rf"[|\[]\s*(?:{'|'.join(sorted(WRITERS))})\b", re.IGNORECASE)
"""One of them in a subsearch (or in a string that looks like one: then a stage less is measured, nothing worse)."""


_HALF_DONE = re.compile(r"\bprestats\s*=\s*(?:t|true|1)\b", re.IGNORECASE)
"""Rows that are meant for the command behind them, and are no rows of a result."""


class Macros:
    """The macros of a Splunk, as the expander looks them up."""

    def __init__(self, known: Mapping[tuple[str, int], Macro]) -> None:
        self._known = known

    def get(self, name: str, arity: int) -> Macro | None:
        return self._known.get((name, arity))


@dataclass(frozen=True, slots=True)
class Expanded:
    """A search with its macros put in, cut into commands. ``commands`` is empty where it does not parse."""

    text: str
    commands: tuple[Command, ...]

    def beginning(self, length: int) -> str:
        """The first ``length`` commands as a search."""
        return self.text[: self.commands[length - 1].span.end].strip() if length else ""

    def harmless(self) -> int:
        """How many commands can be run again without leaving anything behind."""
        for position, command in enumerate(self.commands):
            if command.name in WRITERS or _WRITER_INSIDE.search(command.arguments):
                return position
        return len(self.commands)


def expand(search: str, known: MacroTable) -> Expanded:
    """The search as the server will see it; as written, where a macro is unknown or computed by the server."""
    try:
        text = macros.expand(search, known)
        return Expanded(text, parse_pipeline(text).commands)
    except SPLError:
        return Expanded(search, ())


def measure(client: SplunkClient, search: Expanded, window: Window, *, total: int) -> tuple[StageRecord, ...]:
    """Rows after each command; ``total`` is known to come out of the last one. Stops where a beginning cannot run."""
    stages: list[StageRecord] = []
    harmless = search.harmless()
    for length, command in enumerate(search.commands, start=1):
        if length == len(search.commands):
            stages.append(StageRecord(command.name, total))
        elif length > harmless or command.name.startswith("si") or _HALF_DONE.search(command.arguments):
            break
        else:
            try:
                rows = client.count(
                    search.beginning(length), earliest=window.earliest, latest=window.latest, **window.parameters
                )
            except SPLError:
                break  # a beginning may be no search by itself
            stages.append(StageRecord(command.name, rows))
    return tuple(stages)
