"""The recorded content repository, unpacked and read, and its searches."""

from __future__ import annotations

import tarfile
from dataclasses import dataclass
from pathlib import Path

import yaml

from harness.content import Content


@dataclass(frozen=True, slots=True)
class CatalogueSearch:
    """``kind`` is production, experimental, deprecated or baseline."""

    name: str
    kind: str
    text: str


def unpack(corpus: Path, folder: Path) -> Path:
    """Unpack the recorded repository into ``folder`` and give its root."""
    with tarfile.open(corpus / "security_content.tar.gz") as archive:
        archive.extractall(folder, filter="data")
    return next(folder.iterdir())


def catalogue_searches(root: Path, content: Content) -> list[CatalogueSearch]:
    """Every search of the detections and baselines."""
    found = [CatalogueSearch(each.name, each.status, each.search) for each in content.detections]
    for path in sorted((root / "baselines").rglob("*.yml")):
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        if "search" in document:
            found.append(CatalogueSearch(document["name"], "baseline", document["search"]))
    return found
