r"""``SEDCMD-``: the part of sed that Splunk knows (props.conf specification).

A script is a list of commands with blanks between them: ``s/regex/replacement/flags``, where ``\1`` is a group, ``g``
replaces every match and a number that match only (the first if neither is given, N10.18); and ``y/from/to/``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from harness.errors import KnowledgeError, SPLError
from harness.values.pcre import Pattern, PatternError, compile_pcre

Change = Callable[[str], str]

_FLAGS: Final = re.compile(r"g|[1-9]\d*|")
_MARK: Final = re.compile(r"\\(.)", re.DOTALL)


def parse_sed(script: str) -> Change:
    """Raises KnowledgeError for a script that is not understood."""
    changes: list[Change] = []
    rest = script.strip()
    while rest:
        change, rest = _command(rest)
        changes.append(change)
    if not changes:
        raise KnowledgeError("the script is empty")

    def run(text: str) -> str:
        for change in changes:
            text = change(text)
        return text

    return changes[0] if len(changes) == 1 else run


def _command(script: str) -> tuple[Change, str]:
    """The first command of a script, and the script after it."""
    if len(script) < 4 or script[0] not in "sy" or script[1].isalnum() or script[1].isspace() or script[1] == "\\":
        raise KnowledgeError(f"not a sed command: {script[:40]}")
    mark = script[1]
    first, position = _part(script, 2, mark)
    second, position = _part(script, position, mark)
    end = next((at for at in range(position, len(script)) if script[at].isspace()), len(script))
    flags, rest = script[position:end], script[end:].lstrip()
    if script[0] == "y":
        if flags:
            raise KnowledgeError(f"a sed y command has no flags: {script[:40]}")
        return _transliterate(first, second), rest
    if _FLAGS.fullmatch(flags) is None:
        raise KnowledgeError(f"not flags of a sed command: {flags}")
    return _substitute(first, second, flags), rest


def _part(script: str, start: int, mark: str) -> tuple[str, int]:
    """The text up to the next ``mark`` that no backslash stands before, and where the text after it begins."""
    position = start
    while position < len(script) and script[position] != mark:
        position += 2 if script[position] == "\\" else 1
    if position >= len(script):
        raise KnowledgeError(f"a sed command does not end: {script[:40]}")
    return script[start:position].replace(f"\\{mark}", mark), position + 1


def _transliterate(source: str, target: str) -> Change:
    source, target = (_MARK.sub(lambda found: found[1], text) for text in (source, target))
    if len(source) != len(target):
        raise KnowledgeError("the two sides of a sed y command differ in length")
    table = str.maketrans(source, target)
    return lambda text: text.translate(table)


def _substitute(regex: str, template: str, flags: str) -> Change:
    try:
        pattern = compile_pcre(regex)
    except (PatternError, SPLError) as problem:
        raise KnowledgeError(f"Regex: {problem}") from None
    replace = _replacement(template, pattern)
    if flags == "g":
        return lambda text: pattern.sub(replace, text)
    which = int(flags) if flags else 1

    def change(text: str) -> str:
        for count, match in enumerate(pattern.finditer(text), 1):
            if count == which:
                return text[: match.start()] + replace(match) + text[match.end() :]
        return text

    return change


def _replacement(template: str, pattern: Pattern) -> Callable[[Any], str]:
    def part(found: re.Match[str], match: Any) -> str:
        code = found[1]
        if code.isdigit():
            return (match[int(code)] or "") if int(code) <= pattern.groups else ""
        return {"n": "\n", "t": "\t", "r": "\r"}.get(code, code)

    return lambda match: _MARK.sub(lambda found: part(found, match), template)
