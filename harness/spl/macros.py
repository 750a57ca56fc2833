"""Search macros: text put in place of text before anything is parsed.

A macro is called between backticks: `` `name` ``, `` `name(first, "second, quoted", third=x)` ``. What it puts in may
call macros again. Inside double quotes backticks are only text ("Use search macros in searches"), but for the quoted
search of ``map``, which is a search of its own. :class:`Expansion` remembers where each piece of the text came from.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from harness.errors import SPLSyntaxError, UnsupportedSPL
from harness.settings import Limits
from harness.spl.nodes import Span
from harness.spl.scan import escape, unescape

MAX_DEPTH: Final = Limits().macro_depth

MAX_LENGTH: Final = 5_000_000
"""Characters that an expanded search may have: macros that call each other twice grow without end."""

_CALL: Final = re.compile(
    r"""```.*?``` | \\. | "(?P<quoted>(?:[^"\\]++|\\.)*+)" | `(?P<call>[^`]*)`""", re.DOTALL | re.VERBOSE
)
"""A comment, an escaped character, a quoted text, or a call."""
_MAP_SEARCH: Final = re.compile(r"\s*map\s(?:[^\"]*\s)?search\s*=\s*", re.IGNORECASE)
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

    def validation(self, expression: str, arguments: Mapping[str, str]) -> bool:
        """Whether the arguments are valid: a false, or a string as an error, is not. The expression may name them as
        it names fields, too."""


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

    def expand(
        self, text: str, base: int, pieces: list[Piece], chain: tuple[str, ...], place: Span | None = None
    ) -> str:
        """Expand ``text``, whose expansion will stand at ``base``. ``place`` is where the search as written calls for
        it; None if it is that search."""
        if "`" not in text:
            return text
        parts: list[str] = []
        length = base
        position = 0
        for found in _CALL.finditer(text):
            call, quoted = found["call"], found["quoted"]
            if call is None and not (quoted and "`" in quoted and _is_map_search(text[: found.start()])):
                continue
            start, end = found.span("quoted") if call is None else found.span()
            where = place or Span(*found.span())
            length += start - position
            inner = (
                self._call(call.strip(), length, pieces, chain, where)
                if call is not None
                else self._search_in_quotes(quoted, length, pieces, chain, where)
            )
            parts += text[position:start], inner
            length += len(inner)
            position = end
            if length > MAX_LENGTH:
                raise UnsupportedSPL(f"A search of more than {MAX_LENGTH} characters is not supported.")
        parts.append(text[position:])
        return "".join(parts)

    def _call(self, call: str, base: int, pieces: list[Piece], chain: tuple[str, ...], place: Span) -> str:
        definition, name = self._definition(call, place, chain)
        first = len(pieces)
        inner = self.expand(definition, base, pieces, (*chain, name), place)
        pieces.insert(first, Piece(base, base + len(inner), name))
        return inner

    def _search_in_quotes(
        self, quoted: str, base: int, pieces: list[Piece], chain: tuple[str, ...], place: Span
    ) -> str:
        inside: list[Piece] = []
        inner = self.expand(unescape(quoted), 0, inside, chain, place)
        for piece in inside:
            start = base + len(escape(inner[: piece.start]))
            pieces.append(Piece(start, start + len(escape(inner[piece.start : piece.end])), piece.macro))
        return escape(inner)

    def _definition(self, call: str, place: Span, chain: tuple[str, ...]) -> tuple[str, str]:
        """What a call stands for, its own calls not expanded yet, and the macro's name as it is shown."""
        name, arguments = split_call(call)
        shown = f"{name}({len(arguments)})" if arguments else name
        where = place.place(self._search)
        if len(chain) >= MAX_DEPTH:
            raise SPLSyntaxError(
                f"Error in 'SearchParser': Reached maximum recursion depth ({MAX_DEPTH}) expanding macros.",
                where=where,
            )
        macro = self._table.get(name, len(arguments))
        if macro is None:
            raise SPLSyntaxError(_unknown(shown), where=where, hint=_called_from(chain))
        values = _bind(macro, arguments)
        if macro.validation:
            expression = substitute(macro.validation, values)
            if not self._need_evaluator(shown).validation(expression, values):
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


def _is_map_search(before: str) -> bool:
    """Whether the quotes after this text hold the search of ``map``."""
    command = before[max(before.rfind("|"), before.rfind("[")) + 1 :]
    return _MAP_SEARCH.fullmatch(command) is not None


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
    return _PARAMETER.sub(lambda found: values.get(found[1], found[0]), text)


def _bind(macro: Macro, arguments: list[str]) -> dict[str, str]:
    """Arguments by position, or by name if every one is written ``name=value`` with a name the macro knows."""
    named = [_NAMED.fullmatch(argument) for argument in arguments]
    if named and all(found is not None and found[1] in macro.arguments for found in named):
        return {found[1]: _argument(found[2]) for found in named if found is not None}
    return dict(zip(macro.arguments, arguments, strict=False))


def _unknown(shown: str) -> str:
    return (
        f"Error in 'SearchParser': The search specifies a macro '{shown}' that cannot be found. Reasons include: the "
        'macro name is misspelled, you do not have "read" permission for the macro, or the macro has not been shared '
        "with this application. Click Settings, Advanced search, Search Macros to view macro information."
    )


def _called_from(chain: tuple[str, ...]) -> str:
    return f"It is called by the macro '{chain[-1]}'." if chain else ""
