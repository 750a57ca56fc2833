"""Which props stanzas apply to an event, and how their settings merge (props.conf specification).

``source::`` beats ``host::`` beats the source type beats ``[default]``. Within one kind an exact name beats a pattern,
of two patterns the one earlier in ASCII order wins, and ``priority`` outranks both, but never across kinds
(N10.25-N10.27). Stanzas merge setting by setting.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from harness.knowledge.conf import Stanza, Stanzas, merge

_KINDS = ("source::", "host::")
_WORD_PREFIX = re.compile(r"\(\?::\)\{0\}")


@dataclass(frozen=True, slots=True)
class _Entry:
    name: str
    settings: Mapping[str, str]
    pattern: re.Pattern[str] | None
    priority: int


class Props:
    """The stanzas of ``props.conf``, asked by (source, host, source type)."""

    def __init__(self, stanzas: Stanzas) -> None:
        self.stanzas = stanzas
        self._default = stanzas.get("default", {})
        self._kinds: dict[str, list[_Entry]] = {"source::": [], "host::": [], "": []}
        self._exact: dict[tuple[str, str], _Entry] = {}
        for name, settings in stanzas.items():
            if name == "default":
                continue
            kind = next((kind for kind in _KINDS if name.lower().startswith(kind)), "")
            self._add(kind, name[len(kind) :], settings)
        self._merged: dict[tuple[str, str, str], Stanza] = {}

    def _add(self, kind: str, name: str, settings: Stanza) -> None:
        pattern = _pattern(name, kind)
        default_priority = 0 if pattern is not None else 100
        try:
            priority = int(settings.get("priority", default_priority))
        except ValueError:
            priority = default_priority
        entry = _Entry(name, settings, pattern, priority)
        if pattern is None:
            # Source types match without regard to case, sources and hosts too.
            self._exact.setdefault((kind, name.lower()), entry)
        else:
            self._kinds[kind].append(entry)

    def settings(self, source: str, host: str, sourcetype: str) -> Stanza:
        """The merged settings for an event with this metadata; the same object for the same metadata."""
        key = (source, host, sourcetype)
        found = self._merged.get(key)
        if found is None:
            layers: list[Mapping[str, str]] = [self._default]
            for kind, value in (("", sourcetype), ("host::", host), ("source::", source)):
                layers.extend(self._layers(kind, value))
            found = self._merged[key] = merge([{"x": layer} for layer in layers]).get("x", {})
        return found

    def _layers(self, kind: str, value: str) -> list[Mapping[str, str]]:
        """The matching stanzas of one kind, the weakest first."""
        matching = [entry for entry in self._kinds[kind] if entry.pattern and entry.pattern.fullmatch(value)]
        exact = self._exact.get((kind, value.lower()))
        if exact is not None:
            matching.append(exact)
        # Strongest: highest priority, then exact before pattern, then ASCII order.
        matching.sort(key=lambda entry: (-entry.priority, entry.pattern is not None, entry.name))
        return [entry.settings for entry in reversed(matching)]


@lru_cache(maxsize=4096)
def _pattern(name: str, kind: str) -> re.Pattern[str] | None:
    r"""The pattern a stanza name is, or None if it is a plain name.

    ``...`` stands for anything, ``*`` for anything within one path segment (in ``source::``) or anything; ``|`` and
    parentheses are alternation. A source type pattern must begin with ``(?::){0}``.
    """
    if kind == "":
        if not _WORD_PREFIX.match(name):
            return None
        name = _WORD_PREFIX.sub("", name, count=1)
        return re.compile("".join(".*" if c == "*" else re.escape(c) for c in name), re.IGNORECASE | re.DOTALL)
    if not any(mark in name for mark in ("*", "...", "|", "(")):
        return None
    star = r"[^/\\]*" if kind == "source::" else ".*"
    parts = []
    for part in re.split(r"(\.\.\.|\*|[|()]|\\.)", name):
        if part == "...":
            parts.append(".*")
        elif part == "*":
            parts.append(star)
        elif part in ("|", "(", ")"):
            parts.append(part)
        elif part.startswith("\\") and len(part) == 2:
            parts.append(re.escape(part[1]))
        else:
            parts.append(re.escape(part))
    try:
        return re.compile("".join(parts), re.IGNORECASE | re.DOTALL)
    except re.error:
        return re.compile(re.escape(name), re.IGNORECASE)
