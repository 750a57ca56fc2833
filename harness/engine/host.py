"""The Splunk around the engine, as far as commands ask it: its REST endpoints, jobs and saved searches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from harness.errors import UnsupportedSPL

if TYPE_CHECKING:
    from harness.engine.context import SearchContext
    from harness.values.column import Value
    from harness.values.frame import Frame


@dataclass(frozen=True, slots=True)
class StoredSearch:
    """A saved search: its text, and the time range it was saved with ("" is no bound)."""

    text: str
    earliest: str
    latest: str


@dataclass(frozen=True, slots=True)
class StoredRows:
    """What a finished job found: its results, and the events before its first transforming command."""

    results: Frame
    events: Frame


class Host(Protocol):
    """Asked on behalf of a user. Raises an :class:`~harness.errors.SPLError` for what there is not."""

    def may(self, user: str, capability: str) -> bool: ...

    def rest(self, path: str, arguments: Mapping[str, list[str]], user: str) -> Sequence[Mapping[str, Value]] | None:
        """A row for each entry of an endpoint; None if there is no such endpoint."""

    def typeahead(self, prefix: str) -> Sequence[tuple[str, int]]:
        """What a search that ends in ``prefix`` may go on with, and how often it is there."""

    def job(self, sid: str, user: str) -> StoredRows: ...

    def last_job(self, owner: str, app: str, name: str) -> str:
        """The sid of the last finished job of a saved search."""

    def saved_search(self, name: str, user: str, app: str) -> StoredSearch: ...


def host_of(context: SearchContext) -> Host:
    """The Splunk around the running search. An engine by itself has none."""
    if context.host is None:
        raise UnsupportedSPL(f"The '{context.command}' command is not supported without a server around the search.")
    return context.host
