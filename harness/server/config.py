"""How an embedded server is set up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.settings import Limits

if TYPE_CHECKING:
    from harness.clock import Clock
    from harness.knowledge.knowledge import Knowledge

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class ServerConfig:
    """A port of 0 is any free one. Without a password one is made up at start (:class:`RunningServer` tells it)."""

    host: str = "127.0.0.1"
    port: int = 0
    hec_port: int = 0
    tls: bool = True
    username: str = "admin"
    password: str = ""
    knowledge: Knowledge | None = None
    """What searches know about data; None is a Splunk without any app."""
    clock: Clock | None = None
    """The time by which searches and schedules run."""
    follow_schedules: bool = False
    """Run scheduled searches by themselves as the clock goes; else only when the scheduler is asked to."""
    indexes: Sequence[str] = ()
    """Made at start, beside those that every Splunk has."""
    server_name: str = "harness"
    search_threads: int = 4
    max_form_bytes: int = 64 * MIB
    limits: Limits = field(default_factory=Limits)
