"""Where content lives."""

from __future__ import annotations

from pathlib import Path

from harness.errors import FilePlace, UsageError

MARKERS = ("contentctl.yml", "detections")


def relative(path: Path, root: Path) -> str:
    """The path below the root, with slashes; the whole path where it is not below."""
    try:
        return path.resolve().relative_to(root.resolve()).as_posix()
    except ValueError:
        return path.resolve().as_posix()


def find_root(start: Path) -> Path:
    """The nearest folder, from ``start`` upwards, that has a ``contentctl.yml`` or a ``detections`` folder.

    Raises UsageError if there is none.
    """
    start = start.resolve()
    for folder in (start, *start.parents):
        if (folder / MARKERS[0]).is_file() or (folder / MARKERS[1]).is_dir():
            return folder
    raise UsageError(
        "no content here: neither contentctl.yml nor a detections folder, here or above",
        where=FilePlace(start),
        hint="Change to the content repository, or name it with --root.",
    )
