"""Data models as frames."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.engine.events import Events
from harness.engine.store import Store

if TYPE_CHECKING:
    from harness.knowledge.knowledge import Knowledge


class DataModels:
    def __init__(self, store: Store, knowledge: Knowledge, events: Events) -> None:
        self.store = store
        self.knowledge = knowledge
        self.events = events
