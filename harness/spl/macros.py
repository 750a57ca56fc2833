"""Search macros: textual expansion before parsing, also inside quotes.

A macro is called between backticks: `` `name` ``, `` `name(first, "second, quoted", third=x)` ``. What it puts in may
call macros again. :class:`Expansion` remembers where each piece of the text came from.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from harness.errors import SPLSyntaxError, UnsupportedSPL
from harness.settings import Limits
from harness.spl.nodes import Span
from harness.spl.scan import unescape

MAX_DEPTH: Final = Limits().macro_depth

MAX_LENGTH: Final = 5_000_000
"""Characters that an expanded search may have: macros that call each other twice grow without end."""

_CALL: Final = re.compile(r"```.*?```|`(\s*[A-Za-z0-9_.:-]+\s*(?:\([^`]*\)\s*)?)`", re.DOTALL)
"""A comment, or a call. Backticks around anything else call nothing: they may be part of a text."""
_PARAMETER: Final = re.compile(r"\$([A-Za-z0-9_-]+)\$")
_NAMED: Final = re.compile(r"\s*([A-Za-z0-9_-]+)\s*=(?!=)(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Macro:
    """A stanza of ``macros.conf``: ``name`` without its ``(n)``, and the names of its arguments."""

    name: str
    arguments: tuple[str, ...]
    definition: str
    is_eval: bool = False
    validation: str | None = None
    error_message: str | None = None


class MacroTable(Protocol):
    """Where macros are looked up, by name and number of arguments."""

    def get(self, name: str, arity: int) -> Macro | None: ...


class MacroEvaluator(Protocol):
    """Evaluates the eval expressions that macros may hold (this room knows no values)."""

    def definition(self, expression: str) -> str:
        """The text that an eval-based definition gives; it must give a string."""

    def validation(self, expression: str) -> bool:
        """Whether the arguments are valid: a false, or a string as an error, is not."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Characters ``start`` to ``end`` of an expanded text came from ``macro``."""

    start: int
    end: int
    macro: str


@dataclass(frozen=True, slots=True)
class Expansion:
    """``text`` with no macro left, and the macros behind its characters."""

    text: str
    pieces: tuple[Piece, ...]

    def macros_at(self, offset: int) -> tuple[str, ...]:
        """The macros that the character at ``offset`` came from, outermost first; none if it was written there."""
        found = [piece for piece in self.pieces if piece.start <= offset < piece.end]
        return tuple(piece.macro for piece in sorted(found, key=lambda piece: (piece.start, -piece.end)))


def expand(text: str, table: MacroTable, evaluator: MacroEvaluator | None = None) -> str:
    """``text`` with every macro call replaced by what it stands for, again and again until none is left.

    Raises :class:`SPLSyntaxError` in Splunk's words: no such macro, validation failed, called too deep.
    """
    return trace(text, table, evaluator).text


def trace(text: str, table: MacroTable, evaluator: MacroEvaluator | None = None) -> Expansion:
    """As :func:`expand`, with the origin of every piece."""
    pieces: list[Piece] = []
    expanded = _Expander(text, table, evaluator).expand(text, 0, pieces, ())
    return Expansion(expanded, tuple(pieces))


