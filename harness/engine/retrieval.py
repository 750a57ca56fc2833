"""Gets events out of the indexes for a search expression: which indexes, which time range, which segments, which rows.

Whole segments are passed over before their fields are extracted if what they hold at index time cannot satisfy the
expression; what is left is decided by the expression over all fields.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.engine.context import SearchContext, Window
from harness.engine.store import Segment, is_internal_index, newest_first, part_of
from harness.errors import SPLSyntaxError, UnsupportedSPL
from harness.expressions.search import search_mask
from harness.spl.nodes import (
    Comparison,
    InList,
    SearchAnd,
    SearchNode,
    SearchNot,
    SearchOr,
    SearchValue,
    TimeModifier,
)
from harness.spl.time import InvalidTimeError, resolve_time
from harness.values.frame import Frame
from harness.values.values import search_matcher

SUBSTITUTED = "Your timerange was substituted based on your search string"


def retrieve(node: SearchNode | None, context: SearchContext) -> Frame:
    """The events that the expression finds, newest first, with all their fields."""
    node, window = timed(node, context)
    indexes = reached_indexes(node, context)
    if node is not None and any(map(is_internal_index, indexes)):
        node = _public(node)
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


def timed(node: SearchNode | None, context: SearchContext) -> tuple[SearchNode | None, Window]:
    """The expression without its time modifiers, and the time range that they set (M4.1 to M4.4).

    ``(a earliest=-2d latest=-1d) OR (b earliest=-1h)`` gives each side a range of its own; the search reaches over all
    of them ("Specify time modifiers in your search").
    """
    modifiers, others = _conjuncts(node)
    alternatives = _alternatives(modifiers, others)
    if not modifiers and alternatives is None:
        return node, context.window
    if alternatives is None:
        window = _range(modifiers, context)
    else:
        sides = [_conjuncts(item) for item in alternatives.items]
        windows = [_range(own, context) for own, _ in sides]
        starts, ends = [one.earliest for one in windows], [one.latest for one in windows]
        window = Window(
            None if None in starts else min(start for start in starts if start is not None),
            max(end for end in ends if end is not None),
        )
        ranged = [_and([*rest, *_bounds(own)]) for own, (_, rest) in zip(windows, sides, strict=True)]
        either = SearchOr(tuple(one for one in ranged if one is not None))
        others = [either if item is alternatives else item for item in others]
    context.messages.info(SUBSTITUTED)
    context.progress.window = window
    return _and(others), window


def check_time_modifiers(node: SearchNode | None, *, leading: bool) -> None:
    """Refuse time modifiers where what they mean is not known."""
    modifiers, others = _conjuncts(node)
    alternatives = _alternatives(modifiers, others)
    if not leading and (modifiers or alternatives is not None):
        raise UnsupportedSPL("Time modifiers after the first command of a search are not supported.")


def _conjuncts(node: SearchNode | None) -> tuple[list[TimeModifier], list[SearchNode]]:
    """What all must hold: time modifiers, and the rest."""
    if node is None:
        return [], []
    if isinstance(node, TimeModifier):
        return [node], []
    if not isinstance(node, SearchAnd):
        return [], [node]
    parts = [_conjuncts(item) for item in node.items]
    return [one for own, _ in parts for one in own], [one for _, rest in parts for one in rest]


def _alternatives(modifiers: Sequence[TimeModifier], others: Sequence[SearchNode]) -> SearchOr | None:
    """The OR whose sides have time ranges of their own, if there is one. Raises UnsupportedSPL for any other place of a
    time modifier."""
    with_times = [item for item in others if (found := _first_modifier(item)) is not None]
    if not with_times:
        return None
    found = _first_modifier(with_times[0])
    assert found is not None
    if len(with_times) > 1 or modifiers or not isinstance(with_times[0], SearchOr):
        raise UnsupportedSPL(
            f"The time modifier '{found.name}' inside NOT, or inside OR and outside it, is not supported."
        )
    for own, rest in map(_conjuncts, with_times[0].items):
        if not own or any(_first_modifier(item) is not None for item in rest):
            raise UnsupportedSPL(f"The time modifier '{found.name}' in some sides of an OR only is not supported.")
    return with_times[0]


def _first_modifier(node: SearchNode) -> TimeModifier | None:
    return next((item for item in walk(node) if isinstance(item, TimeModifier)), None)


def _and(items: Sequence[SearchNode]) -> SearchNode | None:
    return None if not items else items[0] if len(items) == 1 else SearchAnd(tuple(items))


def _bounds(window: Window) -> list[SearchNode]:
    """The range as an expression over ``_time``."""
    bounds: list[SearchNode] = []
    if window.earliest is not None:
        bounds.append(Comparison("_time", ">=", SearchValue(f"{window.earliest:.6f}")))
    if window.latest is not None:
        bounds.append(Comparison("_time", "<", SearchValue(f"{window.latest:.6f}")))
    return bounds


def _range(modifiers: Sequence[TimeModifier], context: SearchContext) -> Window:
    """The range that modifiers set. One that says only when to begin ends now; one that says only when to end has no
    beginning."""
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
    return Window(earliest, latest)


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


def _public(node: SearchNode) -> SearchNode:
    """The expression where an index that is named ``*`` is none of the internal ones, which another side may reach."""
    if isinstance(node, SearchAnd | SearchOr):
        return type(node)(tuple(map(_public, node.items)))
    if isinstance(node, SearchNot):
        return SearchNot(_public(node.item))
    if isinstance(node, InList) and node.field == "index":
        return SearchOr(tuple(_public(Comparison("index", "=", value)) for value in node.values))
    if isinstance(node, Comparison) and node.field == "index" and node.operator == "=" and node.value.text[:1] == "*":
        return SearchAnd((node, SearchNot(Comparison("index", "=", SearchValue("_*")))))
    return node


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
