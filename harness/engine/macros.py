"""The eval expressions that macros may hold: definitions with ``iseval = 1``, and validations."""

from __future__ import annotations

import time
from collections.abc import Mapping

from harness.errors import SPLSyntaxError
from harness.expressions.evaluate import evaluate, evaluate_mask
from harness.expressions.scope import Scope
from harness.spl.eval_expression import parse_eval
from harness.spl.nodes import Call, Literal
from harness.values.column import Column
from harness.values.frame import Frame
from harness.values.values import to_text

_ONE_ROW = Frame({}, 1)
_TEXT_FUNCTIONS = frozenset(("if", "case", "validate"))


class EvalMacros:
    """After substitution a definition holds literals only; a validation may also name the arguments, as fields."""

    def __init__(self, now: float | None = None) -> None:
        self._scope = Scope(now=time.time() if now is None else now)

    def definition(self, expression: str) -> str:
        """What an eval-based definition gives. It must be a string."""
        parsed = parse_eval(expression)
        value = evaluate(parsed, _ONE_ROW, self._scope)[0]
        if not isinstance(value, str):
            raise SPLSyntaxError(
                f"Error in 'SearchParser': The definition of a macro must be a string, which '{expression}' is not."
            )
        return value

    def validation(self, expression: str, arguments: Mapping[str, str]) -> bool:
        """True if the expression is true. One that gives a string gives the error instead."""
        parsed = parse_eval(expression)
        row = Frame({name: Column.constant(value, 1) for name, value in arguments.items()}, 1)
        if isinstance(parsed, Literal) or (
            isinstance(parsed, Call) and parsed.name.lower() in ("if", "case", "validate")
        ):
            value = evaluate(parsed, row, self._scope)[0]
            if value is not None:
                raise SPLSyntaxError(f"Error in 'SearchParser': {to_text(value)}")  # type: ignore[arg-type]
            return True
        return bool(evaluate_mask(parsed, row, self._scope)[0])
