"""The ``keywords`` of a job: what its leading search looks for, word by word."""

from __future__ import annotations

from collections.abc import Iterator

from harness.engine.plan import Plan
from harness.errors import SPLSyntaxError
from harness.spl.arguments import Arguments
from harness.spl.nodes import Comparison, SearchAnd, SearchNode, SearchOr, Term


def keywords(plan: Plan) -> str:
    """``field::value`` for equalities and the bare terms, each once, in alphabetical order (M3.15).

    None where a subsearch stands for a value: what it will be, the plan does not know.
    """
    if not plan.reads_events:
        return ""
    try:
        node = Arguments(plan.steps[0].source).search_expression()
    except SPLSyntaxError:
        return ""
    return " ".join(sorted(set(_words(node)))) if node is not None else ""


def _words(node: SearchNode) -> Iterator[str]:
    if isinstance(node, SearchAnd | SearchOr):
        for item in node.items:
            yield from _words(item)
    elif isinstance(node, Comparison) and node.operator == "=":
        yield f"{node.field}::{node.value.text.lower()}"
    elif isinstance(node, Term) and node.value.text != "*":
        yield node.value.text.lower()
