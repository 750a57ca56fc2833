"""How far the engine is held to a real Splunk: the summary of our tests that ships with the package.

``fidelity.json`` is computed from the tests (``make fidelity``). Its hash tells two engines apart in run records.
"""

from __future__ import annotations

import functools
import hashlib
import json
from importlib.resources import files
from typing import TypedDict


class Fidelity(TypedDict):
    """``areas``: area to tests by kind of evidence; ``answers``: measured answers by what became of them;
    ``differs``: what is known to differ, one sentence each."""

    areas: dict[str, dict[str, int]]
    answers: dict[str, int]
    differs: list[str]


@functools.cache
def _text() -> bytes:
    return files("harness").joinpath("fidelity.json").read_bytes()


def fidelity() -> Fidelity:
    """The summary."""
    read: Fidelity = json.loads(_text())
    return read


def fidelity_hash() -> str:
    """``sha256:…`` of the summary."""
    return "sha256:" + hashlib.sha256(_text()).hexdigest()
