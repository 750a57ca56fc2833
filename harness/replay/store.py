"""Datasets kept on this machine, each once, under the hash of its content."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Store:
    """Files below ``folder/objects``, by SHA-256 and name: the name says what kind of file it is.

    What was used longest ago goes when all together exceed ``max_bytes``.
    """

    folder: Path
    max_bytes: int

    def find(self, sha256: str, name: str) -> Path | None:
        """The file of that content, under that name."""
        if not _SHA256.fullmatch(sha256):
            return None
        folder = self._folder_of(sha256)
        path = folder / name
        if not path.is_file():
            other = next((each for each in folder.glob("*") if each.is_file()), None) if folder.is_dir() else None
            if other is None:
                return None
            path = self._link(other, path)
        os.utime(path)
        return path

    def take(self, file: Path, sha256: str, name: str) -> Path:
        """Move a finished file in. Its hash is ``sha256``."""
        path = self._folder_of(sha256) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        os.replace(file, path)  # noqa: PTH105 - into place at once: nobody sees half a file
        os.utime(path)
        self._make_room(keep=path)
        return path

    def copy(self, file: Path, sha256: str, name: str) -> Path:
        """Take in a file that stays where it is."""
        path = self._folder_of(sha256) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return self._link(file, path)

    def _folder_of(self, sha256: str) -> Path:
        return self.folder / "objects" / sha256[:2] / sha256

    @staticmethod
    def _link(file: Path, path: Path) -> Path:
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            made = Path(folder) / path.name
            try:
                os.link(file, made)
            except OSError:  # another file system, or one without links
                shutil.copyfile(file, made)
            os.replace(made, path)  # noqa: PTH105
        return path

    def _make_room(self, *, keep: Path) -> None:
        files = []
        for path in (self.folder / "objects").rglob("*"):
            try:
                status = path.lstat()
            except FileNotFoundError:  # another process makes room too
                continue
            if path.is_file():
                files.append((status.st_mtime, status.st_size, path))
        total = sum(size for _, size, _ in files)
        for _, size, path in sorted(files):
            if total <= self.max_bytes:
                return
            if path != keep:
                path.unlink(missing_ok=True)
                total -= size


def sha256_of(path: Path) -> str:
    """Hex. Read again only when the file's time or size is another."""
    status = path.stat()
    return _read_sha256(path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=4096)
def _read_sha256(path: Path, _changed: int, _size: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
