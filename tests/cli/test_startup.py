"""The command starts fast because it imports what it needs only."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from harness.cli.root import COMMANDS
from tests.cli.command import environment, harness

HEAVY = ("numpy", "splunklib", "requests", "uvicorn", "starlette", "rich", "cryptography", "regex", "msgspec", "yaml")


def test_help_imports_nothing_heavy(tmp_path: Path) -> None:
    program = (
        "import sys, harness.cli.root as root; root.run(['--help']);"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environment(tmp_path), check=True
    )
    assert done.stderr.strip() == "[]"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(tmp_path: Path, name: str) -> None:
    ended = harness(name, "--help", cwd=tmp_path)
    assert (ended.code, ended.err) == (0, "")
    assert f"Usage: harness {name}" in ended.out


def test_every_command_is_listed_and_the_version_is_told(tmp_path: Path) -> None:
    listed = harness("--help", cwd=tmp_path).out
    assert all(f"\n  {name}" in listed for name in COMMANDS)
    assert harness("--version", cwd=tmp_path).out.startswith("harness, version ")
