"""The levels of testing: one module each, with ``run(draft, tools)``, a generator of events that returns a verdict."""

from __future__ import annotations

import importlib
from collections.abc import Generator
from typing import Protocol, cast

from harness.runner.draft import Draft, Tools
from harness.runner.events import Event
from harness.runner.record import Level
from harness.runner.verdict import Verdict


class Kind(Protocol):
    def run(self, draft: Draft, tools: Tools) -> Generator[Event, None, Verdict]:
        """Run one test. What it learns goes into ``draft``; it may raise any HarnessError."""


def kind_of(level: Level) -> Kind:
    return cast("Kind", importlib.import_module(f"{__name__}.{level.value}"))
