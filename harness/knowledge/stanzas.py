r"""Which props stanzas apply to an event, and how their settings merge (props.conf specification, "stanza patterns").

``source::`` beats ``host::`` beats the source type beats ``[default]``. Within one kind an exact name beats a pattern,
of two patterns the one earlier in ASCII order wins, and ``priority`` outranks both, but never across kinds
(N10.25-N10.27). Stanzas merge setting by setting.

Names match wholly. Sources and source types match in their case, hosts in any. A source type that only differs in case
from a stanza is reported, as it was hardly meant.

A pattern is PCRE in which ``...`` stands for anything, ``*`` for anything but ``/``, and ``.`` for itself. The name of
a source type is one only if it begins with ``(?::){0}``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from harness.errors import KnowledgeError, SPLError
from harness.knowledge.conf import DEFAULT, Stanza, Stanzas, integer
from harness.values.pcre import Pattern, PatternError, compile_pcre

Kind = Literal["source::", "host::", ""]

SOURCETYPE_PATTERN: Final = "(?::){0}"

_META: Final = re.compile(r"\.\.\.|[*|()\[\]?+{}^$]")
_TRANSLATED: Final = {"...": ".*", "*": "[^/]*", ".": r"\."}
_TOKEN: Final = re.compile(r"\.\.\.|\\.|.", re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Entry:
    name: str
    settings: Mapping[str, str]
    pattern: Pattern | None
    priority: int

    @property
    def rank(self) -> tuple[int, bool, str]:
        """The strongest first: highest priority, then exact before pattern, then ASCII order."""
        return (-self.priority, self.pattern is not None, self.name)


class Props:
    """The stanzas of ``props.conf``, asked by (source, host, source type). Unreadable patterns go to ``warn``."""

    def __init__(self, stanzas: Stanzas, warn: Callable[[KnowledgeError], None]) -> None:
        self.stanzas = stanzas
        self._warn = warn
        self._any_case: dict[str, str] = {}
        self._default = _Entry(DEFAULT, stanzas.get(DEFAULT, {}), None, 0)
        self._patterns: dict[Kind, list[_Entry]] = {"source::": [], "host::": [], "": []}
        self._exact: dict[tuple[Kind, str], _Entry] = {}
        self._matches: dict[tuple[Kind, str], tuple[_Entry, ...]] = {}
        self._merged: dict[tuple[str, ...], Stanza] = {}
        for name, settings in stanzas.items():
            if name != DEFAULT:
                self._add(name, settings, warn)

    def _add(self, name: str, settings: Stanza, warn: Callable[[KnowledgeError], None]) -> None:
        kind: Kind = "source::" if name.startswith("source::") else "host::" if name.startswith("host::") else ""
        own = name.removeprefix(kind)
        if not is_pattern(own, kind):
            entry = _Entry(name, settings, None, integer(settings.get("priority"), 100))
            self._exact[kind, _folded(re.sub(r"\\\\", r"\\", own) if kind else own, kind)] = entry
            if not kind:
                self._any_case[own.lower()] = own
            return
        try:
            pattern = compile_pcre(translate(own, kind))
        except (PatternError, SPLError) as problem:
            warn(KnowledgeError(f"props.conf: the stanza [{name}] is left out: {problem}"))
            return
        self._patterns[kind].append(_Entry(name, settings, pattern, integer(settings.get("priority"), 0)))

    def layers(self, source: str, host: str, sourcetype: str) -> tuple[str, ...]:
        """The names of the stanzas that apply, the weakest first."""
        return tuple(entry.name for entry in self._entries(source, host, sourcetype))

    def settings(self, source: str, host: str, sourcetype: str) -> Stanza:
        """The merged settings for an event with this metadata; the same object for the same stanzas."""
        entries = self._entries(source, host, sourcetype)
        key = tuple(entry.name for entry in entries)
        found = self._merged.get(key)
        if found is None:
            found = self._merged[key] = {key: value for entry in entries for key, value in entry.settings.items()}
        return found

    def _entries(self, source: str, host: str, sourcetype: str) -> tuple[_Entry, ...]:
        return (
            self._default,
            *self._matching("", sourcetype),
            *self._matching("host::", host),
            *self._matching("source::", source),
        )

    def _matching(self, kind: Kind, value: str) -> tuple[_Entry, ...]:
        """The matching stanzas of one kind, the weakest first."""
        found = self._matches.get((kind, value))
        if found is None:
            matching = [entry for entry in self._patterns[kind] if entry.pattern and entry.pattern.search(value)]
            exact = self._exact.get((kind, _folded(value, kind)))
            if exact is not None:
                matching.append(exact)
            elif not kind and not matching:
                self._warn_of_case(value)
            matching.sort(key=lambda entry: entry.rank, reverse=True)
            found = self._matches[kind, value] = tuple(matching)
        return found

    def _warn_of_case(self, sourcetype: str) -> None:
        near = self._any_case.get(sourcetype.lower())
        if near is not None:
            self._warn(
                KnowledgeError(
                    f"props.conf: no stanza applies to the source type {sourcetype}; [{near}] differs in case",
                    hint=f"Source types match in their case: give the data the source type {near}, if that was meant.",
                )
            )


def _folded(name: str, kind: Kind) -> str:
    return name.lower() if kind == "host::" else name


def is_pattern(name: str, kind: Kind) -> bool:
    if kind == "":
        return name.startswith(SOURCETYPE_PATTERN)
    # Backslashes are escaped in a name; what they escape is plain.
    return _META.search(re.sub(r"\\.", "", name, flags=re.DOTALL)) is not None


def translate(name: str, kind: Kind) -> str:
    """The regular expression that a stanza's name stands for."""
    folding = kind == "host::" and not name.startswith("(?-i)")
    parts = [
        _TRANSLATED.get(part, part)
        for part in _TOKEN.findall(name.removeprefix("(?-i)").removeprefix(SOURCETYPE_PATTERN))
    ]
    return rf"{'(?i)' if folding else ''}\A(?:{''.join(parts)})\z"
