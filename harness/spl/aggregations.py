"""Aggregations: the list that stats, eventstats, streamstats, chart, timechart and tstats hold before BY."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from harness.errors import SPLSyntaxError
from harness.spl.eval_expression import EvalParser
from harness.spl.nodes import Aggregation, Expr, Span
from harness.spl.parser import closing_parenthesis, quoted_end
from harness.spl.scan import BLANK, Source, unescape

_STOPS: Final = frozenset(("BY", "OVER", "FROM", "WHERE"))
_FUNCTION: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*+")
_OPTION: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*+\s*+=")
_PERCENTILE: Final = re.compile(r"(perc|p|exactperc|upperperc)([0-9]+(?:\.[0-9]+)?)")
_EVAL: Final = re.compile(r"eval\s*+\(", re.IGNORECASE)
_FIELD: Final = re.compile(r'[^\s,()"]++')
_ALIAS: Final = re.compile(r'as(?![^\s"])', re.IGNORECASE)
_NAME: Final = re.compile(r'(?:[^\s,"()]++|\([^\s()"]*\))+')
_WORD: Final = re.compile(r"[^\s,]++")


class AggregationReader:
    """Reads aggregations from a window of the search; ``position`` is then where it stopped: at one of the usual words,
    or one of ``stops`` (upper case)."""

    def __init__(self, source: Source, position: int, subject: str, stops: Collection[str] = ()) -> None:
        self._stops = frozenset((*_STOPS, *stops))
        self._source = source
        self._text = source.text
        self._subject = subject
        self.position = position

    def read(self) -> list[Aggregation]:
        found: list[Aggregation] = []
        while True:
            self._skip(commas=True)
            word = _FUNCTION.match(self._text, self.position, self._source.end)
            if (
                word is None
                or word[0].upper() in self._stops
                or _OPTION.match(self._text, self.position, self._source.end) is not None
            ):
                return found
            found.append(self._aggregation(word))

    def _aggregation(self, word: re.Match[str]) -> Aggregation:
        start = self.position
        self.position = word.end()
        name = word[0].lower()
        if name == "eval" and self._char() == "(":
            expression = self._evaluated(start, self.position + 1)
            label = self._text[start : self.position]
            return Aggregation(name, expression, label, self._alias(), span=Span(start, self.position))
        percentile = _PERCENTILE.fullmatch(name)
        parameter = float(percentile[2]) if percentile is not None else None
        function = percentile[1] if percentile is not None else name
        argument: str | Expr | None = None
        further: tuple[str, ...] = ()
        label = word[0]
        if self._char() == "(":
            self.position += 1
            argument, shown, further = self._inside(start)
            inside = ",".join((shown, *further)) if further else shown
            label = f"{word[0]}({inside})" if inside else word[0]
        end = self.position
        alias = self._alias()
        span = Span(start, end if alias is None else self.position)
        return Aggregation(function, argument, label, alias, parameter, further, span)

    def _inside(self, start: int) -> tuple[str | Expr | None, str, tuple[str, ...]]:
        """What stands between the parentheses: the argument, how the label shows it, and further arguments."""
        self._skip()
        argument: str | Expr | None = None
        begin = self.position
        evaluated = _EVAL.match(self._text, self.position, self._source.end)
        if evaluated is not None:
            argument = self._evaluated(begin, evaluated.end())
            shown = self._text[begin : self.position]
        elif self._char() == '"':
            self.position = quoted_end(self._source, begin)
            argument = shown = unescape(self._text[begin + 1 : self.position - 1])
        else:
            shown = self._bare()
            argument = shown or None
        further: list[str] = []
        self._skip()
        while self._char() == ",":
            self.position += 1
            self._skip()
            further.append(self._bare())
            self._skip()
        if self._char() != ")":
            raise self._invalid(start)
        self.position += 1
        return argument, shown, tuple(further)

    def _evaluated(self, begin: int, inside: int) -> Expr:
        """The expression of ``eval(...)``, which begins at ``begin``."""

        def complain(why: str) -> str:
            end = closing_parenthesis(self._source, inside - 1) or self._source.end
            shown = self._text[begin:end]
            return (
                f"Error in {self._subject}: The eval expression for the dynamic field '{shown}' is invalid. "
                f"Error='{why}'."
            )

        parser = EvalParser(self._source, inside, complain)
        expression = parser.expression()
        parser.finish(at=")")
        self.position = parser.position + 1
        return expression

    def _bare(self) -> str:
        """A field name, or a function with its parentheses (``sparkline(avg(x), 1h)``)."""
        begin = self.position
        found = _FIELD.match(self._text, self.position, self._source.end)
        if found is not None:
            self.position = found.end()
            if self._char() == "(":
                close = self._text.find(")", self.position, self._source.end)
                self.position = close + 1 if close >= 0 else self._source.end
        return self._text[begin : self.position]

    def _alias(self) -> str | None:
        mark = self.position
        self._skip()
        keyword = _ALIAS.match(self._text, self.position, self._source.end)
        if keyword is None:
            self.position = mark
            return None
        self.position = keyword.end()
        self._skip()
        begin = self.position
        if self._char() == '"':
            self.position = quoted_end(self._source, begin)
            return unescape(self._text[begin + 1 : self.position - 1])
        found = _NAME.match(self._text, begin, self._source.end)
        if found is None:
            raise self._invalid(mark)
        self.position = found.end()
        return found[0]

    def _invalid(self, start: int) -> SPLSyntaxError:
        found = _WORD.match(self._text, start, self._source.end)
        end = found.end() if found is not None else self._source.end
        return self._source.syntax_error(
            f"Error in {self._subject}: The argument '{self._text[start:end]}' is invalid.", start, end
        )

    def _char(self) -> str:
        return self._text[self.position] if self.position < self._source.end else ""

    def _skip(self, *, commas: bool = False) -> None:
        while True:
            found = BLANK.match(self._text, self.position, self._source.end)
            if found is not None:
                self.position = found.end()
            if not commas or self._char() != ",":
                return
            self.position += 1
