"""Search text into a pipeline of commands; each command then reads its own arguments.

Only what holds for every command is known here: pipes, double quotes with backslash escapes, ``[subsearches]`` and
```` ```comments``` ````. Macros are expanded before (:mod:`harness.spl.macros`).
"""

from __future__ import annotations

import re
from typing import Final

from harness.errors import SPLSyntaxError
from harness.spl.nodes import Command, Pipeline, Span
from harness.spl.scan import BLANK, QUOTED, Source

MAX_DEPTH: Final = 20
"""Subsearches inside subsearches."""

_COMMENT: Final = re.compile(r'("(?:[^"\\]++|\\.)*+"|\\.)|```.*?```', re.DOTALL)
_STRUCTURE: Final = re.compile(r'[|"\[\]]|\\.', re.DOTALL)
_PARENTHESES: Final = re.compile(r'[()"]|\\.', re.DOTALL)
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9]*+")
_NOT_BLANK: Final = re.compile(r"[^\n]")


def parse_pipeline(text: str) -> Pipeline:
    """The commands of a search whose macros are expanded.

    Text without a leading pipe belongs to the implied ``search`` command. Raises :class:`SPLSyntaxError` in the words
    of Splunk's search parser.
    """
    text = blank_comments(text)
    return parse_pipeline_in(Source(text, 0, len(text)), implied_search=True)


def blank_comments(text: str) -> str:
    """Comments replaced by as many blanks, so that every place stays where it is; none begins inside quotes.

    Follows "Add comments to searches" in the Search Manual.
    """
    return _COMMENT.sub(_blanked, text) if "```" in text else text


def _blanked(found: re.Match[str]) -> str:
    return found[0] if found[1] is not None else _NOT_BLANK.sub(" ", found[0])


def parse_pipeline_in(source: Source, *, implied_search: bool) -> Pipeline:
    """The pipeline in a window of the search: the whole of it, or what stands between the brackets of a subsearch."""
    text = source.text
    position = _skip_blanks(text, source.start)
    if position >= source.end:
        if not implied_search:
            raise _missing_command(source, source.end, "]")
        return Pipeline((), source.span(source.start))
    commands: list[Command] = []
    if text[position] == "|":
        position += 1
    elif implied_search and not _leads_with_search(text, position):
        end = segment_end(source, position)
        commands.append(Command("search", text, Span(position, end), Span(position, end)))
        if end >= source.end:
            return Pipeline(tuple(commands), source.span(source.start))
        position = end + 1
    while True:
        end = segment_end(source, position)
        commands.append(_command(source, position, end))
        position = end + 1
        if end >= source.end:
            return Pipeline(tuple(commands), source.span(source.start))


def segment_end(source: Source, position: int) -> int:
    """Where the command that begins at ``position`` ends: at the next pipe of its level, or at the end."""
    while True:
        found = _STRUCTURE.search(source.text, position, source.end)
        if found is None:
            return source.end
        mark = found[0]
        if mark == "|":
            return found.start()
        if mark == '"':
            position = quoted_end(source, found.start())
        elif mark == "[":
            position = bracket_end(source, found.start())
        elif mark == "]":
            raise source.syntax_error("Error in 'SearchParser': Mismatched ']'.", found.start(), found.end())
        else:
            position = found.end()


def quoted_end(source: Source, position: int) -> int:
    """The place after the string that begins at ``position``."""
    found = QUOTED.match(source.text, position, source.end)
    if found is None:
        raise source.syntax_error("Error in 'SearchParser': Unbalanced quotes.", position)
    return found.end()


def bracket_end(source: Source, position: int) -> int:
    """The place after the bracket that closes the one at ``position``."""
    opened = position
    depth = 0
    while found := _STRUCTURE.search(source.text, position, source.end):
        mark = found[0]
        position = found.end()
        if mark == '"':
            position = quoted_end(source, found.start())
        elif mark == "[":
            depth += 1
            if depth > MAX_DEPTH:
                raise source.unsupported("Subsearches nested this deep are not supported.", found.start(), position)
        elif mark == "]":
            depth -= 1
            if depth == 0:
                return position
    raise source.syntax_error("Error in 'SearchParser': Mismatched '['.", opened, opened + 1)


def closing_parenthesis(source: Source, position: int) -> int | None:
    """The place after the parenthesis that closes the one at ``position``, quotes skipped; None if none does."""
    depth = 0
    while found := _PARENTHESES.search(source.text, position, source.end):
        position = found.end()
        if found[0] == '"':
            position = quoted_end(source, found.start())
        depth += (found[0] == "(") - (found[0] == ")")
        if depth == 0 and found[0] == ")":
            return position
    return None


def _command(source: Source, start: int, end: int) -> Command:
    text = source.text
    start = min(_skip_blanks(text, start), end)
    name = _NAME.match(text, start, end)
    if name is None:
        raise _missing_command(source, start, text[start] if start < end else ("|" if end < source.end else "^"))
    return Command(name[0].lower(), text, Span(start, end), Span(name.end(), end))


def _missing_command(source: Source, position: int, before: str) -> SPLSyntaxError:
    """No command where one must be; ``^`` stands for the end (N4.2)."""
    what = (
        "Subsearches are only valid as arguments to commands."
        if before == "["
        else f"Missing a search command before '{before}'."
    )
    return source.syntax_error(
        f"Error in 'SearchParser': {what} Error at position '{position - source.start}' of search query "
        f"'{source.text[source.start : source.end]}'.",
        position,
        min(position + 1, source.end),
    )


def _leads_with_search(text: str, position: int) -> bool:
    name = _NAME.match(text, position)
    return name is not None and name[0].lower() == "search" and text[name.end() : name.end() + 1].isspace()


def _skip_blanks(text: str, position: int) -> int:
    found = BLANK.match(text, position)
    assert found is not None  # the pattern matches nothing at all, too
    return found.end()
