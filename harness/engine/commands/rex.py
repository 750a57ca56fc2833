r"""``rex``: fields out of a field's text by a regular expression's named groups, or the text changed like ``sed``.

Follows "rex" in the Search Reference, M4.17 and M4.25. Where the expression does not match, the row stays as it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from harness.engine.columns import over, spread
from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.errors import KnowledgeError, UnsupportedSPL
from harness.knowledge.sed import parse_sed
from harness.spl.arguments import Arguments, non_negative_integer, string
from harness.values.column import Value
from harness.values.frame import Frame
from harness.values.pcre import Pattern, compile_pcre
from harness.values.values import texts


@dataclass(frozen=True, slots=True)
class Rex(SearchCommand):
    """``maximum`` matches are taken of one text, 0 is all. ``offset`` names a field for where the groups stand."""

    names = ("rex",)
    streaming = True

    field: str
    expression: str
    maximum: int = 1
    offset: str | None = None
    sed: bool = False

    @classmethod
    def parse(cls, arguments: Arguments) -> Rex:
        known = {
            "field": string,
            "max_match": non_negative_integer,
            "offset_field": string,
            "mode": string,
        }
        options: dict[str, Any] = arguments.options(known)
        expression = read_pattern(arguments)
        options |= arguments.options(known)
        arguments.expect_end()
        if expression is None:
            raise type(arguments.error(""))("Error in 'SearchOperator:rex': Usage: regex [field=<field>] <regex>.")
        mode = options.get("mode")
        if mode not in (None, "sed"):
            raise arguments.error(f"Invalid mode '{mode}'.")
        command = cls(
            options.get("field", "_raw"),
            expression,
            options.get("max_match", 1),
            options.get("offset_field"),
            mode == "sed",
        )
        command._validate(arguments)
        return command

    def _validate(self, arguments: Arguments) -> None:
        if self.sed:
            try:
                parse_sed(self.expression)
            except (KnowledgeError, re.error) as problem:
                raise arguments.error(f"Failed to initialize sed. {problem}") from None
            return
        try:
            pattern = compile_pcre(self.expression)
        except re.error as clause:
            raise arguments.error(
                f"Encountered the following error while compiling the regex '{self.expression}': Regex: {clause}."
            ) from None
        if not pattern.names:
            raise arguments.error(
                f"The regex '{self.expression}' does not extract anything. It should specify at least one named group. "
                "Format: (?<name>...)."
            )
        if self.offset is not None and self.maximum != 1:
            raise arguments.unsupported("offset_field together with max_match")

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        column = frame.column(self.field)
        if self.sed:
            change = parse_sed(self.expression)
            return frame.with_columns({self.field: column.map(lambda value: tuple(map(change, texts(value))))})
        pattern = compile_pcre(self.expression)
        used = set(np.unique(column.codes).tolist())
        found = [self._extract(pattern, value) if at in used else {} for at, value in enumerate(column.values)]
        return frame.with_columns(
            {name: over(fresh, frame.column(name)) for name, fresh in spread(column, found).items()}
        )

    def _extract(self, pattern: Pattern, value: Value) -> dict[str, Value]:
        """The groups' values over all matches that count."""
        if type(value) is str and self.maximum == 1:
            match = pattern.search(value)
            return self._groups(match, pattern) if match is not None else {}
        found: dict[str, list[Value]] = {}
        matched = 0
        for text in texts(value):
            matches = list(islice(pattern.finditer(text), self.maximum or None))
            matched += bool(matches)
            for match in matches:
                for name, part in self._groups(match, pattern).items():
                    found.setdefault(name, []).append(part)
        if matched > 1 and self.maximum:
            raise UnsupportedSPL(
                "The 'rex' command: several values of a multivalue that match, with max_match set, are not supported."
            )
        return {name: tuple(values) for name, values in found.items()}  # type: ignore[arg-type]

    def _groups(self, match: Any, pattern: Pattern) -> dict[str, Value]:
        """The named groups that took part, and where they stand if that is asked for."""
        groups: dict[str, Value] = {name: text for name, text in match.groupdict().items() if text is not None}
        if self.offset is not None:
            groups[self.offset] = _places(match, pattern)
        return groups


def read_pattern(arguments: Arguments) -> str | None:
    """A regular expression: in quotes, or bare up to a blank; None at the end."""
    token = arguments.peek()
    if token is None:
        return None
    return arguments.next().text if token.is_string else arguments.rest()


def _places(match: Any, pattern: Pattern) -> str:
    """``name=first-last`` for each group, counted from 0."""
    spans = {name: match.span(name) for name in pattern.names if match[name] is not None}
    return "&".join(f"{name}={start}-{end - 1}" for name, (start, end) in spans.items())
