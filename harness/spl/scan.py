"""What every SPL reader shares: quotes, escapes, and a piece of text that knows where it stands.

A :class:`Source` is a window on the text of the outermost search, so that every span and every error points into what
the user wrote, however deep a reader is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from harness.errors import SPLSyntaxError, UnsupportedSPL
from harness.spl.nodes import Span

QUOTED: Final = re.compile(r'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
BLANK: Final = re.compile(r"\s*+")

_ESCAPE: Final = re.compile(r'\\([\\"])')
_NAME_ESCAPE: Final = re.compile(r"\\([\\'])")


def unescape(text: str) -> str:
    r"""The value of what stands between double quotes: ``\\`` and ``\"`` lose their backslash, any other backslash
    stays (so that ``"\d+"`` reaches a regular expression as written)."""
    return _ESCAPE.sub(r"\1", text) if "\\" in text else text


def unescape_name(text: str) -> str:
    r"""The name of a field that stands between single quotes: ``\\`` and ``\'`` lose their backslash."""
    return _NAME_ESCAPE.sub(r"\1", text) if "\\" in text else text


def escape(text: str) -> str:
    """The reverse of :func:`unescape`; without the quotes around it."""
    return text.replace("\\", "\\\\").replace('"', '\\"')


def escape_name(text: str) -> str:
    """The reverse of :func:`unescape_name`; without the quotes around it."""
    return text.replace("\\", "\\\\").replace("'", "\\'")


@dataclass(frozen=True, slots=True)
class Source:
    """Characters ``start`` to ``end`` of ``text``, the whole outermost search."""

    text: str
    start: int
    end: int

    @classmethod
    def of(cls, text: str, offset: int, full_text: str | None) -> Source:
        """The window of ``text``, which stands at ``offset`` of ``full_text`` (or is all there is)."""
        if full_text is None:
            return cls(text, 0, len(text))
        return cls(full_text, offset, offset + len(text))

    def span(self, start: int, end: int | None = None) -> Span:
        return Span(start, self.end if end is None else end)

    def syntax_error(self, message: str, start: int, end: int | None = None, *, hint: str = "") -> SPLSyntaxError:
        return SPLSyntaxError(message, where=self.span(start, end).place(self.text), hint=hint)

    def unsupported(self, message: str, start: int, end: int | None = None) -> UnsupportedSPL:
        return UnsupportedSPL(message, where=self.span(start, end).place(self.text))
