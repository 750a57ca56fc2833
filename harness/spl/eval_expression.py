"""Eval expressions: text into a tree, as ``eval``, ``where``, ``stats count(eval(...))`` and calculated fields read it.

Binding, tightest first: unary minus; ``* / %``; ``+ -``; ``.``; comparison, ``LIKE`` and ``IN``; ``NOT``; ``AND``;
``OR``; ``XOR``. Keywords in any case. A bare name holds letters, digits and underscores; any other field name needs
single quotes, and ``a.b`` concatenates.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final, cast

from harness.errors import SPLSyntaxError
from harness.spl.nodes import Binary, Call, Expr, FieldRef, Literal, Membership, Span, Unary
from harness.spl.scan import Source, unescape

MAX_DEPTH: Final = 200
"""Nested parentheses and operators that one expression may have."""

_TOKEN: Final = re.compile(
    r"""\s*+(?:
      (?P<number>(?:\d++(?:\.\d++)?|\.\d++)(?:[eE][+-]?\d++)?(?![A-Za-z0-9_]))
    | (?P<name>[A-Za-z_][A-Za-z0-9_]*+)
    | (?P<string>"(?:[^"\\]++|\\.)*+")
    | (?P<quoted>'(?:[^'\\]++|\\.)*+')
    | (?P<operator>==|!=|<=|>=|[-+*/%.=<>(),])
    | (?P<end>\Z)
    | (?P<other>.)
    )""",
    re.VERBOSE | re.DOTALL,
)

_LEVELS: Final[dict[str, int]] = {
    "XOR": 1,
    "OR": 2,
    "AND": 3,
    **dict.fromkeys(("=", "==", "!=", "<", "<=", ">", ">=", "LIKE", "IN"), 5),
    ".": 6,
    "+": 7,
    "-": 7,
    "*": 8,
    "/": 8,
    "%": 8,
}
_NOT_LEVEL: Final = 4
_COMPARISON_LEVEL: Final = 5
_UNARY_LEVEL: Final = 9
_WORD_OPERATORS: Final = frozenset(("XOR", "OR", "AND", "LIKE", "IN"))


def parse_eval(text: str, *, offset: int = 0, full_text: str | None = None, subject: str = "'EvalCommand'") -> Expr:
    """The whole of ``text`` as one expression.

    ``offset`` is where ``text`` stands in ``full_text``, the outermost search. ``subject`` is who complains
    (``Error in 'EvalCommand': ...``, ``Error in 'where' command: ...``).
    """
    source = Source.of(text, offset, full_text)
    parser = EvalParser(source, source.start, subject)
    expression = parser.expression()
    parser.finish()
    return expression


@dataclass(slots=True)
class _Token:
    kind: str
    text: str
    start: int
    end: int


class EvalParser:
    """Reads one expression from a window of the search; ``position`` is then where it stopped."""

    def __init__(self, source: Source, position: int, subject: str) -> None:
        self._source = source
        self._subject = subject
        self._depth = 0
        self._token = self._read(position)

    @property
    def position(self) -> int:
        """The first character that was not read."""
        return self._token.start

    def expression(self, level: int = 1) -> Expr:
        """Everything that binds at least as tight as ``level``."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self._source.unsupported("expressions nested this deep", self._token.start)
        left = self._operand(level)
        while True:
            operator = self._operator()
            binding = _LEVELS.get(operator, 0)
            if binding < level or not binding:
                break
            left = self._binary(left, operator, binding)
        self._depth -= 1
        return left

    def finish(self, *, at_comma: bool = False) -> None:
        """The expression must end here."""
        token = self._token
        if token.kind == "end" or (at_comma and token.text == ","):
            return
        if token.kind == "operator" and token.text in "),":
            raise self._unexpected(token)
        raise self._malformed(f"The operator at '{self._rest(token)}' is invalid.", token, whole=True)

    def _binary(self, left: Expr, operator: str, binding: int) -> Expr:
        token = self._advance()
        start = _start(left)
        if operator == "IN":
            choices = self._choices()
            return Membership(left, choices, Span(start, self._last_end))
        right = self.expression(binding + 1)
        if binding == _COMPARISON_LEVEL and _LEVELS.get(self._operator()) == _COMPARISON_LEVEL:
            raise self._source.unsupported("a comparison of a comparison", token.start, self._token.end)
        name = cast("Any", "==" if operator == "=" else operator)
        return Binary(name, left, right, Span(start, self._last_end))

    def _operand(self, level: int) -> Expr:
        token = self._token
        if token.kind == "name":
            word = token.text.upper()
            if word == "NOT":
                self._advance()
                operand = self.expression(max(level, _NOT_LEVEL))
                return Unary("NOT", operand, Span(token.start, self._last_end))
            self._advance()
            if self._token.text == "(" and self._token.kind == "operator":
                self._advance()
                arguments = self._arguments()
                return Call(token.text, arguments, Span(token.start, self._last_end))
            if word in _WORD_OPERATORS:
                raise self._malformed("The factor is missing.", token)
            return FieldRef(token.text, Span(token.start, token.end))
        if token.kind == "operator" and token.text in "-+":
            self._advance()
            operand = self.expression(_UNARY_LEVEL)
            return Unary("-" if token.text == "-" else "+", operand, Span(token.start, self._last_end))
        if token.kind == "operator" and token.text == "(":
            self._advance()
            inside = self.expression()
            self._expect(")")
            return inside
        return self._leaf(token)

    def _leaf(self, token: _Token) -> Expr:
        span = Span(token.start, token.end)
        if token.kind == "number":
            self._advance(operand=True)
            return Literal(number_value(token.text), token.text, span)
        if token.kind == "string":
            self._advance(operand=True)
            return Literal(unescape(token.text[1:-1]), token.text, span)
        if token.kind == "quoted":
            self._advance(operand=True)
            return FieldRef(token.text[1:-1].replace("\\'", "'"), span, quoted=True)
        if token.kind == "end":
            raise self._malformed("The factor is missing.", token)
        raise self._unexpected(token)

    def _arguments(self) -> tuple[Expr, ...]:
        arguments: list[Expr] = []
        if self._token.text == ")" and self._token.kind == "operator":
            self._advance(operand=True)
            return ()
        while True:
            arguments.append(self.expression())
            if self._token.text == "," and self._token.kind == "operator":
                self._advance()
                continue
            self._expect(")")
            return tuple(arguments)

    def _choices(self) -> tuple[Expr, ...]:
        if self._token.text != "(":
            raise self._malformed("Expected (.", self._token)
        self._advance()
        return self._arguments()

    def _operator(self) -> str:
        token = self._token
        if token.kind == "operator":
            return token.text
        if token.kind == "name":
            return token.text.upper()
        return ""

    def _expect(self, mark: str) -> None:
        if self._token.kind != "operator" or self._token.text != mark:
            raise self._malformed(f"Expected {mark}.", self._token)
        self._advance(operand=True)

    def _advance(self, *, operand: bool = False) -> _Token:
        """Take the token at hand. After an operand a dot concatenates and does not begin a number."""
        token = self._token
        self._last_end = token.end
        self._token = self._read(token.end)
        operand = operand or (token.kind == "name" and token.text.upper() not in _WORD_OPERATORS | {"NOT"})
        if operand and self._token.kind == "number" and self._token.text[0] == ".":
            self._token = _Token("operator", ".", self._token.start, self._token.start + 1)
        return token

    def _read(self, position: int) -> _Token:
        found = _TOKEN.match(self._source.text, position, self._source.end)
        if found is None or found.lastgroup is None:
            return _Token("end", "", self._source.end, self._source.end)
        kind = found.lastgroup
        return _Token(kind, found[kind], found.start(kind), found.end(kind))

    def _rest(self, token: _Token) -> str:
        return self._source.text[token.start : self._source.end]

    def _unexpected(self, token: _Token) -> SPLSyntaxError:
        return self._malformed(f"An unexpected character is reached at '{self._rest(token)}'.", token)

    def _malformed(self, why: str, token: _Token, *, whole: bool = False) -> SPLSyntaxError:
        message = why if whole else f"The expression is malformed. {why}"
        return self._source.syntax_error(f"Error in {self._subject}: {message}", token.start, token.end)


def number_value(text: str) -> int | float:
    """A number literal: whole numbers stay exact."""
    return int(text) if text.isdigit() else float(text)


def _start(expression: Expr) -> int:
    return expression.span.start
