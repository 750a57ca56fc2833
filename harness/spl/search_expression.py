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
from harness.spl.scan import BLANK, QUOTED, Source, unescape

MAX_DEPTH: Final = 100
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

# Groups are not repeated possessively here and in the other readers of SPL: up to Python 3.11.4 such a repetition keeps
# what its last, failed round had read, so that a!=b became the word a!= there.
_TOKEN: Final = re.compile(
    r"""
      (?P<string>"(?:[^"\\]++|\\.)*+")
    | (?P<operator>!=|<=|>=|==|[=<>]|::)
    | (?P<mark>[()\[\],])
    | (?P<word>\||(?:(?!::)[^\s()\[\],"=<>!\\|]|!(?!=)|\\["\\]|\\(?![()\[\],|]))+)
    | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_BARE_VALUE: Final = re.compile(r'(?:[^\s()\[\],"\\]|\\["\\]|\\(?![()\[\],|]))+')
_CALLED: Final = re.compile(r'([^\s()\[\],"\\|]++)\(\)\**(?=[\s)]|\Z)')
_DOUBLED: Final = re.compile(r'""([^\s()\[\],"\\|]++)""(?=[\s,)])')
_DIRECTIVE: Final = re.compile(r'(?:(TERM|CASE)\(([^()\s"]+)|(TERM)\("([^()\s"\\]+)")\)')
_STOP: Final = re.compile(r"[A-Za-z]++(?!\S)")
_CHOOSES_EVENTS: Final = frozenset(("index", "source", "sourcetype", "host", "eventtype", "tag"))
"""Fields whose values are also asked for before rows are read."""
_KEYWORDS: Final = ("AND", "OR", "NOT", "IN")


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
        self._last = self.position = position
        self._skip()

    def expression(self) -> SearchNode | None:
        """Terms with AND between them, written or implied."""
        self._enter()
        items: list[SearchNode] = []
        while not self._at_stop():
            if self._keyword_ahead("AND"):
                self._conjunction(bool(items))
            items.append(self._alternatives())
        self._depth -= 1
        if not items:
            return None
        return items[0] if len(items) == 1 else SearchAnd(tuple(items))

    def finish(self) -> None:
        if self.position < self._source.end:
            raise self._fail("unbalanced parentheses.", self.position)

    def _conjunction(self, follows: bool) -> None:
        start = self.position
        self._step(len("AND"))
        if not follows or self._at_stop():
            raise self._no_clause("AND", "right" if follows else "left", start)

    def _alternatives(self) -> SearchNode:
        items = [self._negation()]
        while self._keyword_ahead("OR"):
            start = self.position
            self._step(len("OR"))
            if self._at_stop():
                raise self._no_clause("OR", "right", start)
            items.append(self._negation())
        return items[0] if len(items) == 1 else SearchOr(tuple(items))

    def _negation(self) -> SearchNode:
        start = self.position
        if not self._keyword("NOT"):
            return self._factor()
        if self._at_stop():
            raise self._no_clause("NOT", "right", start)
        self._enter()
        item = SearchNot(self._negation())
        self._depth -= 1
        return item

    def _factor(self) -> SearchNode:
        start = self.position
        for word in ("AND", "OR"):
            if self._keyword_ahead(word):
                raise self._no_clause(word, "left", start)
        found = self._match()
        if found["mark"] == "(":
            return self._group(found)
        if found["mark"] == "[":
            return self._subsearch(start)
        if found["mark"] == ",":
            raise self._source.unsupported("A comma between search terms is not supported.", start, start + 1)
        if found["other"] is not None:
            raise self._source.unsupported("An escaped mark outside quotes is not supported.", start, start + 2)
        if found["string"] is None and found["word"] is None:
            raise self._fail(f"Comparator '{found[0]}' is missing a term on the left hand side.", start)
        directive = _DIRECTIVE.match(self._text, start, self._source.end)
        if directive is not None:
            return self._directive(directive, None, start)
        quoted = found["string"] is not None
        name = unescape(found[0][1:-1] if quoted else found[0])
        self._take(found)
        self._refuse_glued(found)
        return self._after_name(name, quoted, start)

    def _group(self, found: re.Match[str]) -> SearchNode:
        """``( ... )``. Nothing inside finds everything: a subsearch without rows gives ``NOT ( )``."""
        self._take(found)
        inside = self.expression()
        if self._char() != ")":
            raise self._fail("unbalanced parentheses.", found.start())
        self._step(1)
        return Term(SearchValue("*"), self._span(found.start())) if inside is None else inside

    def _directive(self, found: re.Match[str], field: str | None, start: int) -> SearchNode:
        self._take(found)
        kind, text = found[1] or found[3], found[2] or found[4]
        return Directive("TERM" if kind == "TERM" else "CASE", unescape(text), field, self._span(start))

    def _after_name(self, name: str, quoted: bool, start: int) -> SearchNode:
        """A comparison if an operator follows, a list if IN does, else a term."""
        end = self._last
        found = _TOKEN.match(self._text, self.position, self._source.end)
        if found is not None and found["operator"] is not None:
            self._take(found)
            return self._comparison(name, found["operator"], start)
        mark = self.position
        negated = self._keyword("NOT")
        if self._keyword_ahead("IN"):
            node = InList(name, self._list(name), self._span(start))
            return SearchNot(node) if negated else node
        self.position = mark
        return Term(SearchValue(name, quoted), Span(start, end))

    def _comparison(self, name: str, operator: str, start: int) -> SearchNode:
        if operator == "::" and name == "tag":
            return self._tag_of_field(start)
        if operator == "==":
            raise self._source.unsupported("'==' in a search expression is not supported.", start, self._last)
        directive = _DIRECTIVE.match(self._text, self.position, self._source.end)
        if directive is not None and operator == "=":
            return self._directive(directive, name, start)
        value = self._value(operator, name)
        if operator == "::":
            return Comparison(name, "=", value, self._span(start), indexed=True)
        if name in TIME_MODIFIERS and operator == "=":
            return TimeModifier(name, value.text, self._span(start))
        return Comparison(name, cast("ComparisonOperator", operator), value, self._span(start))

    def _tag_of_field(self, start: int) -> SearchNode:
        """``tag::host=web``: a tag of one field's value."""
        found = _TOKEN.match(self._text, self.position, self._source.end)
        if found is None or found["word"] is None:
            raise self._fail("Comparator '::' is missing a term on the right hand side.", start)
        self._take(found)
        return self._after_name(f"tag::{found[0]}", False, start)

    def _value(self, operator: str, field: str) -> SearchValue:
        start = self.position
        unclear = None if field in _CHOOSES_EVENTS else self._unclear_value(operator)
        if unclear is not None:
            return unclear
        found = QUOTED.match(self._text, start, self._source.end)
        if found is not None:
            self._take(found)
            self._refuse_glued(found, value=True)
            return SearchValue(unescape(found[0][1:-1]), True)
        found = _BARE_VALUE.match(self._text, start, self._source.end)
        if found is None:
            if self._char() == '"':
                raise self._fail("unbalanced quotes.", start)
            if self._char() == "(":
                raise self._source.unsupported("Parentheses after a comparator are not supported.", start, start + 1)
            raise self._fail(f"Comparator '{operator}' is missing a term on the right hand side.", start)
        if found[0][0] in "=<>" and operator != "IN":
            raise self._source.unsupported(f"The comparator '{operator}{found[0][0]}' is not supported.", start)
        self._take(found)
        self._refuse_glued(found, value=True)
        return SearchValue(unescape(found[0]))

    def _unclear_value(self, operator: str) -> SearchValue | None:
        """``x=f()*`` and ``x IN (""a"")``, which Splunk runs without complaint: is ``f()*`` one value, or ``f`` and a
        group in which there is nothing? Are the quotes around ``a`` part of it, do they go, or are there two empty
        values beside it?"""
        pattern = _CALLED if operator == "=" else _DOUBLED
        found = pattern.match(self._text, self.position, self._source.end) if operator in ("=", "IN") else None
        if found is None:
            return None
        self._take(found)
        readings = ((found[0],), (found[1],)) if operator == "=" else ((found[0],), (found[1],), ("", found[1]))
        return SearchValue(found[0], readings=readings)

    def _list(self, name: str) -> tuple[SearchValue, ...]:
        """``IN (a, b, )``: stray commas are nothing."""
        self._step(len("IN"))
        start = self.position
        values: list[SearchValue] = []
        if self._char() == "(":
            self._step(1)
            while (mark := self._char()) not in (")", "", "(", "[", "]"):
                if mark == ",":
                    self._step(1)
                else:
                    values.append(self._value("IN", name))
        if self._char() == "":
            raise self._fail("unbalanced parentheses.", start)
        if self._char() != ")":
            literal = self._text[self.position : self._source.end]
            raise self._fail(
                f"Right hand side of IN must be a collection of literals. '{literal}' is not a literal.", start
            )
        self._step(1)
        return tuple(values)

    def _subsearch(self, start: int) -> Subsearch:
        end = bracket_end(self._source, start)
        pipeline = parse_pipeline_in(Source(self._text, start + 1, end - 1), implied_search=False)
        self._step_to(end)
        return Subsearch(pipeline, Span(start, end))

    def _refuse_glued(self, found: re.Match[str], *, value: bool = False) -> None:
        r"""Quotes, parentheses or an escaped mark without a blank between: it is not known what Splunk makes of
        ``*"a b"*``, ``f()`` and ``\(``. A quoted value ends at its quote, whatever follows: ``x="a"AND y="b"``."""
        end = found.end()
        after = self._text[end] if end < self._source.end else " "
        if found[0][0] != '"':
            glued = after in ('"', "\\") or (after == "(" and found[0] not in _KEYWORDS)
        elif value:
            glued = after == "*"
        else:
            glued = not after.isspace() and after not in "()[]=<>!,:|"
        if glued:
            raise self._source.unsupported(f"'{found[0]}{after}' without a blank is not supported.", found.start(), end)

    # --- the cursor

    def _match(self) -> re.Match[str]:
        found = _TOKEN.match(self._text, self.position, self._source.end)
        assert found is not None  # `other` takes any character, and the end is checked before
        if found["other"] == '"':
            raise self._fail("unbalanced quotes.", self.position)
        if found["word"] == "|":
            raise self._fail("a pipe is not part of an expression.", self.position)
        return found

    def _keyword_ahead(self, word: str) -> bool:
        """Whether the word stands here, in upper case, and ends here."""
        end = self.position + len(word)
        if not self._text.startswith(word, self.position) or end > self._source.end:
            return False
        return end == self._source.end or self._text[end].isspace() or self._text[end] in '()["'

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
        word = _STOP.match(self._text, self.position, self._source.end)
        return word is not None and word[0].upper() in self._stops

    def _enter(self) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self._source.unsupported("Search expressions nested this deep are not supported.", self.position)

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

    def _span(self, start: int) -> Span:
        return Span(start, self._last)

    def _no_clause(self, word: str, side: str, start: int) -> SPLSyntaxError:
        return self._fail(f"'{word}' operator is missing a clause on the {side} hand side.", start)

    def _fail(self, why: str, start: int) -> SPLSyntaxError:
        return self._source.syntax_error(
            f"Error in {self._subject}: Unable to parse the search: {why}", start, max(start + 1, self.position)
        )
