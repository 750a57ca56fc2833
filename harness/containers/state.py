"""The file by which a container's health check knows how far the start is."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from harness.containers.contract import ARTIFACTS, STATE


class StateFile:
    """``starting`` from the beginning on, what is set after that; gone at the end. Without its folder there is none."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.path = Path(environment.get("CONTAINER_ARTIFACT_DIR") or ARTIFACTS) / STATE

    def set(self, state: str) -> None:
        if self.path.parent.is_dir():
            self.path.write_text(f"{state}\n")

    def __enter__(self) -> StateFile:
        self.set("starting")
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self.path.unlink(missing_ok=True)
