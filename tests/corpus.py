"""The recorded Splunk corpus: real detections with their macros, lookups and data, where this machine has it.

Found at ``HARNESS_CORPUS``, or at ``../shared/corpus`` beside the repository. Nothing of it is part of the project.
"""

from __future__ import annotations

import functools
import os
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from harness.spl.macros import Macro

NO_CORPUS: Final = "no corpus: set HARNESS_CORPUS, or put it at ../shared/corpus"
_REPOSITORY = Path(__file__).resolve().parent.parent


def corpus_dir() -> Path | None:
    """The folder with ``security_content.tar.gz``, or None."""
    named = os.environ.get("HARNESS_CORPUS")
    folder = Path(named) if named else _REPOSITORY.parent / "shared" / "corpus"
    return folder if (folder / "security_content.tar.gz").is_file() else None


def require_corpus() -> Path:
    """The corpus folder; skips the test, saying so, where there is none."""
    folder = corpus_dir()
    if folder is None:
        pytest.skip(NO_CORPUS)
    return folder


@dataclass(frozen=True, slots=True)
class Search:
    """The search of one YAML file; ``status`` is production, experimental, deprecated or validation."""

    file: str
    name: str
    status: str
    search: str


class Macros:
    """The corpus's macros, the ones that its deployment generates (``..._filter``) and the one that CIM brings."""

    def __init__(self, macros: Mapping[tuple[str, int], Macro]) -> None:
        self._macros = macros

    def get(self, name: str, arity: int) -> Macro | None:
        found = self._macros.get((name, arity))
        if found is None and arity == 0 and name.endswith("_filter"):
            return Macro(name, (), "search *")
        return found

    def __iter__(self) -> Iterator[Macro]:
        return iter(self._macros.values())


@functools.cache
def _documents() -> tuple[tuple[str, dict[str, Any]], ...]:
    folder = corpus_dir()
    assert folder is not None, "call require_corpus() first"
    found: list[tuple[str, dict[str, Any]]] = []
    with tarfile.open(folder / "security_content.tar.gz") as archive:
        for member in archive:
            parts = Path(member.name).parts
            if not member.isfile() or not member.name.endswith(".yml") or len(parts) < 3:
                continue
            if parts[1] in ("detections", "baselines", "macros"):
                stream = archive.extractfile(member)
                assert stream is not None
                found.append((str(Path(*parts[1:])), yaml.load(stream, Loader=yaml.CSafeLoader)))
    return tuple(found)


@functools.cache
def searches() -> tuple[Search, ...]:
    """Every search of the corpus's detections and baselines, as written."""
    return tuple(
        Search(file, str(document["name"]), str(document.get("status", "")), str(document["search"]))
        for file, document in _documents()
        if file.startswith(("detections/", "baselines/")) and "search" in document
    )


@functools.cache
def macros() -> Macros:
    """The macros that those searches call."""
    table = {("drop_dm_object_name", 1): Macro("drop_dm_object_name", ("x",), "rename $x$.* as *")}
    for file, document in _documents():
        if file.startswith("macros/"):
            arguments = tuple(str(name) for name in document.get("arguments") or ())
            macro = Macro(str(document["name"]), arguments, str(document["definition"]))
            table[macro.name, len(arguments)] = macro
    return Macros(table)
