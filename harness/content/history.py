"""The content as it was at a revision of its git repository, and what changed since."""

from __future__ import annotations

import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Final

from harness.content.loader import load_content
from harness.content.models import Content
from harness.errors import FilePlace, UsageError

_READ: Final = (".yml", ".yaml", ".csv", "datasets.lock")
"""What content is made of. Datasets are not unpacked: they can be large, and :func:`changed_paths` tells of them."""

_PLAIN: Final = ("--no-renames", "--no-ext-diff", "--ignore-submodules=none")
"""Options of ``git diff`` that someone's settings could have otherwise."""


@contextmanager
def content_at(root: Path, revision: str) -> Iterator[Content]:
    """The content of ``root`` at a revision, unpacked into a folder that is gone afterwards; empty if it was not there.

    Raises UsageError if the root is in no git repository, or the repository has no such revision.
    """
    commit = commit_of(root, revision)
    with tempfile.TemporaryDirectory(prefix="harness-content-") as folder:
        if _git(root, "rev-parse", "--verify", "--quiet", f"{commit}:./").returncode == 0:
            _unpack(root, commit, Path(folder))
        yield load_content(Path(folder))


def commit_of(root: Path, revision: str) -> str:
    """The full hash of the commit that a revision names. Raises UsageError as :func:`content_at`."""
    done = _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if done.returncode == 0:
        return done.stdout.decode().strip()
    if b"not a git repository" in done.stderr:
        raise UsageError("this is in no git repository", where=FilePlace(root))
    raise UsageError(
        f"the repository has no revision {revision!r}",
        where=FilePlace(root),
        hint="A CI often fetches the newest commit only: with actions/checkout, set fetch-depth: 0.",
    )


def top_of(root: Path) -> Path:
    """The folder of the whole repository; ``root`` itself where there is none."""
    done = _git(root, "rev-parse", "--show-toplevel")
    return Path(done.stdout.decode().rstrip("\n")) if done.returncode == 0 else root


def changed_paths(root: Path, revision: str) -> frozenset[Path]:
    """Files below ``root`` that differ from the revision, committed or not, also those gone and those not added yet.

    Those of a submodule are compared with the commit that it stood at; its folder stands for all of them where that
    cannot be done.
    """
    commit = commit_of(root, revision)
    names: set[str] = set()
    for command in (
        ("diff", "--name-only", *_PLAIN, "--relative", "-z", commit, "--", "."),
        ("ls-files", "--others", "--exclude-standard", "-z", "--", "."),
    ):
        done = _git(root, *command)
        if done.returncode:
            raise UsageError(f"git {command[0]} failed: {_message(done.stderr)}", where=FilePlace(root))
        names.update(name.decode("utf-8", "surrogateescape") for name in done.stdout.split(b"\0") if name)
    modules = {name for name in names if (root / name).is_dir() and not (root / name).is_symlink()}
    inside = [path for name in modules for path in _changed_in_submodule(root, commit, name)]
    return frozenset([*(root / name for name in names - modules), *inside])


def _changed_in_submodule(root: Path, commit: str, name: str) -> frozenset[Path]:
    before = _git(root, "rev-parse", "--verify", "--quiet", f"{commit}:./{name}").stdout.decode().strip()
    try:
        return changed_paths(root / name, before) if before else frozenset({root / name})
    except UsageError:  # it is not checked out, or has not that commit
        return frozenset({root / name})


def _git(root: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, check=False)  # noqa: S603, S607
    except FileNotFoundError as error:
        raise UsageError("git is not installed", hint="Revisions are compared with it.") from error


def _unpack(root: Path, commit: str, folder: Path) -> None:
    # In a subfolder of its repository, git archives that subfolder, with names from there on.
    command = ["git", "-C", str(root), "archive", "--format=tar", commit]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:  # noqa: S603
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            _extract(process.stdout, folder)
        except tarfile.ReadError as error:
            message = _message(process.stderr.read()) or str(error)
            raise UsageError(f"git archive failed: {message}", where=FilePlace(root)) from error


def _extract(stream: IO[bytes], folder: Path) -> None:
    with tarfile.open(fileobj=stream, mode="r|") as archive:
        for member in archive:
            if member.isfile() and member.name.endswith(_READ):
                _write(archive, member, folder)


def _write(archive: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    """Not by ``TarFile.extract``, whose filters came with Python 3.11.4; git itself names no file outside its tree."""
    name = PurePosixPath(member.name)
    stream = archive.extractfile(member)
    if stream is None or name.is_absolute() or ".." in name.parts:
        return
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(stream.read())


def _message(stderr: bytes) -> str:
    return stderr.decode("utf-8", "replace").strip()
