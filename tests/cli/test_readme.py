"""What the README tells a user to type does what it says."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from harness.cli.root import COMMANDS
from harness.errors import ExitCode
from harness.reports.words import COLUMNS
from tests.cli.command import harness

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```\w*\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
TYPED = [line.partition("#")[0].strip() for block in BLOCKS for line in block.splitlines()]
OURS = [line for line in TYPED if line.startswith("harness ")]
RUN_HERE = [line for line in OURS if "~" not in line and "-k" not in line]


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of this repository's content, for the files that commands write, with the one detection that is named."""
    folder = tmp_path_factory.mktemp("content")
    for name in ("macros", "lookups", "data_sources", "attack_data"):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name)
    (named,) = set(re.findall(r"detections/\S+/network_\S+\.yml", README))
    (folder / named).parent.mkdir(parents=True)
    shutil.copy(ROOT / named, folder / named)
    return folder


@pytest.mark.parametrize("line", RUN_HERE)
def test_a_command_of_the_readme_succeeds(content: Path, line: str) -> None:
    ended = harness(*shlex.split(line)[1:], cwd=content)
    assert ended.code == 0, ended.out + ended.err


def test_the_test_for_pytest_that_the_readme_shows_passes(content: Path) -> None:
    (shown,) = re.findall(r"^```python\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    (content / "test_shown.py").write_text(shown)
    command = [sys.executable, "-m", "pytest", "-o", "harness=true", "-p", "no:cacheprovider", "test_shown.py"]
    done = subprocess.run(command, cwd=content, capture_output=True, text=True, timeout=100, check=False)
    assert "1 passed" in done.stdout, done.stdout + done.stderr


def test_the_readme_shows_the_table_that_the_command_prints() -> None:
    assert re.search(r"\s+".join(map(re.escape, COLUMNS)), README)


def test_every_command_and_exit_code_is_in_the_readme() -> None:
    assert [name for name in COMMANDS if f"harness {name}" not in README] == []
    assert [code for code in ExitCode if f"| {code.value} |" not in README] == []


def test_the_make_targets_of_the_readme_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = {line.split()[1] for line in TYPED if line.startswith("make ")}
    assert targets == {"run", "test", "containers"}
    assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in targets)


def test_every_workflow_and_document_that_the_readme_names_exists() -> None:
    named = re.findall(r"\]\(([^):]+)\)|`((?:\.github|docker)/[^`]+)`", README)
    assert named
    assert [name for pair in named for name in pair if name and not (ROOT / name).exists()] == []
