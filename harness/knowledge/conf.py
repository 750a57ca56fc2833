"""Splunk ``.conf`` files (Admin Manual, "How to edit a configuration file").

Stanzas in brackets, ``key = value`` lines, ``#`` comments on lines of their own, a trailing backslash continues a
setting on the next line. Settings before the first stanza belong to ``[default]``, and those of ``[default]`` hold for
every stanza that does not say otherwise. A line that is none of these is reported and left out.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from harness.errors import FilePlace, KnowledgeError

MAX_CONF_BYTES: Final = 16 * 1024 * 1024
DEFAULT: Final = "default"

Stanza = dict[str, str]
Stanzas = dict[str, Stanza]

# Not str.splitlines: a form feed or a Unicode line separator may stand inside a value.
_LINE_END: Final = re.compile(r"\r\n|\n|\r")


@dataclass(slots=True)
class ConfFile:
    """The stanzas of one file in the order written, the line of each setting, and what could not be read."""

    stanzas: Stanzas = field(default_factory=dict)
    lines: dict[tuple[str, str], int] = field(default_factory=dict)
    warnings: list[KnowledgeError] = field(default_factory=list)


def parse_conf(data: bytes, path: Path) -> ConfFile:
    """Read a conf file. Of a stanza or setting given twice the last value counts; ``path`` is for messages."""
    result = ConfFile()
    if len(data) > MAX_CONF_BYTES:
        _warn(result, path, None, f"larger than {MAX_CONF_BYTES} bytes", hint="The file is left out.")
        return result
    if data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        _warn(result, path, None, "UTF-16 instead of UTF-8", hint="The file is left out.")
        return result
    _read(_decoded(data, path, result), path, result)
    return result


def _decoded(data: bytes, path: Path, result: ConfFile) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = data.count(b"\n", 0, problem.start) + 1
        _warn(result, path, line, "not UTF-8", hint="What cannot be read is replaced.")
        return data.decode("utf-8-sig", "replace")


def _read(text: str, path: Path, result: ConfFile) -> None:
    name, stanza = DEFAULT, Stanza()
    result.stanzas[DEFAULT] = stanza
    lines = _LINE_END.split(text)
    position = 0
    while position < len(lines):
        number, line = position + 1, lines[position]
        position += 1
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        if stripped.startswith("["):
            end = stripped.rfind("]")
            name = (stripped[1:end] if end > 0 else stripped[1:]).strip() or DEFAULT
            if end < 0:
                # Its settings must not fall into the stanza before.
                _warn(result, path, number, "a stanza's name has no closing bracket", hint="The stanza is left out.")
                stanza = Stanza()
            else:
                stanza = result.stanzas.setdefault(name, {})
            continue
        while line.endswith("\\") and position < len(lines):
            line = line[:-1] + "\n" + lines[position]
            position += 1
        key, separator, value = line.partition("=")
        key = key.strip()
        if not separator or not key:
            _warn(result, path, number, f"neither a stanza nor a setting: {stripped[:60]}")
            continue
        stanza[key] = value.strip()
        result.lines[name, key] = number
    if not result.stanzas[DEFAULT]:
        del result.stanzas[DEFAULT]


def _warn(result: ConfFile, path: Path, line: int | None, message: str, hint: str = "The line is left out.") -> None:
    result.warnings.append(KnowledgeError(message, where=FilePlace(path, line), hint=hint))


def merge(layers: Iterable[Mapping[str, Mapping[str, str]]]) -> Stanzas:
    """Layers from the weakest to the strongest, merged setting by setting (N10.27)."""
    merged: Stanzas = {}
    for layer in layers:
        for name, settings in layer.items():
            merged.setdefault(name, {}).update(settings)
    return merged


def with_default(stanzas: Stanzas) -> Stanzas:
    """The stanzas without ``[default]``, each with the settings of ``[default]`` that it does not have itself."""
    default = stanzas.get(DEFAULT, {})
    return {name: {**default, **settings} for name, settings in stanzas.items() if name != DEFAULT}


_TRUE: Final = frozenset(("1", "true", "t", "yes", "y"))
_FALSE: Final = frozenset(("0", "false", "f", "no", "n"))


def boolean(value: str | None, default: bool) -> bool:
    """A conf boolean; what is none is the default."""
    word = (value or "").strip().lower()
    return True if word in _TRUE else False if word in _FALSE else default


def integer(value: str | None, default: int) -> int:
    """An integer setting; what is none is the default."""
    try:
        return int(value) if value is not None else default
    except ValueError:
        return default


def names(value: str | None) -> list[str]:
    """A comma-separated list, without blanks, empty places and double quotes around a name."""
    return [name for part in (value or "").split(",") if (name := part.strip().strip('"'))]
