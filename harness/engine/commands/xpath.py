"""``xpath``: what a path finds in XML. Follows "xpath" in the Search Reference.

Paths are of the kind ``//person/name``, ``/a/b[@id='1']``, ``a/@id`` and ``a/text()``; others are refused.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from typing import Any, Final
from xml.parsers import expat

from harness.engine.columns import over
from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.errors import UnsupportedSPL
from harness.spl.arguments import Arguments, string
from harness.values.column import Value
from harness.values.frame import Frame
from harness.values.values import texts

_NAME: Final = r"[A-Za-z_][\w.-]*"
_STEP: Final = rf"(?:{_NAME}|\*|\.)(?:\[(?:@{_NAME}(?:=(?:'[^']*'|\"[^\"]*\"))?|[1-9][0-9]{{0,5}})\])*"
_PATH: Final = re.compile(rf"(?P<elements>(?://|/)?{_STEP}(?:(?://|/){_STEP})*)(?:/(?P<last>@{_NAME}|text\(\)))?")
MAX_DEPTH: Final = 500


@dataclass(frozen=True, slots=True)
class XPath(SearchCommand):
    names = ("xpath",)
    streaming = True

    elements: str
    last: str | None
    field: str = "_raw"
    target: str = "xpath"
    default: str | None = None

    @classmethod
    def parse(cls, arguments: Arguments) -> XPath:
        known = {"outfield": string, "field": string, "default": string}
        options: dict[str, Any] = arguments.options(known)
        token = arguments.peek()
        if token is None or not token.is_string:
            raise arguments.error("An XPath in double quotes is expected.")
        found = _PATH.fullmatch(token.text)
        if found is None:
            raise arguments.unsupported(f"the path '{token.text}'", token)
        arguments.next()
        options |= arguments.options(known)
        arguments.expect_end()
        return cls(
            found["elements"],
            found["last"],
            options.get("field", "_raw"),
            options.get("outfield", "xpath"),
            options.get("default"),
        )

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        found = frame.column(self.field).map(self._found, nulls=self.default is not None)
        if bool(found.is_null().all()):
            return frame
        return frame.with_columns({self.target: over(found, frame.column(self.target))})

    def _found(self, value: Value) -> Value:
        root = _root("\n".join(texts(value)))
        cells: list[str] = []
        for element in [] if root is None else self._elements(root):
            if self.last is not None and self.last.startswith("@"):
                cells.append(element.get(self.last[1:]) or "")
            elif len(element) and self.last is None:
                raise UnsupportedSPL("The 'xpath' command: a path to an element with elements in it is not supported.")
            else:
                cells.append(element.text or "")
        kept = tuple(cell for cell in cells if cell)
        return kept or self.default

    def _elements(self, root: ElementTree.Element) -> list[ElementTree.Element]:
        """ElementTree looks below an element: here below one that has the root in it."""
        top = ElementTree.Element("top")
        top.append(root)
        path = self.elements if self.elements.startswith("/") else f"/{root.tag}/{self.elements}"
        return top.findall(f".{path}")


def _root(text: str) -> ElementTree.Element | None:
    """The document, or None if it is none. Declarations of entities and documents without end are not read."""
    builder = ElementTree.TreeBuilder()
    depth = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > MAX_DEPTH:
            raise UnsupportedSPL(f"The 'xpath' command: XML of more than {MAX_DEPTH} levels is not supported.")
        builder.start(name, attributes)

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(name)

    def declared(*_: object) -> None:
        raise UnsupportedSPL("The 'xpath' command: XML that declares entities is not supported.")

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = builder.data
    parser.EntityDeclHandler = declared
    begin = text.find("<")
    if begin < 0:
        return None
    try:
        parser.Parse(text[begin:].strip().encode("utf-8", "surrogatepass"), True)
        return builder.close()
    except (expat.ExpatError, UnicodeError, AssertionError):
        return None