class _Expander:
    def __init__(self, search: str, table: MacroTable, evaluator: MacroEvaluator | None) -> None:
        self._search = search
        self._table = table
        self._evaluator = evaluator
        self._length = 0

    def expand(self, text: str, base: int, pieces: list[Piece], chain: tuple[str, ...]) -> str:
        """Expand ``text``, whose expansion will stand at ``base``."""
        if "`" not in text:
            return text
        parts: list[str] = []
        length = base
        position = 0
        for found in _CALL.finditer(text):
            if found[1] is None:  # a comment
                continue
            literal = text[position : found.start()]
            parts.append(literal)
            length += len(literal)
            call = found[1].strip()
            span = found.span() if not chain else None
            definition, name = self._definition(call, span, chain)
            at = len(pieces)
            inner = self.expand(definition, length, pieces, (*chain, name))
            pieces.insert(at, Piece(length, length + len(inner), name))
            parts.append(inner)
            length += len(inner)
            position = found.end()
            if length > MAX_LENGTH:
                raise UnsupportedSPL(f"The search is longer than {MAX_LENGTH} characters after macro expansion.")
        parts.append(text[position:])
        return "".join(parts)

    def _definition(self, call: str, span: tuple[int, int] | None, chain: tuple[str, ...]) -> tuple[str, str]:
        name, arguments = split_call(call)
        shown = f"{name}({len(arguments)})" if arguments else name
        where = Span(*span).place(self._search) if span is not None else None
        if len(chain) >= MAX_DEPTH:
            raise SPLSyntaxError(
                f"Error in 'SearchParser': Reached maximum recursion depth ({MAX_DEPTH}) expanding macros.",
                where=where,
            )
        macro = self._table.get(name, len(arguments))
        if macro is None:
            raise SPLSyntaxError(_unknown(name, len(arguments)), where=where, hint=_called_from(chain))
        values = _bind(macro, arguments)
        if macro.validation:
            expression = substitute(macro.validation, values)
            if not self._need_evaluator(shown).validation(expression):
                message = macro.error_message or f"The validation of the macro '{shown}' failed."
                raise SPLSyntaxError(f"Error in 'SearchParser': {message}", where=where)
        definition = substitute(macro.definition, values)
        if macro.is_eval:
            definition = self._need_evaluator(shown).definition(definition)
        return definition, shown

    def _need_evaluator(self, macro: str) -> MacroEvaluator:
        if self._evaluator is None:
            raise UnsupportedSPL(f"The macro '{macro}' needs an eval expression evaluated.")
        return self._evaluator


def split_call(call: str) -> tuple[str, list[str]]:
    """``name(a, "b, c")`` into the name and its arguments; blanks around an argument are dropped, and so are the
    quotes around a quoted one."""
    opened = call.find("(")
    if opened < 0 or not call.endswith(")"):
        return call, []
    inside = call[opened + 1 : -1]
    if not inside.strip():
        return call[:opened].strip(), []
    return call[:opened].strip(), [_argument(part) for part in _split_arguments(inside)]


def _split_arguments(text: str) -> list[str]:
    parts: list[str] = []
    start = 0
    quoted = False
    position = 0
    while position < len(text):
        mark = text[position]
        if mark == "\\" and quoted:
            position += 1
        elif mark == '"':
            quoted = not quoted
        elif mark == "," and not quoted:
            parts.append(text[start:position])
            start = position + 1
        position += 1
    parts.append(text[start:])
    return parts


def _argument(text: str) -> str:
    text = text.strip()
    if len(text) >= 2 and text[0] == '"' and text[-1] == '"':
        return unescape(text[1:-1])
    return text


def substitute(text: str, values: Mapping[str, str]) -> str:
    """``$name$`` replaced where ``name`` is an argument; other dollars stay."""
    if not values:
        return text
    replace: Callable[[re.Match[str]], str] = lambda found: values.get(found[1], found[0])  # noqa: E731
    return _PARAMETER.sub(replace, text)


def _bind(macro: Macro, arguments: list[str]) -> dict[str, str]:
    """Arguments by position, or by name if every one is written ``name=value`` with a name the macro knows."""
    named = [_NAMED.fullmatch(argument) for argument in arguments]
    if named and all(found is not None and found[1] in macro.arguments for found in named):
        return {found[1]: _argument(found[2]) for found in named if found is not None}
    return dict(zip(macro.arguments, arguments, strict=False))


def _unknown(name: str, arity: int) -> str:
    shown = f"{name}({arity})" if arity else name
    counted = f"with {arity} arguments " if arity else ""
    return (
        f"Error in 'SearchParser': The search specifies a macro '{shown}' {counted}that cannot be found. "
        'Reasons include: the macro name is misspelled, you do not have "read" permission for the macro, or the '
        "macro has not been shared with this application. Click Settings, Advanced search, Search Macros to view "
        "macro information."
    )


def _called_from(chain: tuple[str, ...]) -> str:
    return f"It is called by the macro '{chain[-1]}'." if chain else ""
