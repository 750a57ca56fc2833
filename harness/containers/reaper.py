"""A small process that outlives a killed run and removes its containers.

``python -m harness.containers.reaper`` reads ``+ID`` and ``-ID`` lines. When the other end of the pipe closes, however
that came about, it removes what was announced and not taken back.
"""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress

from harness.containers.engine import connect


class Reaper:
    """The run's end of the pipe. Started with the first container."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def guard(self, container: str) -> None:
        if self._process is None:
            # A session of its own: Ctrl-C and a closed terminal are the run's affair.
            self._process = subprocess.Popen(
                [sys.executable, "-m", "harness.containers.reaper"],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                text=True,
            )
        self._say(f"+{container}")

    def release(self, container: str) -> None:
        self._say(f"-{container}")

    def close(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            with suppress(OSError):
                self._process.stdin.close()
            self._process.wait()
            self._process = None

    def _say(self, line: str) -> None:
        if self._process is not None and self._process.stdin is not None:
            with suppress(OSError):  # it was killed; the next run sweeps
                self._process.stdin.write(f"{line}\n")
                self._process.stdin.flush()


def main() -> None:
    guarded: set[str] = set()
    for line in sys.stdin:
        (guarded.add if line.startswith("+") else guarded.discard)(line[1:].strip())
    if not guarded:
        return
    import docker

    client = connect()
    for container in guarded:
        with suppress(docker.errors.DockerException):
            client.containers.get(container).remove(force=True, v=True)


if __name__ == "__main__":
    main()
