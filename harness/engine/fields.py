"""Names of fields as commands take them: wildcards, internal fields, values as text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final

from harness.spl.arguments import Arguments
from harness.values.column import Column
from harness.values.frame import Frame
from harness.values.values import has_wildcard, to_text

INTERNAL: Final = frozenset(
    ("_raw", "_time", "_indextime", "_cd", "_bkt", "_si", "_serial", "_sourcetype", "_subsecond", "_kv")
)
"""Fields of events that ``fields`` keeps unless they are named."""


def is_internal(name: str) -> bool:
    return name.startswith("_")


def wildcard_pattern(pattern: str) -> re.Pattern[str]:
    """A whole field name, each ``*`` a group; field names are case-sensitive."""
    return re.compile("(.*)".join(re.escape(part) for part in pattern.split("*")), re.DOTALL)


def matching(pattern: str, names: Iterable[str]) -> list[str]:
    """Names that a field pattern selects, by name (M4.98). ``*`` leaves out internal fields; ``_*`` selects them."""
    compiled = wildcard_pattern(pattern)
    internal = pattern.startswith("_")
    return sorted(name for name in names if is_internal(name) == internal and compiled.fullmatch(name))


def expand(patterns: Sequence[str], frame: Frame) -> list[str]:
    """Patterns replaced by the fields that they select, each name once; a plain name stays, there or not."""
    names: dict[str, None] = {}
    for pattern in patterns:
        if has_wildcard(pattern):
            names.update(dict.fromkeys(matching(pattern, frame.columns)))
        else:
            names[pattern] = None
    return list(names)


def as_text(column: Column) -> Column:
    """The column with numbers as the text they are written as, so that ``1`` and ``"1"`` are one value."""
    if all(type(value) is str for value in column.values):
        return column
    return column.map(lambda v: tuple(map(to_text, v)) if type(v) is tuple else to_text(v))  # type: ignore[arg-type]


def read_target(arguments: Arguments) -> str:
    """The name of a field to write: as any field name, or in single quotes."""
    token = arguments.peek()
    if token is None or not token.text.startswith("'") or token.is_string:
        return arguments.field_name()
    parts = [arguments.next()]
    while not (parts[-1].text.endswith("'") and (len(parts) > 1 or len(parts[0].text) > 1)):
        parts.append(arguments.next())
    gaps = [after.span.start - before.span.end for before, after in pairwise(parts)]
    return "".join(f"{part.text}{' ' * gap}" for part, gap in zip(parts, [*gaps, 0], strict=True))[1:-1]
