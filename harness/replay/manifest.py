"""Dataset descriptions (``.yml``): the files of a dataset, and as what source and source type they are sent."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml

from harness.errors import DatasetError, FilePlace

try:
    from yaml import CSafeLoader as SafeLoader
except ImportError:  # PyYAML built without libyaml
    from yaml import SafeLoader  # type: ignore[assignment]


@dataclass(frozen=True, slots=True)
class Described:
    """One file of a dataset. ``index`` is empty unless the description names one."""

    name: str
    data: str
    source: str
    sourcetype: str
    index: str = ""


def read_manifest(path: Path) -> list[Described]:
    """The files that a dataset description names, with paths as :class:`Locator` finds them."""
    where = FilePlace(path)
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=SafeLoader)
    except OSError as error:
        raise DatasetError(f"cannot be read: {error.strerror}", where=where) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        place = FilePlace(path, mark.line + 1) if mark else where
        raise DatasetError(f"not YAML: {getattr(error, 'problem', error)}", where=place) from error
    entries = document.get("datasets") if isinstance(document, dict) else None
    if not isinstance(entries, list) or not entries:
        raise DatasetError(
            "no dataset description: there is no list under 'datasets'",
            where=where,
            hint="each entry has name, path, source and sourcetype",
        )
    return [_described(entry, path, number) for number, entry in enumerate(entries, start=1)]


def _described(entry: object, path: Path, number: int) -> Described:
    values = entry if isinstance(entry, dict) else {}
    missing = [key for key in ("path", "source", "sourcetype") if not isinstance(values.get(key), str)]
    if missing:
        raise DatasetError(f"dataset {number} lacks {', '.join(missing)}", where=FilePlace(path))
    return Described(
        name=str(values.get("name") or f"dataset {number}"),
        data=_anchored(values["path"], path),
        source=values["source"],
        sourcetype=values["sourcetype"],
        index=str(values.get("index") or ""),
    )


def _anchored(data: str, path: Path) -> str:
    """A path with a leading slash starts at the repository that holds the description, not at the file system."""
    if not data.startswith("/"):
        return data
    inside = Path(data.lstrip("/"))
    for folder in path.resolve().parents:
        if (folder / inside).is_file():
            return str(folder / inside)
    return data
