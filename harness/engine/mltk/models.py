"""Saved models: lookup files ``__mlspl_<name>.mlmodel`` of one row, as the toolkit keeps them (User Guide, "Models").

A model of DensityFunction is read as this engine has saved it, one of LinearRegression as the toolkit has.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, Protocol

from harness.engine.context import SearchContext
from harness.engine.messages import Messages
from harness.engine.mltk.density import DensityModel
from harness.engine.mltk.linear import LinearModel
from harness.engine.mltk.statement import Statement
from harness.errors import SearchError, UnsupportedSPL
from harness.knowledge.lookup_index import TableRow
from harness.values.frame import Frame

DENSITY: Final = "DensityFunction"
LINEAR: Final = "LinearRegression"
_FIELDS: Final = ("algo", "model", "options")


class Model(Protocol):
    def apply(self, frame: Frame, table: Any, statement: Statement, messages: Messages) -> Frame: ...

    def summary(self) -> Frame: ...


def file_names(name: str) -> tuple[str, str]:
    """The file of a model, and what older toolkits call it."""
    return f"__mlspl_{name}.mlmodel", f"__mlspl_{name}.csv"


def save_model(name: str, model: DensityModel, options: Mapping[str, Any], context: SearchContext) -> None:
    row = {"algo": DENSITY, "model": json.dumps(model.to_json()), "options": json.dumps(options)}
    context.knowledge.file(file_names(name)[0]).table.replace_rows(_FIELDS, [row])


def load_model(name: str, context: SearchContext) -> Model:
    """Raises SearchError in the toolkit's words if there is none, UnsupportedSPL for one that cannot be read."""
    known = context.knowledge.lookup_names()
    file = next((each for each in file_names(name) if each in known), None)
    if file is None:
        raise SearchError(
            f"Error in '{context.command}' command: Failed to load model \"{name}\": Model does not exist.",
            hint=f"Models come of `| fit ... into {name}`, such as in a baseline of the detection.",
        )
    rows = context.knowledge.lookup(file).rows()
    return _read(name, rows[0] if rows else {})


def _read(name: str, row: TableRow) -> Model:
    algorithm = row.get("algo", "")
    if algorithm not in (DENSITY, LINEAR):
        raise UnsupportedSPL(f"The model '{name}' of the algorithm '{algorithm}' is not supported.")
    try:
        model, options = (json.loads(str(row.get(field, ""))) for field in ("model", "options"))
        return LinearModel.of(model, options) if algorithm == LINEAR else DensityModel.from_json(model)
    except (ValueError, KeyError, TypeError, EOFError) as problem:
        raise UnsupportedSPL(f"The encoding of the model '{name}' of {algorithm} is not supported.") from problem
