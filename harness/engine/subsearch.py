"""Subsearches: run to their rows, and those rows turned into a search expression as ``format`` writes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from harness.engine.context import Progress, SearchContext
from harness.engine.messages import Messages
from harness.errors import UnsupportedSPL
from harness.spl.nodes import SearchAnd, SearchNode, SearchNot, SearchOr, SearchValue, Subsearch, Term
from harness.spl.search_expression import parse_search_expression
from harness.values.column import Value
from harness.values.frame import Frame
from harness.values.values import texts

if TYPE_CHECKING:
    from harness.engine.plan import Plan

MAX_DEPTH: Final = 20
"""Subsearches inside subsearches."""


def run_subsearch(plan: Plan, context: SearchContext, max_rows: int) -> Frame:
    """The rows of a subsearch, at most ``max_rows`` of them (0 is no limit).

    Its time range is that of the request. Its messages are those of the search, marked ``[subsearch]:``.
    """
    if context.depth >= MAX_DEPTH:
        raise UnsupportedSPL("Subsearches nested this deep are not supported.")
    from harness.engine.search import Run

    inner = replace(
        context, progress=Progress(context.window), messages=Messages(), depth=context.depth + 1, command="search"
    )
    frame = Run(inner).steps(plan.steps, Frame())
    for message in inner.messages:
        context.messages.add(message.severity, f"[subsearch]: {message.text}")
    if max_rows and frame.length > max_rows:
        context.messages.info(
            f"[subsearch]: Subsearch produced {frame.length} results, truncating to maxout {max_rows}."
        )
        frame = frame.head(max_rows)
    return replace(frame, events=False)


def subsearch_text(plan: Plan, context: SearchContext) -> str:
    """What a subsearch puts in its place: what it wrote itself with ``format`` or ``return``, or its rows."""
    frame = context.run_subsearch(plan)
    if plan.steps and plan.steps[-1].name in ("format", "return"):
        # `return` of no rows gives nothing, and so leaves the search around it as it is.
        return texts(frame.column("search")[0])[0] if frame.length else ""
    return search_text(frame)


# --- inside search expressions


NOTHING: Final = SearchNot(Term(SearchValue("*")))
"""Finds no row."""


def plan_subsearches(node: SearchNode | None) -> dict[Subsearch, Plan]:
    """The plan of every subsearch in an expression, so that what is wrong in one is said before anything runs."""
    from harness.engine.plan import subplan

    if isinstance(node, Subsearch):
        return {node: subplan(node.pipeline)}
    if isinstance(node, SearchAnd | SearchOr):
        return {key: value for item in node.items for key, value in plan_subsearches(item).items()}
    return plan_subsearches(node.item) if isinstance(node, SearchNot) else {}


def resolve(node: SearchNode | None, plans: Mapping[Subsearch, Plan], context: SearchContext) -> SearchNode | None:
    """The expression with every subsearch run and replaced by what its rows say."""
    if not plans or node is None:
        return node
    if isinstance(node, Subsearch):
        return as_node(subsearch_text(plans[node], context))
    if isinstance(node, SearchNot):
        item = resolve(node.item, plans, context)
        return NOTHING if item is None else SearchNot(item)
    if isinstance(node, SearchAnd | SearchOr):
        items = [resolve(item, plans, context) for item in node.items]
        known = [item for item in items if item is not None]
        if isinstance(node, SearchOr):
            return SearchOr(tuple(known)) if len(known) == len(items) else None
        return SearchAnd(tuple(known)) if known else None
    return node


def as_node(text: str) -> SearchNode | None:
    """The text that a subsearch gave, as an expression; ``NOT ( )``, what no rows give, finds nothing."""
    return NOTHING if "".join(text.split()) == "NOT()" else parse_search_expression(text)


# --- rows as text


@dataclass(frozen=True, slots=True)
class Form:
    """The words between which ``format`` writes rows and columns."""

    row_prefix: str = "("
    column_prefix: str = "("
    column_separator: str = "AND"
    column_end: str = ")"
    row_separator: str = "OR"
    row_end: str = ")"
    multivalue_separator: str = "OR"
    empty: str = "NOT ( )"


RAW_FIELDS: Final = ("search", "query")
"""Fields whose values stand in the search as they are."""


def search_text(frame: Frame, form: Form | None = None) -> str:
    """Rows as one search expression: ``( ( a="1" AND b="2" ) OR ( a="3" ) )``.

    Fields come by name; internal ones (``_time``) are left out. ``search`` and ``query`` give their value only.
    Follows "format" and "Change the format of subsearch results".
    """
    form = form if form is not None else Form()
    names = sorted(name for name in frame.columns if not name.startswith("_"))
    rows = [written for row in frame.to_rows() if (written := _row_text(row, names, form))]
    if not rows:
        return form.empty
    return f"{form.row_prefix} {f' {form.row_separator} '.join(rows)} {form.row_end}"


def _row_text(row: Mapping[str, Value], names: Sequence[str], form: Form) -> str:
    cells: list[str] = []
    for name in names:
        if name not in row:
            continue
        values = texts(row[name])
        if name in RAW_FIELDS:
            cells.append(values[0])
            continue
        terms = [f'{name}="{escaped(value)}"' for value in values]
        joined = f" {form.multivalue_separator} ".join(terms)
        cells.append(f"( {joined} )" if len(terms) > 1 else joined)
    if not cells:
        return ""
    return f"{form.column_prefix} {f' {form.column_separator} '.join(cells)} {form.column_end}"


def escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')
