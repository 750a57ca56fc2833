"""``spath``: fields out of JSON and XML. Follows "spath" in the Search Reference and M4.103 to M4.105.

Without a path every member becomes a field: values as they are written, objects and arrays as compact JSON besides.
With one, what stands there goes into the output field; where nothing does, nothing is written.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from harness.engine.columns import over, spread
from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.errors import UnsupportedSPL
from harness.knowledge.xml_kv import from_xml
from harness.spl.arguments import Arguments, string
from harness.values.column import Column, Encoder, Value, normal
from harness.values.frame import Frame
from harness.values.values import members, texts

CUTOFF: Final = 5000
"""Characters of a text that are looked at ([spath] extraction_cutoff)."""
MAX_DEPTH: Final = 100


_INDEX: Final = re.compile(r"\{[0-9]{1,9}\}")
_STEP: Final = re.compile(r"([^.{}]+)|(\{[0-9]{0,9}\})")


@dataclass(frozen=True, slots=True)
class SPath(SearchCommand):
    names = ("spath",)
    streaming = True

    input: str = "_raw"
    path: str | None = None
    output: str | None = None

    @classmethod
    def parse(cls, arguments: Arguments) -> SPath:
        known = {"input": string, "output": string, "path": string}
        options = arguments.options(known)
        if arguments.peek() is not None and "path" not in options:
            token = arguments.peek()
            options["path"] = arguments.next().text if token is not None and token.is_string else arguments.value()
        options |= arguments.options(known)
        arguments.expect_end()
        path = options.get("path")
        if options.get("output") is not None and path is None:
            raise arguments.error("You have specified an output field without a path.")
        return cls(options.get("input", "_raw"), path, options.get("output"))

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        column = frame.columns.get(self.input)
        if column is None:
            return frame
        found = [self._fields(value) for value in column.values]
        merge = over if self.path is not None else _merged
        return frame.with_columns(
            {name: merge(fresh, frame.column(name)) for name, fresh in spread(column, found).items()}
        )

    def _fields(self, value: Value) -> dict[str, Value]:
        text = "".join(texts(value))[:CUTOFF]
        if self.path is None:
            return _fields_of(text)
        found = _at_index(text, self.path) if _INDEX.search(self.path) else _fields_of(text).get(self.path)
        return {} if found is None else {self.output or self.path: found}


def _fields_of(text: str) -> dict[str, Value]:
    stripped = text.lstrip()
    if stripped.startswith("<"):
        return dict(from_xml(stripped))
    if stripped[:1] not in ("{", "["):
        return {}
    document = _document(text)
    if document is None:
        return {}
    found: dict[str, list[str]] = {}
    _walk(document, "", found, 0)
    return {name: normal(tuple(values)) for name, values in found.items()}


def _document(text: str) -> Any:
    """The JSON that the text is; None if it is none."""
    try:
        return json.loads(text.lstrip(), parse_int=_Number, parse_float=_Number, parse_constant=_Number)
    except (ValueError, RecursionError):
        if len(text) == CUTOFF:
            raise UnsupportedSPL(
                f"The 'spath' command: JSON of more than {CUTOFF} characters is not supported."
            ) from None
        return None


def _at_index(text: str, path: str) -> Value:
    """What a path with the number of an element finds: the first element of a JSON array is 0 (M4.50)."""
    stripped = text.lstrip()
    if stripped.startswith("<"):
        raise UnsupportedSPL("The 'spath' command: the number of an element in a path of XML is not supported.")
    if stripped[:1] not in ("{", "["):
        return None
    nodes = [_document(text)]
    for name, inside in _STEP.findall(path):
        if name:
            nodes = [node[name] for node in nodes if isinstance(node, dict) and name in node]
        elif inside == "{}":
            nodes = [each for node in nodes if isinstance(node, list) for each in node]
        else:
            at = int(inside[1:-1])
            nodes = [node[at] for node in nodes if isinstance(node, list) and at < len(node)]
    return normal(tuple(node if isinstance(node, str) else _compact(node) for node in nodes))


class _Number(str):
    """A number kept as it was written."""

    __slots__ = ()


_WORDS: Final = {True: "true", False: "false", None: "null"}


def _walk(node: Any, path: str, found: dict[str, list[str]], depth: int) -> None:
    if depth > MAX_DEPTH:
        return
    if isinstance(node, dict | list):
        # A container is a value itself; the elements of an array are so only where they are containers in an object.
        if path and not path.endswith("{}"):
            found.setdefault(path, []).append(_compact(node))
        children = node.items() if isinstance(node, dict) else ((None, each) for each in node)
        for key, child in children:
            below = path + "{}" if key is None else f"{path}.{key}" if path else key
            _walk(child, below, found, depth + 1)
    else:
        found.setdefault(path, []).append(str(node) if isinstance(node, str) else _WORDS[node])


def _compact(node: Any) -> str:
    if isinstance(node, dict):
        return "{" + ",".join(f"{json.dumps(key, ensure_ascii=False)}:{_compact(v)}" for key, v in node.items()) + "}"
    if isinstance(node, list):
        return "[" + ",".join(map(_compact, node)) + "]"
    if isinstance(node, _Number):
        return str(node)
    return json.dumps(node, ensure_ascii=False)


def _merged(fresh: Column, before: Column) -> Column:
    """A field that is there already: the same value stays one, another one joins it (M4.105)."""
    if before.is_null().all():
        return fresh
    encoder = Encoder()
    codes = []
    for new, old in zip(fresh.to_values(), before.to_values(), strict=True):
        if new is None or old is None or texts(new) == texts(old):
            codes.append(encoder.code(old if new is None else new))
        else:
            codes.append(encoder.code(normal((*members(old), *members(new)))))
    return Column(encoder.values, np.array(codes, dtype=np.int32))
