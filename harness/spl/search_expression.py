"""Search expressions: what the ``search`` command, ``tstats ... where``, eventtypes and data-model constraints hold.

NOT binds tightest, then OR, then AND (written or implied). The operators count only in upper case.
"""

from __future__ import annotations

import re
from typing import Final, cast

from harness.errors import SPLSyntaxError
from harness.spl.nodes import (
    Comparison,
    ComparisonOperator,
    Directive,
    InList,
    SearchAnd,
    SearchNode,
    SearchNot,
    SearchOr,
    SearchValue,
    Span,
    Subsearch,
    Term,
    TimeModifier,
)
from harness.spl.parser import bracket_end, parse_pipeline_in
from harness.spl.scan import BLANK, Source, unescape

MAX_DEPTH: Final = 200
"""Nested parentheses and NOTs that one search expression may have."""

TIME_MODIFIERS: Final = frozenset(
    [
        "earliest",
        "latest",
        "_index_earliest",
        "_index_latest",
        "starttime",
        "endtime",
        "timeformat",
        "starttimeu",
        "endtimeu",
        "startminutesago",
        "starthoursago",
        "startdaysago",
        "startmonthsago",
        "endminutesago",
        "endhoursago",
        "enddaysago",
        "endmonthsago",
        "minutesago",
        "hoursago",
        "daysago",
        "monthsago",
        "searchtimespanminutes",
        "searchtimespanhours",
        "searchtimespandays",
        "searchtimespanmonths",
    ]
)
"""Names whose ``name=value`` sets the time range; the server decides which of them it carries out."""

