"""Gets events out of the indexes for a search expression: which indexes, which time range, which segments, which rows.

Whole segments are passed over before their fields are extracted if what they hold at index time cannot satisfy the
expression; what is left is decided by the expression over all fields.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.engine.context import SearchContext, Window
from harness.engine.store import Segment, newest_first, part_of
from harness.errors import SPLSyntaxError, UnsupportedSPL
from harness.expressions.search import search_mask
from harness.spl.nodes import (
    Comparison,
    InList,
    SearchAnd,
    SearchNode,
    SearchNot,
    SearchOr,
    TimeModifier,
)
from harness.spl.time import InvalidTimeError, resolve_time
from harness.values.frame import Frame
from harness.values.values import search_matcher

SUBSTITUTED = "Your timerange was substituted based on your search string"


def retrieve(node: SearchNode | None, context: SearchContext) -> Frame:
    """The events that the expression finds, newest first, with all their fields."""
    node, modifiers = split_time_modifiers(node)
    window = search_window(modifiers, context)
    indexes = reached_indexes(node, context)
    parts = []
    for part in context.store.slices(indexes, window.earliest, window.latest):
        context.control.check()
        context.progress.scanned += len(part)
        if not could_match(node, part.segment, context):
            continue
        fields = context.events.extracted(part.segment)
        rows = part.rows & search_mask(node, fields) if node is not None else part.rows
        if rows.any():
            parts.append(part_of(part.segment, fields, rows))
    frame = newest_first(parts)
    context.progress.matched += frame.length
    return frame


# --- time


def split_time_modifiers(node: SearchNode | None) -> tuple[SearchNode | None, list[TimeModifier]]:
    """The expression without its time modifiers, and these. Inside OR and NOT they are not carried out."""
    if node is None:
        return None, []
    if isinstance(node, TimeModifier):
        return None, [node]
    if not isinstance(node, SearchAnd):
        _refuse_nested(node)
        return node, []
    modifiers = [item for item in node.items if isinstance(item, TimeModifier)]
    others = [item for item in node.items if not isinstance(item, TimeModifier)]
    for item in others:
        _refuse_nested(item)
    if not others:
        return None, modifiers
    return others[0] if len(others) == 1 else SearchAnd(tuple(others)), modifiers


def _refuse_nested(node: SearchNode) -> None:
    for item in walk(node):
        if isinstance(item, TimeModifier):
            raise UnsupportedSPL(f"The time modifier '{item.name}' inside OR, NOT or parentheses is not supported.")


def search_window(modifiers: Sequence[TimeModifier], context: SearchContext) -> Window:
    """The time range that holds: the request's, or what the search string says instead (M4.1 to M4.4).

    A search that says only when to begin ends now; one that says only when to end has no beginning.
    """
    if not modifiers:
        return context.window
    earliest, latest = None, context.now
    for modifier in modifiers:
        if modifier.name not in ("earliest", "latest"):
            raise UnsupportedSPL(f"The time modifier '{modifier.name}' is not supported.")
        try:
            moment = resolve_time(modifier.value, context.now, context.timezone)
        except InvalidTimeError:
            raise SPLSyntaxError(f"Invalid value \"{modifier.value}\" for time term '{modifier.name}'") from None
        if modifier.name == "earliest":
            earliest = moment
        else:
            latest = moment
    if earliest is not None and earliest > latest:
        raise SPLSyntaxError(
            "Error in 'search' command: Unable to parse the search: "
            f"Invalid time bounds in search: start={int(earliest)} > end={int(latest)}."
        )
    context.messages.info(SUBSTITUTED)
    window = Window(earliest, latest)
    context.progress.window = window
    return window


# --- indexes and segments


def reached_indexes(node: SearchNode | None, context: SearchContext, *, metric: bool = False) -> list[str]:
    """Indexes (of events, or of metrics) that the expression names, or the default ones if it names none."""
    patterns = list(index_patterns(node, context))
    return context.store.select_indexes(patterns or context.default_indexes, metric=metric)


def index_patterns(node: SearchNode | None, context: SearchContext) -> Iterator[str]:
    """Every ``index=`` of the expression, of the event types that it names included."""
    if node is None:
        return
    for item in walk(node):
        if isinstance(item, Comparison) and item.field == "index":
            yield item.value.text if item.operator == "=" else "*"
        elif isinstance(item, InList) and item.field == "index":
            yield from (value.text for value in item.values)
        elif isinstance(item, Comparison) and item.field == "eventtype" and item.operator == "=":
            matches = search_matcher("=", item.value.text)
            for name, eventtype in context.knowledge.eventtypes.items():
                if matches(name) and not eventtype.dependent:
                    yield from index_patterns(eventtype.node, context)


_INDEX_TIME = frozenset(("index", "source", "sourcetype"))


def could_match(node: SearchNode | None, segment: Segment, context: SearchContext) -> bool:
    """False only if no event of the segment can satisfy the expression, judged by index-time fields alone."""
    if isinstance(node, SearchAnd):
        return all(could_match(item, segment, context) for item in node.items)
    if isinstance(node, SearchOr):
        return any(could_match(item, segment, context) for item in node.items)
    if isinstance(node, Comparison) and node.operator == "=" and node.field in _INDEX_TIME:
        return _holds(segment, node.field, [node.value.text], context)
    if isinstance(node, InList) and node.field in _INDEX_TIME:
        return _holds(segment, node.field, [value.text for value in node.values], context)
    return True


def _holds(segment: Segment, field: str, patterns: Sequence[str], context: SearchContext) -> bool:
    values = context.events.sourcetypes(segment) if field == "sourcetype" else segment.holds(field)
    return any(matches(value) for matches in (search_matcher("=", pattern) for pattern in patterns) for value in values)


def walk(node: SearchNode) -> Iterator[SearchNode]:
    """The node and all below it."""
    yield node
    if isinstance(node, SearchAnd | SearchOr):
        for item in node.items:
            yield from walk(item)
    elif isinstance(node, SearchNot):
        yield from walk(node.item)
