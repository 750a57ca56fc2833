"""How an embedded server is set up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.settings import Limits

if TYPE_CHECKING:
    from pathlib import Path

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
    hec_tls: bool | None = None
    """Whether the event collector speaks https; None is as ``tls``."""
    hec_token: str = ""
    """The value of the first token; one is made up without it."""
    hec_token_name: str = "harness"  # noqa: S105 - a name
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
    data_dir: Path | None = None
    """Where events, configuration, lookups, KV store records and collector tokens are kept between two runs; without
    it nothing is written anywhere."""
    staging: Path | None = None
    """The folder whose files clients may make lookups of; None is a server without one."""
    search_threads: int = 4
    max_form_bytes: int = 64 * MIB
    limits: Limits = field(default_factory=Limits)

    @property
    def collector_tls(self) -> bool:
        return self.tls if self.hec_tls is None else self.hec_tls
