"""What a running search may ask of its surroundings."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from typing import TYPE_CHECKING

from harness.engine.messages import Messages
from harness.errors import SearchError
from harness.settings import Limits

if TYPE_CHECKING:
    from harness.engine.datamodels import DataModels
    from harness.engine.events import Events
    from harness.engine.host import Host
    from harness.engine.plan import Plan
    from harness.engine.store import Store
    from harness.expressions.scope import Scope
    from harness.knowledge.knowledge import Knowledge
    from harness.values.frame import Frame


class SearchCancelledError(SearchError):
    """Somebody asked the search to stop."""


@dataclass(frozen=True, slots=True)
class Window:
    """``earliest <= _time < latest`` in epoch seconds; None is no bound."""

    earliest: float | None = None
    latest: float | None = None


@dataclass(slots=True)
class Control:
    """How a search is stopped from outside; asked between commands and inside long loops."""

    cancelled: Callable[[], bool] = lambda: False
    deadline: float | None = None
    """Of :func:`time.monotonic`."""

    def check(self) -> None:
        """Raises :class:`SearchCancelledError`, or :class:`SearchError` past the deadline."""
        if self.cancelled():
            raise SearchCancelledError("Search job cancelled.")
        if self.deadline is not None and time.monotonic() > self.deadline:
            raise SearchError("The search did not finish within its time limit.")


@dataclass(slots=True)
class Progress:
    """What the leading command saw of the indexes."""

    window: Window
    """The time range that holds: the request's, unless the search itself set one."""
    scanned: int = 0
    """Events inside the time range of the indexes that were read."""
    matched: int = 0
    """Events that the search found."""


@dataclass(frozen=True, slots=True)
class SearchContext:
    """Handed to every command's ``run``.

    ``command`` is the name of the command that is running, ``text`` the whole search that it stands in. ``window`` is
    the time range of the request; subsearches start from it, whatever the search itself says.
    """

    knowledge: Knowledge
    store: Store
    events: Events
    data_models: DataModels
    now: float
    window: Window = Window()
    progress: Progress = field(default_factory=lambda: Progress(Window()))
    timezone: tzinfo = UTC
    limits: Limits = field(default_factory=Limits)
    messages: Messages = field(default_factory=Messages)
    control: Control = field(default_factory=Control)
    user: str = "admin"
    app: str = "search"
    sid: str = ""
    default_indexes: tuple[str, ...] = ("main",)
    """Searched when a search names no index."""
    host: Host | None = None
    """The Splunk around the engine, if there is one."""
    command: str = "search"
    text: str = ""
    depth: int = 0
    """How many subsearches deep."""

    def scope(self) -> Scope:
        """What expressions of the running command may ask."""
        from harness.expressions.scope import Scope

        return Scope(
            now=self.now, timezone=self.timezone, command=self.command, text=self.text, lookup=self.knowledge.look_up
        )

    def run_subsearch(self, plan: Plan, *, max_rows: int | None = None) -> Frame:
        """The rows of a subsearch, at most ``max_rows`` (``[subsearch] maxout`` if None), said in a message if cut."""
        from harness.engine.subsearch import run_subsearch

        return run_subsearch(plan, self, self.limits.subsearch_max_rows if max_rows is None else max_rows)
