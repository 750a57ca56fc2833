"""The harness command as a user runs it: a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str


def harness(*arguments: str | Path, cwd: Path, env: dict[str, str] | None = None, seconds: float = 240) -> Ended:
    done = subprocess.run(
        [sys.executable, "-m", "harness", *map(str, arguments)],
        cwd=cwd,
        env=environment(cwd, env),
        capture_output=True,
        text=True,
        timeout=seconds,
        stdin=subprocess.DEVNULL,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


def environment(cwd: Path, env: dict[str, str] | None = None) -> dict[str, str]:
    """Ours, without anything that says how to reach a Splunk, and with a cache of its own."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("HARNESS_")}
    return {**kept, "XDG_CACHE_HOME": str(cwd / ".cache"), "COLUMNS": "200", **(env or {})}


def take_interrupts() -> None:
    """For a child before it starts: Ctrl-C counts, even where a shell has started the tests in the background."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
