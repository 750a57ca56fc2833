"""The Docker engine: reaching it, what it must offer, and getting an image."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from harness.errors import BackendError

if TYPE_CHECKING:
    from docker.models.images import Image

    from docker import DockerClient

Report = Callable[[str], None]
"""Takes a line about what happens, for whoever waits."""

CALL_SECONDS: Final = 120
PLATFORM: Final = "linux/amd64"
SMALL_LABEL: Final = "harness.image"
"""An image with this label is ours: it needs little, has our apps in it and no licence to accept."""
NEEDED_MEMORY: Final = 4_000_000_000
NEEDED_DISK: Final = 8_000_000_000
"""Splunk's own minimum for a machine to try it on, in bytes."""
_GIGABYTE: Final = 1_000_000_000
_USUAL_SOCKET: Final = "unix:///var/run/docker.sock"
_START: Final = "start Docker (systemctl start docker, or Docker Desktop), or name another engine with DOCKER_HOST"
_HERE: Final = ("localhost", "127.0.0.1", "::1")


@contextmanager
def engine() -> Iterator[DockerClient]:
    """The engine that the environment names (DOCKER_HOST), or the one of this machine."""
    client = connect()
    try:
        yield client
    finally:
        client.close()


def connect() -> DockerClient:
    import docker

    named = os.environ.get("DOCKER_HOST", "")
    try:
        client = docker.from_env(timeout=CALL_SECONDS)
        client.ping()
    except (docker.errors.DockerException, OSError) as error:
        hint = "start it, or unset DOCKER_HOST to use the one of this machine" if named else _START
        root = _root(error)
        if isinstance(root, PermissionError):
            hint = "let your user use it: sudo usermod -aG docker $USER, then log in again"
        where = named or _USUAL_SOCKET
        raise BackendError(f"no Docker engine answers at {where}: {_reason(root) or error}", hint=hint) from error
    return client


def _reason(error: BaseException) -> str:
    if isinstance(error, FileNotFoundError):
        return "there is no such socket"
    if isinstance(error, ConnectionRefusedError):
        return "nothing listens there"
    if isinstance(error, PermissionError):
        return "this user may not use it"
    return (isinstance(error, OSError) and error.strerror) or ""


@contextmanager
def explained(what: str) -> Iterator[None]:
    """What the engine refuses while doing ``what`` comes out as a BackendError."""
    import requests

    import docker

    try:
        yield
    except docker.errors.DockerException as error:
        text = error.explanation if isinstance(error, docker.errors.APIError) else None
        said = str(text or error)
        raise BackendError(f"the Docker engine fails at {what}: {said}", hint=_hint(said)) from error
    except requests.RequestException as error:
        raise BackendError(f"the Docker engine does not answer at {what}: {_root(error)}") from error


def _hint(said: str) -> str:
    if "port is already allocated" in said or "address already in use" in said:
        return "another program uses the port; leave the choice to harness, or name a free one"
    if "value for memory" in said or "memory limit" in said:
        return "write it as Docker does: --memory 4g, or 512m"
    if "CPUs" in said:
        return "give it fewer: --cpus 1"
    if "no space left" in said:
        return "free some disk: docker system df shows what Docker keeps"
    return ""


def get_image(client: DockerClient, name: str, report: Report) -> Image:
    """The image of that tag or digest, pulled if it is not here."""
    import docker

    with explained(f"looking for the image {name}"):
        try:
            return client.images.get(name)
        except docker.errors.ImageNotFound:
            pass
    check_platform(client, small=False)
    try:
        _pull(client, name, report)
        return client.images.get(name)
    except docker.errors.DockerException as error:
        said = str(getattr(error, "explanation", "") or error)
        raise BackendError(
            f"the image {name} is not here and cannot be pulled: {said}",
            hint="check its name and the network; docker load or docker pull bring it here by hand",
        ) from error


def _pull(client: DockerClient, name: str, report: Report) -> None:
    from docker.utils import parse_repository_tag

    import docker

    repository, tag = parse_repository_tag(name)
    layers: dict[str, str] = {}
    told = -1
    for line in client.api.pull(repository, tag=tag or "latest", stream=True, decode=True, platform=PLATFORM):
        if "error" in line:
            raise docker.errors.APIError(str(line["error"]))
        if line.get("id"):
            layers[str(line["id"])] = str(line.get("status", ""))
        done = sum(status in {"Pull complete", "Already exists"} for status in layers.values())
        if done != told:
            told = done
            report(f"pulling {name}: {done} of {len(layers)} layers")


def is_small(image: Image) -> bool:
    return SMALL_LABEL in (image.labels or {})


def check_platform(client: DockerClient, *, small: bool) -> None:
    """Whether a Splunk can run here at all, asked before gigabytes are pulled. ``small`` is for an image of ours."""
    _check_it_is_here(client)
    with explained("telling what it runs on"):
        info = client.info()
    if info.get("OSType") != "linux":
        raise BackendError(f"the Docker engine runs {info.get('OSType')} containers; Splunk's image is for Linux")
    if small:
        return
    if info.get("Architecture") not in {"x86_64", "amd64"}:
        raise BackendError(
            f"Splunk's image is for amd64 only, and the Docker engine runs on {info.get('Architecture')}",
            hint="use an engine on an amd64 machine (DOCKER_HOST): under emulation the KV store does not start",
        )
    memory = int(info.get("MemTotal") or 0)
    if memory and memory < NEEDED_MEMORY:
        raise BackendError(
            f"the Docker engine has {memory / _GIGABYTE:.1f} GB of memory; Splunk needs {NEEDED_MEMORY / _GIGABYTE:.0f}"
        )
    _check_this_machine(Path(str(info.get("DockerRootDir") or "/var/lib/docker")))


def _check_it_is_here(client: DockerClient) -> None:
    """Ports are published on loopback, so that nobody else can reach them: an engine elsewhere would hide them."""
    host = urlsplit(client.api.base_url).hostname
    if host not in _HERE:
        raise BackendError(
            f"the Docker engine at {os.environ.get('DOCKER_HOST', host)} is on another machine, whose loopback "
            "harness cannot reach",
            hint="run harness there, or start a Splunk there and name it: --backend https://host:8089",
        )


def _check_this_machine(root: Path) -> None:
    """Disk and processor, where the engine runs on this machine."""
    if not root.is_dir():
        return
    free = shutil.disk_usage(root).free
    if free < NEEDED_DISK:
        raise BackendError(
            f"{free / _GIGABYTE:.1f} GB are free below {root}; Splunk's image and its data need "
            f"{NEEDED_DISK / _GIGABYTE:.0f}",
            hint="docker system df shows what Docker keeps",
        )
    try:
        flags = re.search(r"^flags\s*:(.*)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.MULTILINE)
    except OSError:
        return
    if flags is not None and "avx" not in flags[1].split():
        raise BackendError(
            "the processor has no AVX, without which the KV store of Splunk 9.4 and later does not start",
            hint="name an older image with --image splunk/splunk:9.3",
        )


def has_bridge(client: DockerClient) -> bool:
    """Whether containers can have a network of their own; else they share the host's."""
    with explained("listing its networks"):
        return any(network.name == "bridge" for network in client.networks.list())


def _root(error: BaseException) -> BaseException:
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    return error
