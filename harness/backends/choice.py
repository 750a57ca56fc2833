"""Which Splunk is meant, and what an embedded one knows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness.backends.base import Backend
from harness.errors import UsageError

if TYPE_CHECKING:
    from harness.containers.settings import ContainerSettings
    from harness.content.models import Content
    from harness.knowledge.knowledge import Knowledge

EMBEDDED = "embedded"
DOCKER = "docker"


@dataclass(frozen=True, slots=True)
class InContainer:
    """Which container to start, what to install in it, and who is told how far that is. ``member`` counts a pool's."""

    settings: ContainerSettings
    content: Content | None = None
    report: Callable[[str], None] = lambda line: None
    member: int = 0


def urls_of(name: str) -> list[str]:
    """The servers that ``--backend URL,URL`` names. Raises UsageError where one is named twice."""
    urls = [url.strip() for url in name.split(",") if url.strip()]
    places = [url.rpartition("@")[2].rpartition("//")[2].rstrip("/").lower() for url in urls]
    for place in places:
        if places.count(place) > 1:
            raise UsageError(
                f"--backend names {place} twice", hint="tests on one server would see each other's data: name it once"
            )
    return urls


def make_backend(
    name: str,
    knowledge: Callable[[], Knowledge],
    apps: Sequence[Path],
    indexes: Sequence[str] = (),
    container: InContainer | None = None,
) -> Backend:
    """The backend that ``--backend`` names, not started yet. ``knowledge`` is what an embedded one loads."""
    if name == EMBEDDED:
        from harness.backends.embedded import EmbeddedBackend

        return EmbeddedBackend(knowledge, indexes=indexes)
    if name == DOCKER and container is not None:
        return _in_container(container, apps, indexes)
    if name == DOCKER:
        raise UsageError(
            "this command has no container of its own", hint="start one with harness up and name its address"
        )
    if apps:
        raise UsageError("--app is for the embedded Splunk", hint="install the app on the server itself")
    if "." not in name and ":" not in name and name != "localhost":
        raise UsageError(
            f"unknown backend {name!r}", hint="embedded, docker, or the address of a Splunk: https://host:8089"
        )
    from harness.backends.remote import RemoteBackend

    return RemoteBackend(name)


def _in_container(container: InContainer, apps: Sequence[Path], indexes: Sequence[str]) -> Backend:
    from harness.backends.docker import DockerBackend
    from harness.content.app import content_app

    content = container.content
    return DockerBackend(
        container.settings,
        content=(lambda: content_app(content)) if content is not None else None,
        apps=apps,
        indexes=indexes,
        member=container.member,
        report=container.report,
    )


def load_knowledge(apps: Sequence[Path], content: Content | None) -> Knowledge:
    """Our own apps, then those of ``--app``, then the content; a later one wins over an earlier one."""
    from harness.content.app import content_app
    from harness.knowledge.apps import load_app
    from harness.knowledge.knowledge import Knowledge, shipped_apps

    loaded = [load_app(path) for path in [*shipped_apps(), *apps]]
    if content is not None:
        loaded.append(content_app(content))
    return Knowledge(loaded)
