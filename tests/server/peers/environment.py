"""Other people's tools, each in an environment of its own that is made once and kept beside the checkout."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

CACHE = Path(__file__).parents[3] / ".cache" / "peers"
INSTALL_SECONDS = 240


def python_tools(name: str, requirements: Sequence[str], python: str = sys.executable) -> Path:
    """The ``bin`` folder of a virtual environment with these packages. Skips, saying why, where they cannot be had."""

    def make(folder: Path) -> list[list[str]]:
        pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        return [[python, "-m", "venv", str(folder)], [*pip, *requirements]]

    return _made(name, [python, *requirements], make) / "bin"


def node_modules(name: str, packages: Sequence[str]) -> Path:
    """The folder of a Node project with these packages. Skips, saying why, where they cannot be had."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("node and npm are not installed here")

    def make(folder: Path) -> list[list[str]]:
        folder.mkdir(parents=True)
        return [["npm", "install", "--prefix", str(folder), "--no-audit", "--no-fund", "--ignore-scripts", *packages]]

    return _made(name, packages, make)


def _made(name: str, wanted: Sequence[str], make: Callable[[Path], list[list[str]]]) -> Path:
    digest = hashlib.sha256("\n".join([sys.version, *wanted]).encode()).hexdigest()[:12]
    folder = CACHE / f"{name}-{digest}"
    done = folder / ".installed"
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # workers of one test run make it once
        if done.exists():
            return folder
        shutil.rmtree(folder, ignore_errors=True)
        for command in make(folder):
            found = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False)
            if found.returncode:
                reason = (found.stderr or found.stdout).strip().splitlines()[-1:]
                pytest.skip(f"{name} cannot be installed here: {' '.join(reason)}")
        done.touch()
    return folder
