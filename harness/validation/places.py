"""From a place in a search as it was planned, macros expanded, back to the line of the detection's file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.content.models import Detection
from harness.content.yaml_document import read_yaml
from harness.errors import SPLError, SplPlace
from harness.spl.macros import Expansion, trace
from harness.spl.parser import blank_comments

if TYPE_CHECKING:
    from harness.knowledge.knowledge import Knowledge


def line_in_search(detection: Detection, knowledge: Knowledge, place: SplPlace | None) -> int:
    """The line of the place; the line of ``search:`` where it cannot be told."""
    line = detection.line("search")
    if place is None:
        return line
    offset = _offset_in_search(detection.search, knowledge, place)
    if offset is None:
        return line
    try:
        document, _ = read_yaml(detection.file, detection.file.read_bytes())
    except OSError:
        return line
    return line if document is None else document.line_of("search", offset)


def _offset_in_search(search: str, knowledge: Knowledge, place: SplPlace) -> int | None:
    """Where the place stands in the search as written; None if its text is not this search."""
    from harness.engine.macros import EvalMacros

    # A place without width says that something is missing after the character before it.
    start = max(place.start - (place.start == place.end), 0)
    if place.text == search:
        return start
    try:
        expansion = trace(search, knowledge.macros, EvalMacros())
    except SPLError:
        return None
    if place.text not in (expansion.text, blank_comments(expansion.text)):
        return None
    return written_offset(search, expansion, start)


def written_offset(search: str, expansion: Expansion, offset: int) -> int:
    """The character of the search that a character of its expansion comes from; a macro's are its call's."""
    written = expanded = 0
    for piece in sorted(expansion.pieces, key=lambda piece: (piece.start, -piece.end)):
        call = written + piece.start - expanded
        if piece.start < expanded or search[call : call + 1] != "`":
            continue  # inside another macro
        if offset < piece.start:
            break
        if offset < piece.end:
            return call
        written = search.index("`", call + 1) + 1
        expanded = piece.end
    return written + offset - expanded
