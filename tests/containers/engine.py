"""A Docker engine for the tests: the one that answers, or one of their own, started for as long as they run."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import docker
from harness.client.waiting import wait_until
from harness.errors import BackendError

START_SECONDS = 60.0
STOP_SECONDS = 30.0


class NoEngine(Exception):
    """Why there is none."""


@contextmanager
def engine() -> Iterator[str]:
    """The address of an engine (DOCKER_HOST). Raises NoEngine where none answers and none can be started."""
    found = os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock"
    if _answers(found):
        yield found
        return
    with own_engine() as address:
        yield address


def _answers(address: str) -> bool:
    if address.startswith("unix://") and not _listens(address.removeprefix("unix://")):
        return False
    try:
        client = docker.DockerClient(base_url=address, timeout=10)
    except docker.errors.DockerException:
        return False
    try:
        return bool(client.ping())
    except (docker.errors.DockerException, OSError):
        return False
    finally:
        client.close()


def _listens(path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(path) == 0


@contextmanager
def own_engine(disk_megabytes: int = 0) -> Iterator[str]:
    """With a bridge of its own where one can be made, so that ports are published as usual, by proxy: the host's packet
    filter is left as it is. Where none can be made containers share the host's network.

    With ``disk_megabytes`` it has a small disk of that size and no bridge, else a folder of the machine's.
    """
    if shutil.which("dockerd") is None:
        raise NoEngine("no Docker engine answers, and dockerd is not installed (Debian: docker.io)")
    if os.geteuid() != 0:
        raise NoEngine("no Docker engine answers, and only root can start one")
    folder = Path(tempfile.mkdtemp(prefix="harness-engine-", dir="/var/tmp"))
    address = f"unix://{folder}/docker.sock"
    (folder / "data").mkdir()
    if disk_megabytes:
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={disk_megabytes}m", "tmpfs", str(folder / "data")], check=True
        )
    bridge = "" if disk_megabytes else _make_bridge(folder.name[-6:])
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                "dockerd",
                f"--bridge={bridge or 'none'}",
                "--ip-masq=false",
                "--iptables=false",
                "--ip6tables=false",
                f"--host={address}",
                f"--data-root={folder}/data",
                f"--exec-root={folder}/exec",
                f"--pidfile={folder}/pid",
            ],
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    try:
        with suppress(BackendError):  # what did not come about is told below, with its log
            wait_until(lambda: process.poll() is not None or _answers(address), START_SECONDS, "no answer within")
        if process.poll() is not None or not _answers(address):
            lines = (folder / "log").read_text(errors="replace").splitlines()
            raise NoEngine("dockerd does not start: " + " | ".join(lines[-3:]))
        yield address
    finally:
        _remove_containers(address)
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(STOP_SECONDS)
        if bridge:
            subprocess.run(["ip", "link", "delete", bridge], check=False, capture_output=True)
        _unmount_below(folder)
        shutil.rmtree(folder, ignore_errors=True)


def _make_bridge(word: str) -> str:
    """Its name; empty where none can be made. The engine gives it an address that is free here."""
    name = f"hns{word}"
    if shutil.which("ip") is None:
        return ""
    made = subprocess.run(["ip", "link", "add", name, "type", "bridge"], check=False, capture_output=True)
    return name if made.returncode == 0 else ""


def _remove_containers(address: str) -> None:
    """What a failed test may have left would outlive the engine."""
    try:
        client = docker.DockerClient(base_url=address, timeout=30)
        for container in client.containers.list(all=True):
            container.remove(force=True, v=True)
        client.close()
    except (docker.errors.DockerException, OSError):
        pass


def _unmount_below(folder: Path) -> None:
    mounted = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
    for path in sorted(mounted, reverse=True):
        if path.startswith(f"{folder}/"):
            subprocess.run(["umount", "--lazy", path], check=False, capture_output=True)
