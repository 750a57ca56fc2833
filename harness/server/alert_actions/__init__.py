"""What an alert does when it triggers: one file per action, found by its name.

An action that has no file here (``email``, ``script``, ``webhook``) would reach out of this server. It is not carried
out, and the job of the search says so.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from harness.server.instance import SplunkInstance
    from harness.server.jobs import Job
    from harness.server.saved_searches import SavedSearch

Cell = str | list[str]
Row = Mapping[str, Cell]


@dataclass(frozen=True, slots=True)
class Trigger:
    """An alert that triggered: which search, which job of it, and the rows that are left after throttling.

    ``rows`` come with their position in the results (``orig_rid``). ``moment`` is when, by the clock that the search
    ran by (epoch seconds).
    """

    instance: SplunkInstance
    saved: SavedSearch
    job: Job
    rows: Sequence[tuple[int, Row]]
    moment: float


Action = Callable[[Trigger], None]


@cache
def _names() -> frozenset[str]:
    return frozenset(found.name for found in pkgutil.iter_modules(__path__) if not found.name.startswith("_"))


def find(name: str) -> Action | None:
    """The function that carries the action out, if this server does."""
    if name not in _names():
        return None
    return cast("Action", importlib.import_module(f"{__name__}.{name}").run)
