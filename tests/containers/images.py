"""The images that the tests run: ours, built from docker/Dockerfile, and broken ones made from it."""

from __future__ import annotations

import io
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import platformdirs

import docker
from docker import DockerClient
from tests.containers.engine import NoEngine

ROOT = Path(__file__).resolve().parents[2]
BASE = "python:3.11-slim"
DEBIAN = "harness-test/debian-python"
SUITE = "bookworm"
ARCHIVE = platformdirs.user_cache_path("harness-tests") / f"{SUITE}.tar"


def build_image(client: DockerClient, tag: str) -> str:
    """Our image from the source as it lies here; its id."""
    base = _base(client)
    with tempfile.TemporaryDirectory() as folder:
        context = Path(folder)
        for name in ("Dockerfile", "entrypoint.sh", "checkstate.sh"):
            shutil.copy2(ROOT / "docker" / name, context / name)
        subprocess.run(
            [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check",
             "--wheel-dir", str(context / "wheelhouse"), str(ROOT)],
            check=True,
            capture_output=True,
        )  # fmt: skip
        image, _ = client.images.build(
            path=folder, tag=tag, buildargs={"BASE": base}, rm=True, network_mode="none", forcerm=True
        )
    return str(image.id)


def derive(client: DockerClient, image: str, tag: str, *lines: str) -> str:
    """An image made from another by some lines of a Dockerfile."""
    text = "\n".join([f"FROM {image}", *lines, ""]).encode()
    built, _ = client.images.build(fileobj=io.BytesIO(text), tag=tag, rm=True, forcerm=True, network_mode="none")
    assert built.id is not None
    return tag


def _base(client: DockerClient) -> str:
    """The image that the Dockerfile names, from its registry, or, where none is reachable, Debian with its Python."""
    for name in (BASE, DEBIAN):
        try:
            client.images.get(name)
            return name
        except docker.errors.ImageNotFound:
            pass
    if ARCHIVE.is_file():  # made before, because no registry was reachable
        return _debian(client)
    try:
        client.images.pull(BASE)
        return BASE
    except docker.errors.APIError:
        return _debian(client)


def _debian(client: DockerClient) -> str:
    if sys.version_info[:2] != (3, 11) or platform.machine() != "x86_64":
        raise NoEngine("no registry is reachable, and the wheels of this Python do not fit Debian's")
    if shutil.which("debootstrap") is None:
        raise NoEngine("no registry is reachable, and debootstrap is not installed")
    if not ARCHIVE.is_file():
        _bootstrap(ARCHIVE)
    with ARCHIVE.open("rb") as file:
        client.api.import_image_from_data(file, repository=DEBIAN, tag="latest")
    return DEBIAN


def _bootstrap(archive: Path) -> None:
    archive.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=archive.parent) as folder:
        root, part = Path(folder) / "root", Path(folder) / "part"
        command = ["debootstrap", "--variant=minbase", "--include=python3,python3-venv", SUITE, str(root)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
        if done.returncode:
            raise NoEngine(f"debootstrap fails: {(done.stdout + done.stderr).strip().splitlines()[-1]}")
        with tarfile.open(part, "w") as tar:
            for path in sorted(root.iterdir()):
                tar.add(path, path.name, filter=_useful)
        part.rename(archive)


def _useful(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    unused = ("var/cache/apt/archives/", "var/lib/apt/lists/", "usr/share/doc/", "usr/share/locale/", "usr/share/man/")
    return None if member.name.startswith(unused) or member.isdev() else member
