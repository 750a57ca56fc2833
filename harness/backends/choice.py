"""Which Splunk is meant, and what an embedded one knows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from harness.backends.base import Backend
from harness.errors import UsageError

if TYPE_CHECKING:
    from harness.content.models import Content
    from harness.knowledge.knowledge import Knowledge

EMBEDDED = "embedded"


def make_backend(
    name: str, knowledge: Callable[[], Knowledge], apps: Sequence[Path], indexes: Sequence[str] = ()
) -> Backend:
    """The backend that ``--backend`` names, not started yet. ``knowledge`` is what an embedded one loads."""
    if name == EMBEDDED:
        from harness.backends.embedded import EmbeddedBackend

        return EmbeddedBackend(knowledge, indexes=indexes)
    if apps:
        raise UsageError("--app is for the embedded Splunk", hint="install the app on the server itself")
    if "." not in name and ":" not in name and name != "localhost":
        raise UsageError(f"unknown backend {name!r}", hint="embedded, or the address of a Splunk: https://host:8089")
    from harness.backends.remote import RemoteBackend

    return RemoteBackend(name)


def load_knowledge(apps: Sequence[Path], content: Content | None) -> Knowledge:
    """Our own apps, then those of ``--app``, then the content; a later one wins over an earlier one."""
    from harness.content.app import content_app
    from harness.knowledge.apps import load_app
    from harness.knowledge.knowledge import Knowledge, shipped_apps

    loaded = [load_app(path) for path in [*shipped_apps(), *apps]]
    if content is not None:
        loaded.append(content_app(content))
    return Knowledge(loaded)
