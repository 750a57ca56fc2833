"""Git LFS pointers: recognised, and resolved to the data that they stand for.

A pointer names its data by SHA-256, so whatever copy there is will do: that of the cache, of the clone's own LFS
objects, or what the LFS server of the repository gives over its batch API.
(https://github.com/git-lfs/git-lfs/blob/main/docs/api/batch.md)
"""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from harness.errors import DatasetError
from harness.replay.download import CONNECT_SECONDS, READ_SECONDS, Downloads, check
from harness.replay.store import sha256_of

MAX_POINTER_BYTES = 1024
_POINTER = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\n(?:ext-.*\n)*oid sha256:([0-9a-f]{64})\nsize (\d{1,15})\n?"
)
_MEDIA_TYPE = "application/vnd.git-lfs+json"
_SSH = re.compile(r"(?:ssh://)?(?:[^@/]+@)?([^:/]+)[:/](?:\d+/)?(.+)")
_GITHUB = {"raw.githubusercontent.com": 0, "media.githubusercontent.com": 1, "github.com": 0}


@dataclass(frozen=True, slots=True)
class Pointer:
    """``oid`` is the SHA-256 (hex) of the data, ``size`` its length."""

    oid: str
    size: int


def read_pointer(path: Path) -> Pointer | None:
    """The pointer that a file holds; None where it holds anything else."""
    if path.stat().st_size > MAX_POINTER_BYTES:
        return None
    found = _POINTER.fullmatch(path.read_bytes())
    return Pointer(found[1].decode(), int(found[2])) if found else None


def resolve(pointer: Pointer, path: Path, data: str, downloads: Downloads) -> Path:
    """The data that stands behind ``path``, which was found for ``data`` (a URL or a path).

    Raises :class:`DatasetError` if it cannot be had.
    """
    store = downloads.store
    found = store.find(pointer.oid, path.name)
    if found is not None:
        return found
    inside = data if "://" in data else None
    local = _in_clone(pointer, path) if inside is None else None
    if local is not None:
        return store.copy(local, pointer.oid, path.name)
    if downloads.offline:
        raise _cannot(path, "and --offline forbids to download it")
    if pointer.size > downloads.max_bytes:
        raise _cannot(path, f"which is larger than {downloads.max_bytes:,} bytes")
    server = _server_of_url(inside) if inside is not None else _server_of_clone(path)
    if server is None:
        raise _cannot(path, "and nothing says which server has it")
    batch = f"{server}/objects/batch"
    action = downloads.attempted(lambda: _ask(batch, pointer), batch)
    got = downloads.get(str(action["href"]), {str(k): str(v) for k, v in (action.get("header") or {}).items()})
    if sha256_of(got) != pointer.oid:
        raise DatasetError(
            f"the LFS server gave other data for {data}: its SHA-256 is {sha256_of(got)} instead of {pointer.oid}"
        )
    return store.find(pointer.oid, path.name) or got


def _cannot(path: Path, why: str) -> DatasetError:
    return DatasetError(
        f"this is a Git LFS pointer, the data it stands for is not here, {why}",
        hint=f"download it: git lfs pull --include='{path.name}'",
    )


def _ask(batch: str, pointer: Pointer) -> dict[str, Any]:
    import requests

    answer = requests.post(
        batch,
        json={
            "operation": "download",
            "transfers": ["basic"],
            "hash_algo": "sha256",
            "objects": [{"oid": pointer.oid, "size": pointer.size}],
        },
        headers={"Accept": _MEDIA_TYPE, "Content-Type": _MEDIA_TYPE},
        timeout=(CONNECT_SECONDS, READ_SECONDS),
    )
    check(answer, batch)
    try:
        (entry,) = answer.json()["objects"]
        action: dict[str, Any] = {} if "error" in entry else entry["actions"]["download"]
        refused = entry.get("error", {}).get("message", "")
        if not refused and urlsplit(action["href"]).scheme not in {"http", "https"}:
            refused = "its address is neither http nor https"
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DatasetError(f"{batch} gave no answer of the LFS batch API") from error
    if refused:
        raise DatasetError(f"the LFS server does not give the object {pointer.oid}: {refused}")
    return action


def _server_of_url(url: str) -> str | None:
    """The LFS server of the repository that a URL of GitHub or of a GitLab leads into."""
    parts = urlsplit(url)
    names = [name for name in parts.path.split("/") if name]
    if parts.hostname in _GITHUB:
        owner = names[_GITHUB[parts.hostname] :]
        return f"https://github.com/{owner[0]}/{owner[1]}.git/info/lfs" if len(owner) > 2 else None
    if "-" in names[2:]:
        return f"{parts.scheme}://{parts.netloc}/{'/'.join(names[: names.index('-', 2)])}.git/info/lfs"
    return None


def _in_clone(pointer: Pointer, path: Path) -> Path | None:
    folder = _git(path, "rev-parse", "--path-format=absolute", "--git-common-dir")
    if not folder:
        return None
    found = Path(folder, "lfs", "objects", pointer.oid[:2], pointer.oid[2:4], pointer.oid)
    return found if found.is_file() and sha256_of(found) == pointer.oid else None


def _server_of_clone(path: Path) -> str | None:
    """As Git LFS finds it: from .lfsconfig, the clone's settings, or the remote."""
    top = _git(path, "rev-parse", "--show-toplevel")
    if not top:
        return None
    said = (
        _git(path, "config", "--file", f"{top}/.lfsconfig", "lfs.url")
        or _git(path, "config", "lfs.url")
        or _git(path, "config", "remote.origin.lfsurl")
    )
    if said:
        return said.rstrip("/") if urlsplit(said).scheme in {"http", "https"} else None
    remote = _git(path, "config", "remote.origin.url").rstrip("/")
    if urlsplit(remote).scheme not in {"http", "https"}:
        ssh = _SSH.fullmatch(remote)
        if ssh is None:
            return None
        remote = f"https://{ssh[1]}/{ssh[2]}"
    return f"{remote.removesuffix('.git')}.git/info/lfs"


def _git(path: Path, *arguments: str) -> str:
    """What git says about the clone that a file lies in; empty where it says nothing."""
    try:
        done = subprocess.run(  # noqa: S603
            ["git", "-C", str(path.resolve().parent), *arguments],  # noqa: S607
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
