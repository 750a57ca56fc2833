"""Eval expressions: text into a tree, as ``eval``, ``where``, ``stats count(eval(...))`` and calculated fields read it.

Binding, tightest first: unary minus; ``* / %``; ``+ -`` and ``.``, which do not stand together without parentheses;
comparison, ``LIKE`` and ``IN``; ``NOT``; ``AND``; ``OR``; ``XOR``. Keywords in any case. ``!`` is ``NOT`` before a
function or parentheses. A bare name holds letters, digits and underscores; any other field name needs single quotes or
a dollar sign on each side, and ``a.b`` concatenates.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, cast

from harness.errors import SPLSyntaxError
from harness.spl.nodes import Binary, Call, Expr, FieldRef, Literal, Membership, Span, Unary
from harness.spl.scan import Source, unescape, unescape_name

MAX_DEPTH: Final = 100
"""Nested parentheses and operators that one expression may have."""

_TOKEN: Final = re.compile(
    r"""\s*+(?:
      (?P<number>(?:[0-9]++(?:\.[0-9]++)?|\.[0-9]++)(?:[eE][+-]?[0-9]++)?(?![A-Za-z0-9_]))
    | (?P<name>[A-Za-z_][A-Za-z0-9_]*+)
    | (?P<string>"(?:[^"\\]++|\\.)*+")
    | (?P<quoted>'(?:[^'\\]++|\\.)*+')
    | (?P<between>\$[A-Za-z_][A-Za-z0-9_.{}-]*+\$)
    | (?P<operator>==|!=|<=|>=|[-+*/%.=<>(),!])
    | (?P<end>\Z)
    | (?P<other>.)
    )""",
    re.VERBOSE | re.DOTALL,
)

LEVELS: Final[dict[str, int]] = {
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
"""How tight an operator binds; more is tighter."""
NOT_LEVEL: Final = 4
_COMPARISON_LEVEL: Final = 5
UNARY_LEVEL: Final = 9
_MOST_DIGITS: Final = 300
_LOGIC: Final = frozenset(("XOR", "OR", "AND"))
RESERVED: Final = _LOGIC | {"NOT", "LIKE", "IN"}


def parse_eval(text: str, *, offset: int = 0, full_text: str | None = None, subject: str = "'EvalCommand'") -> Expr:
    """The whole of ``text`` as one expression.

    ``offset`` is where ``text`` stands in ``full_text``, the outermost search. ``subject`` is who complains
    (``Error in 'EvalCommand': ...``, ``Error in 'where' command: ...``).
    """
    source = Source.of(text, offset, full_text)
    parser = EvalParser(source, source.start, lambda why: f"Error in {subject}: {why}")
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
    """Reads one expression from a window of the search; ``position`` is then where it stopped. ``complain`` makes a
    whole message of what is wrong."""

    def __init__(self, source: Source, position: int, complain: Callable[[str], str]) -> None:
        self._source = source
        self._complain = complain
        self._depth = 0
        self._grouped: Expr | None = None
        self._token = self._read(position)

    @property
    def position(self) -> int:
        """The first character that was not read."""
        return self._token.start

    def expression(self, level: int = 1) -> Expr:
        """Everything that binds at least as tight as ``level``."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self._source.unsupported("Expressions nested this deep are not supported.", self._token.start)
        left = self._operand(level)
        while (binding := LEVELS.get(self._operator(), 0)) >= level:
            left = self._binary(left, self._operator(), binding)
        self._depth -= 1
        return left

    def finish(self, *, at: str = "") -> None:
        """The expression must end here: at this mark if one is given, or at the end of the text (but ``)`` must be
        there)."""
        token = self._token
        if (token.kind == "end" and at != ")") or (at and self._operator() == at):
            return
        if token.kind == "end":
            raise self._malformed("Expected ).", token)
        if self._operator() == "NOT":
            raise self._source.unsupported("NOT before LIKE or IN is not supported.", token.start, token.end)
        if token.kind == "other" and token.text.isalpha():
            raise self._source.unsupported("A bare field name with such letters is not supported.", token.start)
        raise self._malformed(f"The operator at '{self._rest(token)}' is invalid.", token, whole=True)

    def _binary(self, left: Expr, operator: str, binding: int) -> Expr:
        token = self._advance()
        if operator == "IN":
            choices = self._choices()
            self._refuse_comparison_of(token)
            return Membership(left, choices, Span(left.span.start, self._last_end))
        mixed = operator == "." and self._is_bare_sum(left)
        right = self.expression(binding + 1)
        if mixed or (operator == "." and self._is_bare_sum(right)):
            what = "'.' together with '+' or '-' is not supported: it is not documented which binds tighter."
            raise self._source.unsupported(what, token.start, token.end)
        if binding == _COMPARISON_LEVEL:
            self._refuse_comparison_of(token)
        name = cast("Any", "==" if operator == "=" else operator)
        return Binary(name, left, right, Span(left.span.start, self._last_end))

    def _operand(self, level: int) -> Expr:
        token = self._token
        if token.kind == "name":
            return self._named(token, level)
        if token.kind != "operator":
            return self._leaf(token)
        if token.text in "-+":
            self._advance()
            operand = self.expression(UNARY_LEVEL)
            return Unary("-" if token.text == "-" else "+", operand, Span(token.start, self._last_end))
        if token.text == "!":
            return self._negated(token)
        if token.text == "(":
            self._advance()
            self._grouped = None
            inside = self.expression()
            self._expect(")")
            self._grouped = inside
            return inside
        raise self._unexpected(token)

    def _negated(self, token: _Token) -> Expr:
        """``!f(x)`` and ``!(x)``: before anything else it is not known how tight it binds."""
        self._advance()
        operand = self._operand(NOT_LEVEL)
        alone = operand is self._grouped or isinstance(operand, Call)
        if not alone or LEVELS.get(self._operator(), 0) > NOT_LEVEL:
            what = "'!' before anything but a function or parentheses is not supported."
            raise self._source.unsupported(what, token.start, token.end)
        return Unary("NOT", operand, Span(token.start, self._last_end))

    def _named(self, token: _Token, level: int) -> Expr:
        """``NOT x``, a function or a field."""
        word = token.text.upper()
        if word == "NOT":
            self._advance()
            operand = self.expression(max(level, NOT_LEVEL))
            return Unary("NOT", operand, Span(token.start, self._last_end))
        if word in _LOGIC:
            raise self._malformed("The factor is missing.", token)
        self._advance()
        if self._operator() == "(":
            self._advance()
            return Call(token.text, self._arguments(), Span(token.start, self._last_end))
        if word in RESERVED:
            raise self._malformed("The factor is missing.", token)
        return FieldRef(token.text, Span(token.start, token.end))

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
            return FieldRef(unescape_name(token.text[1:-1]), span, quoted=True)
        if token.kind == "between":
            self._advance(operand=True)
            return FieldRef(token.text[1:-1], span, quoted=True)
        if token.kind == "end":
            raise self._malformed("The factor is missing.", token)
        raise self._unexpected(token)

    def _arguments(self) -> tuple[Expr, ...]:
        arguments: list[Expr] = []
        if self._operator() == ")":
            self._advance(operand=True)
            return ()
        while True:
            arguments.append(self.expression())
            if self._operator() == ",":
                self._advance()
                continue
            self._expect(")")
            return tuple(arguments)

    def _choices(self) -> tuple[Expr, ...]:
        if self._operator() != "(":
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
        if self._operator() != mark:
            raise self._malformed(f"Expected {mark}.", self._token)
        self._advance(operand=True)

    def _advance(self, *, operand: bool = False) -> _Token:
        """Take the token at hand. After an operand a dot concatenates and does not begin a number."""
        token = self._token
        self._last_end = token.end
        self._token = self._read(token.end)
        operand = operand or (token.kind == "name" and token.text.upper() not in RESERVED)
        if operand and self._token.kind == "number" and self._token.text[0] == ".":
            self._token = _Token("operator", ".", self._token.start, self._token.start + 1)
        return token

    def _read(self, position: int) -> _Token:
        found = _TOKEN.match(self._source.text, position, self._source.end)
        if found is None or found.lastgroup is None:
            return _Token("end", "", self._source.end, self._source.end)
        kind = found.lastgroup
        return _Token(kind, found[kind], found.start(kind), found.end(kind))

    def _refuse_comparison_of(self, token: _Token) -> None:
        """``a < b < c``: after the first comparison has been read."""
        if LEVELS.get(self._operator()) == _COMPARISON_LEVEL:
            raise self._source.unsupported("A comparison of a comparison is not supported.", token.start, token.end)

    def _is_bare_sum(self, node: Expr) -> bool:
        """``a + b`` or ``a - b``, not in parentheses; asked right after it was read."""
        return isinstance(node, Binary) and node.operator in ("+", "-") and node is not self._grouped

    def _rest(self, token: _Token) -> str:
        return self._source.text[token.start : self._source.end]

    def _unexpected(self, token: _Token) -> SPLSyntaxError:
        return self._malformed(f"An unexpected character is reached at '{self._rest(token)}'.", token)

    def _malformed(self, why: str, token: _Token, *, whole: bool = False) -> SPLSyntaxError:
        message = self._complain(why if whole else f"The expression is malformed. {why}")
        return self._source.syntax_error(message, token.start, token.end)


def number_value(text: str) -> int | float:
    """A number literal: whole numbers stay exact, as far as they are numbers at all."""
    return int(text) if text.isdigit() and len(text) <= _MOST_DIGITS else float(text)
