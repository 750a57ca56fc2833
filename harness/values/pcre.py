"""Regular expressions as Splunk compiles them: PCRE2, on the ``regex`` module (see :mod:`harness.values.pcre_syntax`).

Every match is bounded in time, so that a hostile pattern cannot hang a run.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

import regex

from harness.errors import SearchError, UnsupportedSPL
from harness.settings import Limits
from harness.values.pcre_syntax import PatternError, translate

__all__ = ["Pattern", "PatternError", "compile_pcre"]

_TIMEOUT: Final = Limits().regex_seconds
_LONGEST: Final = 20_000


class Pattern:
    """A compiled pattern; ``names`` gives the number of each named group. Each call is bounded in time and raises
    SearchError when it takes too long."""

    __slots__ = ("_compiled", "groups", "names", "source")

    def __init__(self, source: str, compiled: Any, groups: int, names: dict[str, int]) -> None:
        self.source = source
        self._compiled = compiled
        self.groups = groups
        self.names = names

    def search(self, text: str, position: int = 0) -> Any:
        """The first match at or behind the position, as the ``regex`` module's match object, or None."""
        try:
            return self._compiled.search(text, position, timeout=_TIMEOUT)
        except TimeoutError:
            raise self._too_slow() from None

    def finditer(self, text: str) -> Any:
        """Every match, one behind the other."""
        try:
            yield from self._compiled.finditer(text, timeout=_TIMEOUT)
        except TimeoutError:
            raise self._too_slow() from None

    def findall(self, text: str) -> list[tuple[str, ...]]:
        """What the groups of every match captured; one that took no part is an empty text."""
        try:
            found = self._compiled.findall(text, timeout=_TIMEOUT)
        except TimeoutError:
            raise self._too_slow() from None
        return found if self.groups > 1 else [(each,) for each in found]

    def sub(self, replacement: Any, text: str, count: int = 0) -> str:
        """The text with matches replaced; ``count`` 0 means all."""
        try:
            return str(self._compiled.sub(replacement, text, count=count, timeout=_TIMEOUT))
        except TimeoutError:
            raise self._too_slow() from None

    def _too_slow(self) -> SearchError:
        return SearchError(f"The regular expression took more than {_TIMEOUT:g} s on one event: {self.source}")


@lru_cache(maxsize=4096)
def compile_pcre(pattern: str) -> Pattern:
    """Compile a PCRE2 pattern.

    Raises :class:`PatternError` with PCRE2's words for what it refuses, or UnsupportedSPL for a construct with no exact
    counterpart.
    """
    if len(pattern) > _LONGEST:
        raise UnsupportedSPL(f"A regular expression of {len(pattern)} characters is not supported.")
    translation = translate(pattern)
    try:
        # V0: no set operations in classes, as in PCRE2. ASCII: \b goes by ASCII, as PCRE2 does without its UCP option.
        compiled = regex.compile(translation.text, regex.V0 | regex.ASCII)
    except (regex.error, RecursionError, OverflowError) as problem:
        raise UnsupportedSPL(f"The regular expression '{pattern[:200]}' is not supported ({problem}).") from None
    return Pattern(pattern, compiled, translation.groups, translation.names)
