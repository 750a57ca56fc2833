"""What a Splunk logs about itself: the requests to its management port, to be searched in ``_internal``.

Lines wait in a bounded queue and are indexed when a search asks for internal indexes, which tests hardly ever do.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Final

from harness.server.ingest import Event, Origin

if TYPE_CHECKING:
    from harness.server.instance import SplunkInstance

MAX_LINES: Final = 5_000
"""Requests remembered until somebody looks; older ones are dropped."""
INDEX: Final = "_internal"


class AccessLog:
    """Thread-safe."""

    def __init__(self, instance: SplunkInstance) -> None:
        self._origin = Origin(
            index=INDEX,
            host=instance.name,
            source="/opt/splunk/var/log/splunk/splunkd_access.log",
            sourcetype="splunkd_access",
        )
        self._instance = instance
        self._lock = threading.Lock()
        self._lines: deque[tuple[float, str]] = deque(maxlen=MAX_LINES)

    def add(self, user: str, method: str, path: str, status: int, size: int, started: float) -> None:
        """One request; ``started`` is the time of day at which it came."""
        took = int((time.time() - started) * 1000)
        stamp = time.strftime("%d/%b/%Y:%H:%M:%S", time.gmtime(started))
        millis = int(started % 1 * 1000)
        line = (
            f'127.0.0.1 - {user or "-"} [{stamp}.{millis:03d} +0000] "{method} {path} HTTP/1.1" {status} {size} '
            f'"-" "-" - - - {took}ms'
        )
        with self._lock:
            self._lines.append((started, line))

    def flush(self, search: str) -> None:
        """Index what waits, if the search may look for it."""
        if INDEX not in search and "_*" not in search:
            return
        with self._lock:
            lines = list(self._lines)
            self._lines.clear()
        self._instance.ingest.events([Event(self._origin, line, time=moment) for moment, line in lines])
