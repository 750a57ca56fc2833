"""Fields of XML events: ``KV_MODE = xml`` (props.conf specification)."""

from __future__ import annotations

import contextlib
from typing import Final
from xml.parsers import expat

from harness.knowledge.automatic_kv import Fields
from harness.values.column import Scalar, normal

MAX_DEPTH: Final = 100
"""Nested elements that are looked into."""


def from_xml(text: str) -> Fields:
    """The path from the root for an element's text (``event.user``, N10.32), and ``path{@name}`` for an attribute.

    XML that breaks off gives the fields before the place where it breaks, as JSON does.
    """
    start = text.find("<")
    if start < 0 or text[:start].strip():
        return {}
    reader = _Reader()
    reader.read(text[start:])
    return {name: normal(tuple(values)) for name, values in reader.found.items()}


class _Stop(Exception):
    """Nothing after this is read."""


class _Reader:
    def __init__(self) -> None:
        self.found: dict[str, list[Scalar]] = {}
        self._path: list[str] = []
        self._texts: list[list[str]] = []

    def read(self, text: str) -> None:
        parser = expat.ParserCreate()
        parser.StartElementHandler = self._open
        parser.EndElementHandler = self._close
        parser.CharacterDataHandler = self._characters
        parser.EntityDeclHandler = self._refuse  # no entity of the data's own is ever expanded
        with contextlib.suppress(expat.ExpatError, _Stop):
            parser.Parse(text, True)

    def _open(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._path) >= MAX_DEPTH:
            raise _Stop
        self._path.append(name)
        self._texts.append([])
        for key, value in attributes.items():
            self.found.setdefault(f"{'.'.join(self._path)}{{@{key}}}", []).append(value)

    def _close(self, _: str) -> None:
        value = "".join(self._texts.pop()).strip()
        if value:
            self.found.setdefault(".".join(self._path), []).append(value)
        self._path.pop()

    def _characters(self, data: str) -> None:
        if self._texts:
            self._texts[-1].append(data)

    def _refuse(self, *_: object) -> None:
        raise _Stop
