r"""PCRE patterns, as Splunk compiles them, on the ``regex`` module.

What the two read differently is translated; what cannot be is refused. Every match is bounded in time, so that a hostile
pattern cannot hang a run.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final

import regex

from harness.errors import SearchError, UnsupportedSPL
from harness.settings import Limits

_TIMEOUT: Final = Limits().regex_seconds

# PCRE's words for what the regex module says (M4.28, M4.29).
_CLAUSES: Final = (
    ("unterminated character set", "missing terminating ] for character class"),
    ("missing )", "missing closing parenthesis"),
    ("unbalanced parenthesis", "unmatched closing parenthesis"),
    ("multiple repeat", "quantifier does not follow a repeatable item"),
    ("nothing to repeat", "quantifier does not follow a repeatable item"),
    ("min repeat greater than max repeat", "numbers out of order in {} quantifier"),
    ("bad character range", "range out of order in character class"),
    ("duplicate group", "two named subpatterns have the same name (PCRE2_DUPNAMES not set)"),
    ("bad character in group name", "subpattern name must start with a non-digit"),
    ("bad escape (end of pattern)", "\\ at end of pattern"),
)

_TOKEN: Final = re.compile(
    r"""
      \\Q(?P<literal>.*?)(?:\\E|\Z)
    | (?P<escape>\\(?:x\{[0-9A-Fa-f]+\}|o\{[0-7]+\}|[hHRKXGzZAbBdDsSwWvVN]|.))
    | (?P<class>\[\^?\]?(?:\\.|\[:\^?[a-z]+:\]|[^\]\\])*\])
    | (?P<verb>\(\*[A-Z_:=0-9]+\))
    | (?P<comment>\(\?\#[^)]*\))
    | (?P<group>\(\?(?:P?<(?![=!])(?P<name>[^>]*)>|P'[^']*'|'(?P<quoted>[^']*)'))
    | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)

_HORIZONTAL: Final = r"\t\x20\xa0\u1680\u180e\u2000-\u200a\u202f\u205f\u3000"
_VERTICAL: Final = r"\n\x0b\f\r\x85\u2028\u2029"


class Pattern:
    """A compiled pattern. Each search is bounded in time and raises SearchError when it takes too long."""

    __slots__ = ("_compiled", "groups", "names", "source")

    def __init__(self, source: str, compiled: Any) -> None:
        self.source = source
        self._compiled = compiled
        self.groups: int = compiled.groups
        self.names: dict[str, int] = dict(compiled.groupindex)

    def search(self, text: str, position: int = 0) -> Any:
        try:
            return self._compiled.search(text, position, timeout=_TIMEOUT)
        except TimeoutError:
            raise self._too_slow() from None

    def finditer(self, text: str) -> Any:
        try:
            yield from self._compiled.finditer(text, timeout=_TIMEOUT)
        except TimeoutError:
            raise self._too_slow() from None

    def sub(self, replacement: Any, text: str, count: int = 0) -> str:
        try:
            return str(self._compiled.sub(replacement, text, count=count, timeout=_TIMEOUT))
        except TimeoutError:
            raise self._too_slow() from None

    def _too_slow(self) -> SearchError:
        return SearchError(f"The regular expression took more than {_TIMEOUT:g} s on one event: {self.source}")


class PatternError(re.error):
    """A pattern that PCRE refuses; the message is PCRE's clause."""


@lru_cache(maxsize=4096)
def compile_pcre(pattern: str) -> Pattern:
    """Compile a PCRE pattern.

    Raises :class:`PatternError` with PCRE's clause, or UnsupportedSPL for a construct with no exact counterpart.
    """
    try:
        # V0 keeps re's (and PCRE's) reading of character classes; ASCII because Splunk compiles without UCP.
        return Pattern(pattern, regex.compile(translate(pattern), regex.V0 | regex.ASCII))
    except regex.error as problem:
        raise PatternError(_clause(str(problem))) from None
    except (RecursionError, OverflowError):
        raise UnsupportedSPL(f"The regular expression is too large: {pattern[:80]}") from None


def _clause(message: str) -> str:
    for ours, theirs in _CLAUSES:
        if ours in message:
            return theirs
    return message


def translate(pattern: str) -> str:
    """The pattern as the ``regex`` module reads it."""
    parts: list[str] = []
    for found in _TOKEN.finditer(pattern):
        kind = found.lastgroup
        text = found[0]
        if found["literal"] is not None:
            parts.append(regex.escape(found["literal"]))
        elif kind == "escape":
            parts.append(_escape(text, in_class=False))
        elif kind == "class":
            parts.append(_class(text))
        elif kind == "verb":
            raise UnsupportedSPL(f"The regular expression verb {text} is not supported.")
        elif kind == "comment":
            continue
        elif found["name"] is not None or found["quoted"] is not None:
            name = found["name"] if found["name"] is not None else found["quoted"]
            parts.append(f"(?P<{name}>")
        else:
            parts.append(text)
    return "".join(parts)


def _escape(text: str, *, in_class: bool) -> str:
    code = text[1]
    if code == "x" and text.startswith("\\x{"):
        return _character(int(text[3:-1], 16))
    if code == "o" and text.startswith("\\o{"):
        return _character(int(text[3:-1], 8))
    if code == "h":
        return _HORIZONTAL if in_class else f"[{_HORIZONTAL}]"
    if code == "H" and not in_class:
        return f"[^{_HORIZONTAL}]"
    if code == "v":
        return _VERTICAL if in_class else f"[{_VERTICAL}]"
    if code == "V" and not in_class:
        return f"[^{_VERTICAL}]"
    if code == "R" and not in_class:
        return rf"(?>\r\n|[{_VERTICAL}])"
    if code == "N" and not in_class:
        return r"[^\n]"
    if code == "Z":
        return r"(?=\n?\Z)"
    if code == "z":
        return r"\Z"
    if code == "e":
        return r"\x1b"
    if code in "XHV" or (in_class and code in "RN"):
        raise UnsupportedSPL(f"The regular expression escape {text} is not supported here.")
    if code.isalpha() and code not in "abBAdDfGkKnprPsStuUwWx0123456789gc":
        return regex.escape(code)  # PCRE reads an unknown escaped letter as itself
    return text


def _character(code: int) -> str:
    if code > 0x10FFFF:
        raise PatternError("character code point value in \\x{} or \\o{} is too large")
    return f"\\U{code:08x}"


def _class(text: str) -> str:
    inner = re.sub(r"\\(?:x\{[0-9A-Fa-f]+\}|.)", lambda found: _escape(found[0], in_class=True), text, flags=re.DOTALL)
    # A bracket inside a class is plain in PCRE unless it opens a POSIX class.
    return inner[0] + re.sub(r"\[(?!:\^?[a-z]+:\])", r"\\[", inner[1:])
