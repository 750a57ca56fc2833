"""YAML with the line of everything in it, so that a problem can say where it is.

Safe loading only, by libyaml; a key given twice is a problem; aliases are bounded because they multiply.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from harness.content.models import Problem

MAX_YAML_BYTES = 8 * 1024 * 1024
MAX_ALIASES = 100
MAX_DEPTH = 100

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


_PLAIN: Final = re.compile(r"(?P<shown>\S)")
_TOKENS: Final = {
    "": _PLAIN,
    "|": _PLAIN,
    ">": _PLAIN,
    "'": re.compile(r"(?P<shown>''|[^'\s])"),
    '"': re.compile(r"\\(?:[ntr N_LP\t]|\r?\n)|(?P<shown>\\(?:x..|u.{4}|U.{8}|.)|[^\"\s])"),
}
"""The characters of a scalar's text, by its style: those that are no blanks are ``shown``."""


class _TextDates(_Loader):  # type: ignore[misc]
    """Dates stay text: ``date: 2024-10-17`` and ``date: '2024-10-17'`` are the same."""


_TextDates.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in _Loader.yaml_implicit_resolvers.items()
}


@dataclass(slots=True)
class YamlDocument:
    """A file's data and its node tree."""

    path: Path
    data: dict[str, Any]
    node: Any
    source: bytes

    def line(self, *keys: str | int) -> int:
        """The line (from 1) of what the keys lead to, or of the deepest of them that is there."""
        node = self.node
        line = 1
        for key in keys:
            found = _child(node, key)
            if found is None:
                break
            mark, node = found
            line = mark.line + 1
        return line

    def line_of(self, key: str, offset: int) -> int:
        """The line of a character of a top-level text, however the text is quoted, folded or indented.

        A blank stands on the line of what comes before it.
        """
        found = _child(self.node, key)
        if found is None or not isinstance(found[1], yaml.ScalarNode):
            return self.line(key)
        node = found[1]
        lines = self.source.decode("utf-8", "replace").split("\n")
        position = sum(map(len, lines[: node.start_mark.line])) + node.start_mark.line + node.start_mark.column
        text = "\n".join(lines)
        # YAML folds nothing but blanks: the character is found by counting what is not blank.
        wanted = len("".join(node.value[:offset].split()))
        if not node.value[offset : offset + 1].strip():
            wanted = max(wanted - 1, 0)
        if node.style in ("|", ">"):
            position = text.index("\n", position)
        for token in _TOKENS[node.style or ""].finditer(text, position):
            if token["shown"] is not None:
                if not wanted:
                    return text.count("\n", 0, token.start()) + 1
                wanted -= 1
        return self.line(key)

    def top_lines(self) -> dict[str, int]:
        return {key.value: key.start_mark.line + 1 for key, _ in self.node.value}


def _child(node: Any, key: str | int) -> tuple[Any, Any] | None:
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            if name.value == key:
                return name.start_mark, value
    elif isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
        return node.value[key].start_mark, node.value[key]
    return None


def read_yaml(path: Path, data: bytes) -> tuple[YamlDocument | None, list[Problem]]:
    """Parse one file; None if it is no mapping, with the reason among the problems."""
    if len(data) > MAX_YAML_BYTES:
        return None, [Problem("yaml", path, 1, f"larger than {MAX_YAML_BYTES} bytes")]
    loader = None
    try:
        if (line := _too_deep(data)) is not None:
            return None, [Problem("yaml", path, line, f"nested more than {MAX_DEPTH} deep")]
        loader = _TextDates(data)
        node = loader.get_single_node()
        problems = list(_node_problems(path, node))
        if any(problem.rule == "yaml" for problem in problems):
            return None, problems
        content = loader.construct_document(node) if node is not None else None
    except (yaml.YAMLError, ValueError, RecursionError) as problem:
        mark = getattr(problem, "problem_mark", None)
        text = getattr(problem, "problem", None) or str(problem).splitlines()[0]
        hint = "A value that holds ': ' or begins with a backtick or % needs quotes."
        return None, [Problem("yaml", path, mark.line + 1 if mark else 1, f"not YAML: {text}", hint=hint)]
    finally:
        if loader is not None:
            loader.dispose()
    if not isinstance(content, dict):
        return None, [Problem("yaml", path, 1, "holds no mapping of keys to values")]
    return YamlDocument(path, content, node, data), problems


def _too_deep(data: bytes) -> int | None:
    """The line where nesting goes too deep. libyaml's composer would follow it to the end of the stack and beyond."""
    depth = 0
    for event in yaml.parse(data, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                return event.start_mark.line + 1 if event.start_mark is not None else 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
    return None


def _node_problems(path: Path, root: Any) -> Iterable[Problem]:
    """Keys given twice, and aliases without end."""
    pending = [root] if root is not None else []
    visits: dict[int, int] = {}
    while pending:
        node = pending.pop()
        visits[id(node)] = visits.get(id(node), 0) + 1
        if visits[id(node)] > 1:
            if visits[id(node)] > MAX_ALIASES:
                yield Problem("yaml", path, node.start_mark.line + 1, "too many aliases")
                return
            continue
        if isinstance(node, yaml.MappingNode):
            seen: set[str] = set()
            for key, value in node.value:
                if key.value in seen:
                    yield Problem(
                        "duplicate-key", path, key.start_mark.line + 1, f"the key {key.value} is given twice",
                        hint="Only the last one would count; remove one of them.",
                    )  # fmt: skip
                seen.add(str(key.value))
                pending.append(value)
        elif isinstance(node, yaml.SequenceNode):
            pending.extend(node.value)
