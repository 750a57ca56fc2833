"""The content as it was at a revision of its git repository."""

from __future__ import annotations

import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from harness.content import Content, load_content
from harness.errors import FilePlace, UsageError

_READ: Final = (".yml", ".yaml", ".csv")
"""What content is made of; datasets are compared by what names them."""


@contextmanager
def content_at(root: Path, revision: str) -> Iterator[Content]:
    """The content of ``root`` at a revision, unpacked into a folder that is gone afterwards.

    Raises UsageError if the root is in no git repository, or the repository has no such revision.
    """
    commit = commit_of(root, revision)
    with tempfile.TemporaryDirectory(prefix="harness-gate-") as folder:
        # In a subfolder, git archives that subfolder, with names from there on.
        command = ["git", "-C", str(root), "archive", "--format=tar", commit]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:  # noqa: S603
            assert process.stdout is not None
            assert process.stderr is not None
            try:
                _unpack(process.stdout, Path(folder))
            except tarfile.ReadError as error:
                message = process.stderr.read().decode("utf-8", "replace").strip() or str(error)
                raise UsageError(
                    f"git cannot give the content at {revision}: {message}", where=FilePlace(root)
                ) from None
        yield load_content(Path(folder))


def commit_of(root: Path, revision: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603
            ["git", "-C", str(root), "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"],  # noqa: S607
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError as error:
        raise UsageError("git is not installed", hint="the gate compares two revisions of a git repository") from error
    if done.returncode == 0:
        return done.stdout.strip()
    hint = "A CI often fetches the newest commit only: with actions/checkout, set fetch-depth: 0."
    if "not a git repository" in done.stderr:
        raise UsageError("this is no git repository", where=FilePlace(root))
    raise UsageError(f"the repository has no revision {revision!r}", where=FilePlace(root), hint=hint)


def _unpack(stream: IO[bytes], folder: Path) -> None:
    with tarfile.open(fileobj=stream, mode="r|") as archive:
        for member in archive:
            if member.isfile() and member.name.endswith(_READ):
                archive.extract(member, folder, filter="data")
