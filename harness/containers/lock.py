"""A container that is kept is used by one run at a time. The lock goes with the process that holds it."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


class Lock:
    def __init__(self, descriptor: int, path: Path) -> None:
        self._descriptor = descriptor
        self._path = path

    @classmethod
    def take(cls, name: str) -> Lock | None:
        """None while another run has it."""
        import fcntl

        import platformdirs

        folder = platformdirs.user_cache_path("harness") / "containers"
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{name}.lock"
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        return cls(descriptor, path)

    def release(self) -> None:
        with suppress(OSError):
            self._path.unlink()
        os.close(self._descriptor)
