"""What a container is started with, and the hash by which one that runs already is known to be the same."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from harness.containers.contract import ACCEPT_LICENSE, ACCEPT_TERMS
from harness.errors import BackendError
from harness.knowledge.apps import load_app

DEFAULT_IMAGE: Final = "splunk/splunk:10.4"
"""A tag that stands still but for patches; ``latest`` would change under a release."""


@dataclass(frozen=True, slots=True)
class ContainerSettings:
    """``cpus`` as a number of them, ``memory`` as Docker writes it (``4g``); ports of 0 are any free ones.

    ``consent`` is what the user says to Splunk's licence and terms, by variable; empty without a word.
    """

    image: str = DEFAULT_IMAGE
    cpus: float = 2.0
    memory: str = "4g"
    network: str = "auto"
    ports: tuple[int, int, int] = (0, 0, 0)
    """REST, event collector, web."""
    start_seconds: float = 600.0
    keep: bool = False
    consent: tuple[tuple[str, str], ...] = ()
    variables: tuple[tuple[str, str], ...] = ()
    """More of the image's own variables."""

    def digest(self, image_id: str, packages: Sequence[Package]) -> str:
        """Equal for containers that cannot be told apart by a test."""
        said = (
            image_id,
            self.cpus,
            self.memory,
            self.network,
            self.ports,
            self.consent,
            self.variables,
            [(package.app, hashlib.sha256(package.data).hexdigest()) for package in packages],
        )
        return hashlib.sha256(msgspec.json.encode(said)).hexdigest()[:32]


def consent_in(environment: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """The user's own words to Splunk's licence and terms, and nothing else: we never say them for him."""
    names = ("SPLUNK_START_ARGS", "SPLUNK_GENERAL_TERMS")
    return tuple((name, environment[name]) for name in names if environment.get(name))


def check_consent(settings: ContainerSettings) -> None:
    """Splunk's image ends at once without these; better to say so before it is pulled."""
    said = dict(settings.consent)
    if ACCEPT_LICENSE not in said.get("SPLUNK_START_ARGS", "") or said.get("SPLUNK_GENERAL_TERMS") != ACCEPT_TERMS:
        raise BackendError(
            f"the image {settings.image} asks that Splunk's licence and general terms are accepted, which only you can",
            hint=f"if you do, say so: export SPLUNK_START_ARGS={ACCEPT_LICENSE} SPLUNK_GENERAL_TERMS={ACCEPT_TERMS}",
        )


@dataclass(frozen=True, slots=True)
class Package:
    """The app of that name as a ``.tgz``, to be installed by the image when it starts."""

    app: str
    data: bytes

    @property
    def file(self) -> str:
        return f"{self.app}.tgz"


def package(path: Path) -> Package:
    """An app's folder or package. The bytes depend on its files alone, not on when it was packed."""
    app = load_app(path)
    if path.is_file():
        return Package(app.name, path.read_bytes())
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for file in sorted(path.rglob("*")):
            if file.is_file() and not file.is_symlink():
                member = tarfile.TarInfo(f"{app.name}/{file.relative_to(path).as_posix()}")
                data = file.read_bytes()
                member.size, member.mode = len(data), 0o644
                tar.addfile(member, io.BytesIO(data))
    return Package(app.name, _zipped(buffer.getvalue()))


def _zipped(data: bytes) -> bytes:
    import gzip

    return gzip.compress(data, mtime=0)


def owner() -> str:
    """Who starts containers: this process, told apart from a later one with the same number."""
    return f"{os.uname().nodename}/{os.getpid()}/{_started(os.getpid())}"


def is_alive(told: str) -> bool:
    """Whether the owner may still run; one on another machine may."""
    host, _, rest = told.partition("/")
    number, _, started = rest.partition("/")
    if host != os.uname().nodename or not number.isdecimal():
        return True
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return _started(int(number)) == started


def _started(pid: int) -> str:
    """When a process began, in ticks since the machine did; empty where the system does not tell."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""
