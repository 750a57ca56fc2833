"""The static rules."""

from __future__ import annotations

from collections.abc import Generator

from harness.runner.draft import Draft, Tools
from harness.runner.events import Event
from harness.runner.verdict import Verdict


def run(draft: Draft, tools: Tools) -> Generator[Event, None, Verdict]:
    yield from ()
    return tools.validate(draft.test.subject)
