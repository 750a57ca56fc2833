"""The recorded content repository, unpacked and read."""

from __future__ import annotations

import tarfile
from pathlib import Path


def unpack(corpus: Path, folder: Path) -> Path:
    """Unpack the recorded repository into ``folder`` and give its root."""
    with tarfile.open(corpus / "security_content.tar.gz") as archive:
        archive.extractall(folder, filter="data")
    return next(folder.iterdir())
