"""``datasets.lock``: the SHA-256 of each dataset that the tests of a content replay.

A line each, as ``sha256sum`` writes it: the hash, two blanks, and the dataset as the test names it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from harness.errors import DatasetError, FilePlace, UsageError

FILE = "datasets.lock"
HEAD = "# The content of each dataset, by SHA-256. Written by: harness lock\n"
_LINE = re.compile(r"([0-9a-f]{64})  (\S.*)")


def read_pins(root: Path) -> dict[str, str]:
    """Hashes by dataset; none where the content has no lock file. Raises UsageError for a line that is none."""
    path = root / FILE
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot be read: {error}", where=FilePlace(path)) from error
    pins: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if line and not line.startswith("#"):
            found = _LINE.fullmatch(line)
            if found is None:
                raise UsageError(
                    "not a SHA-256, two blanks and a dataset",
                    where=FilePlace(path, number),
                    hint="harness lock writes it",
                )
            pins[found[2]] = found[1]
    return pins


def write_pins(root: Path, pins: Mapping[str, str]) -> None:
    lines = [f"{digest}  {data}\n" for data, digest in sorted(pins.items())]
    (root / FILE).write_text(HEAD + "".join(lines), encoding="utf-8")


def verify(data: str, sha256: str, pinned: str, where: FilePlace | None) -> None:
    """Raises :class:`DatasetError` unless the content is what is pinned."""
    if pinned and pinned != sha256:
        raise DatasetError(
            f"the dataset {data} is not what {FILE} pins: its SHA-256 is {sha256}, pinned is {pinned}",
            where=where,
            hint="restore the data, or take the new data into the lock file with: harness lock",
        )
