"""``regex``: keeps the rows whose field matches a regular expression (or, with ``!=``, does not).

Follows "regex" in the Search Reference, M4.16 and M4.26. A row without the field does not match.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from harness.engine.commands import SearchCommand
from harness.engine.commands.rex import read_pattern
from harness.engine.context import SearchContext
from harness.errors import SPLSyntaxError
from harness.spl.arguments import Arguments
from harness.values.frame import Frame
from harness.values.pcre import compile_pcre
from harness.values.values import texts

_USAGE = "Error in 'SearchOperator:regex': Usage: regex <field> (=|!=) <regex>."


@dataclass(frozen=True, slots=True)
class Regex(SearchCommand):
    names = ("regex",)
    streaming = True

    field: str
    pattern: str
    negated: bool = False

    @classmethod
    def parse(cls, arguments: Arguments) -> Regex:
        token = arguments.peek()
        if token is None:
            raise SPLSyntaxError(_USAGE)
        field, negated = "_raw", False
        if not token.is_string:
            field = arguments.next().text
            if arguments.accept("!="):
                negated = True
            elif not arguments.accept("="):
                raise SPLSyntaxError(_USAGE)
        pattern = read_pattern(arguments)
        if pattern is None:
            raise SPLSyntaxError(_USAGE)
        arguments.expect_end()
        try:
            compile_pcre(pattern)
        except re.error as clause:
            raise SPLSyntaxError(
                f"Error in 'SearchOperator:regex': The regex '{pattern}' is invalid. Regex: {clause}."
            ) from None
        return cls(field, pattern, negated)

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        pattern = compile_pcre(self.pattern)
        matches = frame.column(self.field).test(
            lambda value: any(pattern.search(text) is not None for text in texts(value))
        )
        return frame.take(~matches if self.negated else matches)
