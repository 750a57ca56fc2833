"""Splunk ``.conf`` files (Admin Manual, "How to edit a configuration file").

Stanzas in brackets, ``key = value`` lines, ``#`` comments on lines of their own, a trailing backslash continues a line.
Lines before the first stanza belong to ``[default]``. A line that is none of these is reported and skipped.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from harness.errors import FilePlace, KnowledgeError

MAX_CONF_BYTES = 16 * 1024 * 1024

Stanza = dict[str, str]
Stanzas = dict[str, Stanza]


@dataclass(slots=True)
class ConfFile:
    """The stanzas of one file in the order written, and what could not be read."""

    stanzas: Stanzas = field(default_factory=dict)
    warnings: list[KnowledgeError] = field(default_factory=list)


def parse_conf(text: str, path: Path) -> ConfFile:
    """Read a conf file. A stanza or key given twice: the last value counts."""
    result = ConfFile()
    stanza = result.stanzas.setdefault("default", {})
    lines = text.removeprefix("\ufeff").splitlines()
    position = 0
    while position < len(lines):
        number, line = position + 1, lines[position]
        position += 1
        while line.endswith("\\") and position < len(lines):
            line = line[:-1] + "\n" + lines[position]
            position += 1
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        if stripped.startswith("["):
            end = stripped.rfind("]")
            if end < 0:
                _warn(result, path, number, "a stanza's name has no closing bracket")
                continue
            stanza = result.stanzas.setdefault(stripped[1:end].strip() or "default", {})
            continue
        key, separator, value = line.partition("=")
        if not separator or not key.strip():
            _warn(result, path, number, f"neither a stanza nor a setting: {stripped[:60]}")
            continue
        stanza[key.strip()] = value.strip()
    if not result.stanzas["default"]:
        del result.stanzas["default"]
    return result


def _warn(result: ConfFile, path: Path, line: int, message: str) -> None:
    result.warnings.append(KnowledgeError(message, where=FilePlace(path, line), hint="The line is left out."))


def read_conf(path: Path) -> ConfFile:
    """Read a conf file from disk; undecodable bytes are kept as replacement characters and reported."""
    if path.stat().st_size > MAX_CONF_BYTES:
        raise KnowledgeError(f"larger than {MAX_CONF_BYTES} bytes", where=FilePlace(path))
    data = path.read_bytes()
    try:
        return parse_conf(data.decode("utf-8"), path)
    except UnicodeDecodeError as problem:
        result = parse_conf(data.decode("utf-8", "replace"), path)
        line = data.count(b"\n", 0, problem.start) + 1
        _warn(result, path, line, "not UTF-8")
        return result


def merge(layers: Iterable[Mapping[str, Mapping[str, str]]]) -> Stanzas:
    """Layers from the weakest to the strongest, merged setting by setting (N10.27)."""
    merged: Stanzas = {}
    for layer in layers:
        for name, settings in layer.items():
            merged.setdefault(name, {}).update(settings)
    return merged


_TRUE = frozenset(("1", "true", "t", "yes", "y"))
_FALSE = frozenset(("0", "false", "f", "no", "n"))


def boolean(value: str | None, default: bool) -> bool:
    """A conf boolean; what is none is the default."""
    word = (value or "").strip().lower()
    return True if word in _TRUE else False if word in _FALSE else default
