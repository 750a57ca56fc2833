"""Content in a git repository, with its history made by the test."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.runner.packs import stem, write, write_pack

_SETTINGS = ("user.name=A", "user.email=a@example.com", "commit.gpgsign=false", "core.autocrlf=false")


@dataclass(frozen=True)
class Repository:
    """A git repository whose content root is ``root``, the repository's top or a folder below it."""

    top: Path
    root: Path

    def git(self, *arguments: str) -> str:
        options = [part for setting in _SETTINGS for part in ("-c", setting)]
        command = ["git", "-C", str(self.top), *options, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def commit(self, message: str = "change") -> str:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self.git("rev-parse", "HEAD")

    def put(self, document: dict[str, Any]) -> Path:
        """Write a detection."""
        text = yaml.safe_dump(document, sort_keys=False)
        return write(self.root / "detections" / f"{stem(document['name'])}.yml", text)


def repository(top: Path, *detections: dict[str, Any], below: str = "", **files: str) -> Repository:
    """A repository with one commit of these detections."""
    made = Repository(top, top / below if below else top)
    made.root.mkdir(parents=True, exist_ok=True)
    made.git("init", "--quiet", "--initial-branch=main")
    write_pack(made.root, *detections, **files)
    made.commit("first")
    return made
