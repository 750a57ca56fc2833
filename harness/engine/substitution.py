"""Subsearches whose text is put in the place where they stand: ``where n > [ search ... | return $limit ]``.

Most commands know nothing of subsearches. What stands in brackets among their arguments is run first, and the command
reads its arguments with the result's text in their place. Follows "About subsearches" in the Search Manual.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.engine.subsearch import subsearch_text
from harness.spl.arguments import Arguments
from harness.spl.nodes import Command
from harness.spl.parser import bracket_end, parse_pipeline, parse_pipeline_in, quoted_end
from harness.spl.scan import Source
from harness.values.frame import Frame

if TYPE_CHECKING:
    from harness.engine.plan import Plan

_MARK: Final = re.compile(r'["\[]|\\.', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Bracket:
    """A subsearch among a command's arguments: where it begins and ends, and its plan."""

    start: int
    end: int
    plan: Plan


@dataclass(frozen=True, slots=True)
class Substituted(SearchCommand):
    """A command that can be read only when its subsearches have run."""

    command: type[SearchCommand]
    source: Command
    brackets: tuple[Bracket, ...]
    first: bool
    names: tuple[str, ...]
    transforming: bool = False
    streaming: bool = False

    @classmethod
    def parse(cls, arguments: Arguments) -> Substituted:
        raise TypeError(f"{arguments.command} is not read as one: substituted() makes it")

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        text = self._text(context)
        (command,) = parse_pipeline(f"| {self.source.name} {text}").commands
        read = self.command.parse(Arguments(command)).placed(first=self.first)
        read.check(command.text)
        return read.run(frame, replace(context, text=command.text))

    def _text(self, context: SearchContext) -> str:
        """The arguments with the subsearches' results in place."""
        parts: list[str] = []
        position = self.source.arguments_span.start
        for bracket in self.brackets:
            parts.append(self.source.text[position : bracket.start])
            parts.append(subsearch_text(bracket.plan, context))
            position = bracket.end
        parts.append(self.source.text[position : self.source.arguments_span.end])
        return "".join(parts)


def brackets_of(command: Command) -> tuple[Bracket, ...]:
    """The subsearches among a command's arguments, outside quotes, planned."""
    from harness.engine.plan import subplan

    source = Source(command.text, command.arguments_span.start, command.arguments_span.end)
    found: list[Bracket] = []
    position = source.start
    while mark := _MARK.search(source.text, position, source.end):
        position = mark.end()
        if mark[0] == '"':
            position = quoted_end(source, mark.start())
        elif mark[0] == "[":
            position = bracket_end(source, mark.start())
            inner = Source(source.text, mark.end(), position - 1)
            found.append(Bracket(mark.start(), position, subplan(parse_pipeline_in(inner, implied_search=False))))
    return tuple(found)


def substituted(found: type[SearchCommand], source: Command, *, first: bool) -> Substituted | None:
    """The command to be read when its subsearches have run; None if it has none."""
    brackets = brackets_of(source)
    if not brackets:
        return None
    return Substituted(found, source, brackets, first, found.names, found.transforming, found.streaming)