_TOKEN: Final = re.compile(
    r"""
      (?P<string>"(?:[^"\\]++|\\.)*+")
    | (?P<operator>!=|<=|>=|==|[=<>]|::)
    | (?P<mark>[()\[\],])
    | (?P<word>\||(?:\\.|(?!::)[^\s()\[\],"=<>!\\|]|!(?!=))++)
    | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_BARE_VALUE: Final = re.compile(r'(?:\\.|[^\s()\[\],"\\])(?:\\.|[^\s()\[\],"\\]|\([^\s()]*\))*+', re.DOTALL)
"""Parentheses that close again belong to a value that has begun: ``process=*GetCurrent()*``."""
_DIRECTIVE: Final = re.compile(r"(TERM|CASE)\(([^()\s]*)\)")


def parse_search_expression(
    text: str, *, offset: int = 0, full_text: str | None = None, subject: str = "'search' command"
) -> SearchNode | None:
    """The whole of ``text`` as one search expression; None if it is blank, which finds everything.

    ``offset`` is where ``text`` stands in ``full_text``, the outermost search.
    """
    source = Source.of(text, offset, full_text)
    parser = SearchExpressionParser(source, source.start, subject)
    node = parser.expression()
    parser.finish()
    return node


class SearchExpressionParser:
    """Reads a search expression from a window of the search, up to its end or a word of ``stops``."""

    def __init__(self, source: Source, position: int, subject: str, stops: frozenset[str] = frozenset()) -> None:
        self._source = source
        self._text = source.text
        self._subject = subject
        self._stops = stops
        self._depth = 0
        self.position = position
        self._skip()

    def expression(self) -> SearchNode | None:
        """Terms with AND between them, written or implied."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self._source.unsupported("search expressions nested this deep", self.position)
        items: list[SearchNode] = []
        while not self._at_stop():
            if self._keyword("AND"):
                if not items or self._at_stop():
                    raise self._fail("The operator 'AND' is missing a term.", self.position)
                continue
            items.append(self._alternatives())
        self._depth -= 1
        if not items:
            return None
        return items[0] if len(items) == 1 else SearchAnd(tuple(items))

    def finish(self) -> None:
        if self.position < self._source.end:
            raise self._fail("unbalanced parentheses.", self.position)

    def _alternatives(self) -> SearchNode:
        items = [self._negation()]
        while self._keyword("OR"):
            items.append(self._negation())
        return items[0] if len(items) == 1 else SearchOr(tuple(items))

    def _negation(self) -> SearchNode:
        if not self._keyword("NOT"):
            return self._factor()
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self._source.unsupported("search expressions nested this deep", self.position)
        item = SearchNot(self._negation())
        self._depth -= 1
        return item

    def _factor(self) -> SearchNode:
        start = self.position
        if self._at_stop():
            raise self._fail("a term is missing.", start)
        found = self._match()
        if found["mark"] == "(":
            self._take(found)
            inside = self.expression()
            if self._char() != ")":
                raise self._fail("unbalanced parentheses.", start)
            self._step(1)
            if inside is None:
                raise self._fail("empty parentheses.", start)
            return inside
        if found["mark"] == "[":
            return self._subsearch(start)
        if found["string"] is None and found["word"] is None:
            raise self._fail(f"Comparator '{found[0]}' is missing a term on the left hand side.", start)
        directive = _DIRECTIVE.match(self._text, start, self._source.end)
        if directive is not None:
            self._step_to(directive.end())
            return Directive("TERM" if directive[1] == "TERM" else "CASE", directive[2], None, self._span(start))
        quoted = found["string"] is not None
        name = unescape(found[0][1:-1] if quoted else found[0])
        self._take(found)
        return self._after_name(name, quoted, start)

    def _after_name(self, name: str, quoted: bool, start: int) -> SearchNode:
        """A comparison if an operator follows, else a term."""
        found = _TOKEN.match(self._text, self.position, self._source.end)
        if found is not None and found["operator"] is not None:
            self._take(found)
            return self._comparison(name, found["operator"], start)
        negated = False
        if found is not None and not self._keyword_ahead("AND"):
            mark = self.position
            negated = self._keyword("NOT")
            if self._keyword_ahead("IN", follow="("):
                self._keyword("IN")
                node = InList(name, self._list(), self._span(start))
                return SearchNot(node) if negated else node
            self.position = mark
        return Term(SearchValue(name, quoted), self._span(start, start_end(self._text, start, self.position)))

    def _comparison(self, name: str, operator: str, start: int) -> SearchNode:
        if operator == "::" and name == "tag":
            return self._tag_of_field(start)
        indexed = operator == "::"
        symbol = "=" if operator in ("::", "==") else operator
        directive = _DIRECTIVE.match(self._text, self.position, self._source.end)
        if directive is not None and symbol == "=":
            self._step_to(directive.end())
            return Directive("TERM" if directive[1] == "TERM" else "CASE", directive[2], name, self._span(start))
        value = self._value(operator)
        if name in TIME_MODIFIERS and symbol == "=" and not indexed:
            return TimeModifier(name, value.text, self._span(start))
        return Comparison(name, cast("ComparisonOperator", symbol), value, self._span(start), indexed)

    def _tag_of_field(self, start: int) -> SearchNode:
        """``tag::host=web``: a tag of one field's value."""
        found = self._match()
        if found["word"] is None:
            raise self._fail("Comparator '::' is missing a term on the right hand side.", start)
        self._take(found)
        return self._after_name(f"tag::{found[0]}", False, start)

    def _value(self, operator: str) -> SearchValue:
        start = self.position
        string = _TOKEN.match(self._text, start, self._source.end)
        if string is not None and string["string"] is not None:
            self._take(string)
            return SearchValue(unescape(string[0][1:-1]), True)
        bare = _BARE_VALUE.match(self._text, start, self._source.end)
        if bare is None:
            raise self._fail(f"Comparator '{operator}' is missing a term on the right hand side.", start)
        self._take(bare)
        return SearchValue(unescape(bare[0]))

    def _list(self) -> tuple[SearchValue, ...]:
        """``(a, b, )``: stray commas are nothing."""
        start = self.position
        self._step(1)
        values: list[SearchValue] = []
        while (mark := self._char()) != ")":
            if mark == ",":
                self._step(1)
            elif mark in ("", "(", "[", "]"):
                raise self._fail("unbalanced parentheses.", start)
            else:
                values.append(self._value("IN"))
        self._step(1)
        return tuple(values)

    def _subsearch(self, start: int) -> Subsearch:
        end = bracket_end(self._source, start)
        inner = Source(self._text, start + 1, end - 1)
        pipeline = parse_pipeline_in(inner, implied_search=False)
        self._step_to(end)
        return Subsearch(pipeline, Span(start, end))

    # --- the cursor

    def _match(self) -> re.Match[str]:
        found = _TOKEN.match(self._text, self.position, self._source.end)
        assert found is not None  # `other` takes any character, and the end is checked before
        if found["other"] == '"':
            raise self._fail("unbalanced quotes.", self.position)
        if found["word"] == "|":
            raise self._fail("a pipe is not part of an expression.", self.position)
        return found

    def _keyword_ahead(self, word: str, follow: str = "") -> bool:
        end = self.position + len(word)
        if not self._text.startswith(word, self.position) or end > self._source.end:
            return False
        if not follow:
            return end == self._source.end or self._text[end].isspace() or self._text[end] in '()["'
        blank = BLANK.match(self._text, end, self._source.end)
        return blank is not None and self._text.startswith(follow, blank.end())

    def _keyword(self, word: str) -> bool:
        if not self._keyword_ahead(word):
            return False
        self._step(len(word))
        return True

    def _at_stop(self) -> bool:
        if self.position >= self._source.end or self._text[self.position] == ")":
            return True
        if not self._stops or self._depth > 1:
            return False
        word = re.compile(r"[A-Za-z]+(?=\s|$)").match(self._text, self.position, self._source.end)
        return word is not None and word[0].upper() in self._stops

    def _char(self) -> str:
        return self._text[self.position] if self.position < self._source.end else ""

    def _take(self, found: re.Match[str]) -> None:
        self._step_to(found.end())

    def _step(self, count: int) -> None:
        self._step_to(self.position + count)

    def _step_to(self, position: int) -> None:
        self._last = self.position = position
        self._skip()

    def _skip(self) -> None:
        found = BLANK.match(self._text, self.position, self._source.end)
        if found is not None:
            self.position = found.end()

    def _span(self, start: int, end: int | None = None) -> Span:
        return Span(start, self._last if end is None else end)

    def _fail(self, why: str, start: int) -> SPLSyntaxError:
        return self._source.syntax_error(
            f"Error in {self._subject}: Unable to parse the search: {why}", start, max(start + 1, self.position)
        )


def start_end(text: str, start: int, limit: int) -> int:
    """``limit`` without the blanks before it."""
    while limit > start and text[limit - 1].isspace():
        limit -= 1
    return limit
