"""Eval expressions, eval functions and search expressions over frames."""

from harness.expressions.evaluate import check, evaluate, evaluate_mask
from harness.expressions.scope import Scope
from harness.expressions.search import search_bounds, search_mask

__all__ = ["Scope", "check", "evaluate", "evaluate_mask", "search_bounds", "search_mask"]
