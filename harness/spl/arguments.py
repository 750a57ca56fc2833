"""A cursor over a command's arguments: what every command's ``parse`` reads with.

Each method reads one thing and moves on, or raises with Splunk's words and the place. Nothing here knows a command.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from harness.errors import SPLSyntaxError, UnsupportedSPL
from harness.spl.aggregations import AggregationReader
from harness.spl.eval_expression import EvalParser
from harness.spl.nodes import Aggregation, Command, Expr, SearchNode, Span, Subsearch
from harness.spl.parser import bracket_end, closing_parenthesis, parse_pipeline_in, quoted_end
from harness.spl.scan import BLANK, Source, unescape
from harness.spl.search_expression import SearchExpressionParser

Converter = Callable[[str], Any]
"""Turns the text of an option into its value; raises ValueError with what was expected (``a 'boolean'``)."""

_WORD: Final = re.compile(r'(?:[^-\s,"=()\[\]<>!]|-(?!>))+')
_MARK: Final = re.compile(r"->|==|!=|<=|>=|[,=()\[\]<>!]")
_OPTION_NAME: Final = re.compile(r"([A-Za-z_][A-Za-z0-9_.]*+)\s*+=(?!=)")
_FIELD: Final = re.compile(r'(?:[^-\s,"=()\[\]]++|-(?!>)|\([^\s()"]*\))+')
_QUOTED_PARENTHESES: Final = re.compile(r'"\("([^\s,\])].*?)(?<!\\)"\)"', re.DOTALL)
_BARE_VALUE: Final = re.compile(r'[^\s,"()\[\]]++')
_BY: Final = frozenset(("BY",))


@dataclass(frozen=True, slots=True)
class Token:
    """A word, a double-quoted string (``text`` is its value), or a mark such as ``,`` or ``=``."""

    kind: str
    text: str
    span: Span

    @property
    def is_string(self) -> bool:
        return self.kind == "string"


class Arguments:
    """The arguments of one command, read from left to right."""

    def __init__(self, command: Command) -> None:
        self.command = command.name
        self._source = Source(command.text, command.arguments_span.start, command.arguments_span.end)
        self._position = self._source.start
        self._seen: set[tuple[str, str]] = set()
        self._skip()

    # --- tokens

    @property
    def at_end(self) -> bool:
        return self._position >= self._source.end

    @property
    def position(self) -> int:
        """Where the cursor stands in the text of the whole search."""
        return self._position

    def peek(self) -> Token | None:
        """The next token, or None at the end."""
        if self.at_end:
            return None
        text, start = self._source.text, self._position
        if text[start] == '"':
            end = quoted_end(self._source, start)
            return Token("string", unescape(text[start + 1 : end - 1]), Span(start, end))
        mark = _MARK.match(text, start, self._source.end)
        if mark is not None:
            return Token("mark", mark[0], Span(start, mark.end()))
        word = _WORD.match(text, start, self._source.end)
        assert word is not None  # a string, a mark or a word: there is nothing else
        return Token("word", word[0], Span(start, word.end()))

    def next(self) -> Token:
        """Take the next token; the command's arguments must not be at their end."""
        token = self.peek()
        if token is None:
            raise self.error("Arguments are missing.")
        self._move(token.span.end)
        return token

    def accept(self, mark: str) -> bool:
        """Take the next token if it is this mark."""
        token = self.peek()
        if token is None or token.kind != "mark" or token.text != mark:
            return False
        self._move(token.span.end)
        return True

    def accept_keyword(self, *words: str) -> str | None:
        """Take the next word (or ``->``) if it is one of these, in any case; gives it in upper case."""
        token = self.peek()
        if token is None or token.is_string or token.text.upper() not in words:
            return None
        self._move(token.span.end)
        return token.text.upper()

    def at_keyword(self, *words: str) -> bool:
        token = self.peek()
        return token is not None and token.kind == "word" and token.text.upper() in words

    def rest(self) -> str:
        """All that is left, as written; moves to the end."""
        text = self._source.text[self._position : self._source.end].rstrip()
        self._position = self._source.end
        return text

    def text_of(self, start: int, end: int) -> str:
        """Characters of the whole search, as written."""
        return self._source.text[start:end]

    # --- options

    def options(self, known: Mapping[str, Converter], *, of: str = "") -> dict[str, Any]:
        """The ``name=value`` pairs at the cursor whose names are known (in any case), converted.

        Stops at the first thing that is not one of them. An option given twice and a value of the wrong kind are
        refused as Splunk refuses them. ``of`` names what the options are about, where that is not the command: a field
        may have a span, and the command too.
        """
        found: dict[str, Any] = {}
        while (name := self.option_name()) is not None and name.lower() in known:
            if (of, name.lower()) in self._seen:
                raise self._source.syntax_error(
                    f"Error in 'SearchProcessor': Option '{name}' should not be specified more than once.",
                    self._position,
                    self._position + len(name),
                )
            self._seen.add((of, name.lower()))
            found[name.lower()] = self._option_value(name, known[name.lower()])
            self._skip_comma_before(known)
        return found

    def _skip_comma_before(self, known: Mapping[str, Converter]) -> None:
        """A comma may stand between options: ``pairdelim="|;", kvdelim="=:"``."""
        before = self._position
        if self.accept(",") and (self.option_name() or "").lower() not in known:
            self._position = before

    def option_name(self) -> str | None:
        """The name of the ``name=value`` pair at the cursor, or None."""
        found = _OPTION_NAME.match(self._source.text, self._position, self._source.end)
        return found[1] if found is not None else None

    def option(self, name: str, convert: Converter) -> Any:
        """The value of the pair at the cursor, whose name may be given again."""
        return self._option_value(name, convert)

    def _option_value(self, name: str, convert: Converter) -> Any:
        found = _OPTION_NAME.match(self._source.text, self._position, self._source.end)
        assert found is not None  # the caller saw the name
        self._move(found.end())
        start = self._position
        text = self.value()
        try:
            return convert(text)
        except ValueError as expected:
            raise self._source.syntax_error(
                "Error in 'SearchProcessor': Invalid option value. "
                f"Expecting {expected} for option '{name}'. Instead got '{text}'.",
                start,
                max(start + 1, self._position),
            ) from None

    def value(self) -> str:
        """What stands after the ``=`` of an option: a quoted string, or text up to a blank, comma or bracket.

        Parentheses belong to it (``eval(x > 1)``, with its blanks), and they may be quoted themselves:
        ``"("x == \\"y\\"")"``.
        """
        text, start, end = self._source.text, self._position, self._source.end
        quoted = _QUOTED_PARENTHESES.match(text, start, end)
        if quoted is not None:
            self._move(quoted.end())
            return f"({unescape(quoted[1])})"
        if start < end and text[start] == '"':
            after = quoted_end(self._source, start)
            self._move(after)
            return unescape(text[start + 1 : after - 1])
        position = start
        while position < end:
            bare = _BARE_VALUE.match(text, position, end)
            if bare is not None:
                position = bare.end()
            elif text[position] == "(":
                position = self._closing(position)
            elif text[position] == '"' and position > start:
                position = quoted_end(self._source, position)
            else:
                break
        self._move(position)
        return text[start:position]

    # --- names and lists

    def field_name(self) -> str:
        """One field name: quoted, or bare with dots, braces, wildcards and ``sum(x)`` parentheses in it. What follows a
        quoted name without a blank belongs to it: ``"All_Traffic".*``."""
        text, start = self._source.text, self._position
        if start < self._source.end and text[start] == '"':
            after = quoted_end(self._source, start)
            attached = _FIELD.match(text, after, self._source.end)
            self._move(after if attached is None else attached.end())
            return unescape(text[start + 1 : after - 1]) + ("" if attached is None else attached[0])
        found = _FIELD.match(text, start, self._source.end)
        if found is None:
            raise self.error("A field name is expected.")
        self._move(found.end())
        return found[0]

    def at_field(self) -> bool:
        """Whether a field name can be read here: not at the end, a mark or an option."""
        text, start = self._source.text, self._position
        if start >= self._source.end or self.option_name() is not None:
            return False
        return text[start] == '"' or _FIELD.match(text, start, self._source.end) is not None

    def field_list(self, stops: Collection[str] = ()) -> list[str]:
        """Field names with commas or blanks between; ends at an option, at a word of ``stops`` (upper case), or at
        the end. Wildcards stay text."""
        fields: list[str] = []
        while True:
            while self.accept(","):
                pass
            if not self.at_field() or (stops and self.at_keyword(*stops)):
                return fields
            fields.append(self.field_name())

    def by_clause(self, stops: Collection[str] = ()) -> list[str]:
        """``BY a, b``; the empty list if there is no BY."""
        if not self.accept_keyword("BY"):
            return []
        fields = self.field_list(stops)
        if not fields:
            raise self.error("The argument 'by' is missing a field name.")
        return fields

    # --- trees

    def expression(self, *, partial: bool = False) -> Expr:
        """An eval expression. It must end at a comma or at the end of the arguments, unless ``partial``: then the
        cursor stays before whatever cannot continue it."""
        parser = EvalParser(self._source, self._position, lambda why: f"Error in {self.subject}: {why}")
        expression = parser.expression()
        if not partial:
            parser.finish(at=",")
        self._move(parser.position)
        return expression

    def search_expression(self, stops: Collection[str] = ()) -> SearchNode | None:
        """A search expression up to the end, or up to a word of ``stops`` (upper case) outside parentheses."""
        parser = SearchExpressionParser(self._source, self._position, f"'{self.command}' command", frozenset(stops))
        node = parser.expression()
        self._move(parser.position)
        if not self.at_end and not (stops and self.at_keyword(*stops)):
            parser.finish()
        return node

    def aggregations(self, stops: Collection[str] = ()) -> list[Aggregation]:
        """``count, sum(x) AS y dc(eval(z>1))``: up to BY, OVER, FROM, WHERE, a word of ``stops`` (upper case), an
        option, or the end."""
        reader = AggregationReader(self._source, self._position, f"'{self.command}' command", stops)
        found = reader.read()
        self._move(reader.position)
        return found

    def at_subsearch(self) -> bool:
        return not self.at_end and self._source.text[self._position] == "["

    def subsearch(self) -> Subsearch:
        """``[ ... ]`` at the cursor."""
        if not self.at_subsearch():
            raise self.error("A subsearch is expected.")
        start = self._position
        end = bracket_end(self._source, start)
        inner = Source(self._source.text, start + 1, end - 1)
        self._move(end)
        return Subsearch(parse_pipeline_in(inner, implied_search=False), Span(start, end))

    # --- errors

    @property
    def subject(self) -> str:
        """Who complains about an expression: ``'EvalCommand'``, or ``'where' command``."""
        return "'EvalCommand'" if self.command == "eval" else f"'{self.command}' command"

    def error(self, message: str, at: Token | Span | None = None) -> SPLSyntaxError:
        """``Error in 'name' command: message``, with the token (or where the cursor stands) underlined."""
        span = self._span(at)
        return self._source.syntax_error(f"Error in '{self.command}' command: {message}", span.start, span.end)

    def invalid_argument(self) -> SPLSyntaxError:
        """``The argument 'x=1' is invalid.`` about what stands at the cursor."""
        start = self._position
        found = re.compile(r"\S++").match(self._source.text, start, self._source.end)
        text = found[0] if found is not None else ""
        return self.error(f"The argument '{text}' is invalid.", Span(start, start + max(1, len(text))))

    def unsupported(self, what: str, at: Token | Span | None = None) -> UnsupportedSPL:
        """Good SPL that is not carried out: ``what`` names it."""
        span = self._span(at)
        return self._source.unsupported(f"The '{self.command}' command: {what} is not supported.", span.start, span.end)

    def expect_end(self) -> None:
        """Nothing may be left."""
        if not self.at_end:
            raise self.invalid_argument()

    # --- the cursor

    def _span(self, at: Token | Span | None) -> Span:
        if isinstance(at, Token):
            return at.span
        if at is not None:
            return at
        token = self.peek()
        return token.span if token is not None else Span(self._source.start, self._source.end)

    def _move(self, position: int) -> None:
        self._position = position
        self._skip()

    def _skip(self) -> None:
        found = BLANK.match(self._source.text, self._position, self._source.end)
        if found is not None:
            self._position = found.end()

    def _closing(self, position: int) -> int:
        """The place after the parenthesis that closes the one at ``position``."""
        end = closing_parenthesis(self._source, position)
        if end is None:
            raise self.error("Unbalanced parentheses.", Span(position, position + 1))
        return end


# --- converters of option values --------------------------------------------------------------------------------------

_TRUE: Final = frozenset(("true", "t", "yes", "1"))
_FALSE: Final = frozenset(("false", "f", "no", "0"))
_INTEGER: Final = re.compile(r"[+-]?[0-9]+")


def boolean(text: str) -> bool:
    """true, t, yes, 1 and false, f, no, 0 in any case; nothing else (M4.66)."""
    word = text.lower()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise ValueError("a 'boolean'")


def integer(text: str) -> int:
    if not _INTEGER.fullmatch(text):
        raise ValueError("a 'integer'")
    return int(text)


def non_negative_integer(text: str) -> int:
    """Digits, with an optional plus sign: ``+2`` and ``02`` are 2 (M4.64, M4.67)."""
    if not _INTEGER.fullmatch(text) or int(text) < 0:
        raise ValueError("a 'non-negative integer'")
    return int(text)


def string(text: str) -> str:
    return text


def one_of(*words: str) -> Callable[[str], str]:
    """One of these words, in any case; gives it in lower case."""

    def convert(text: str) -> str:
        if text.lower() not in words:
            raise ValueError(f"one of {', '.join(words)}")
        return text.lower()

    return convert
