"""Saved models: lookup files ``__mlspl_<name>.csv`` of one row, as the toolkit keeps them (User Guide, "Models").

The toolkit's own encoding of a model is not read; ours is the JSON of what was fitted.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from harness.engine.context import SearchContext
from harness.errors import SearchError, UnsupportedSPL

ALGORITHM: Final = "DensityFunction"
_FIELDS: Final = ("algo", "model", "options")


def file_name(name: str) -> str:
    return f"__mlspl_{name}.csv"


def save_model(name: str, model: Mapping[str, Any], options: Mapping[str, Any], context: SearchContext) -> None:
    row = {"algo": ALGORITHM, "model": json.dumps(model), "options": json.dumps(options)}
    context.knowledge.new_lookup_file(file_name(name)).table.replace_rows(_FIELDS, [row])


def load_model(name: str, context: SearchContext) -> Mapping[str, Any]:
    """What :func:`save_model` saved. Raises SearchError in the toolkit's words if there is none."""
    if file_name(name) not in context.knowledge.lookup_names():
        raise SearchError(
            f"Error in '{context.command}' command: Failed to load model \"{name}\": Model does not exist.",
            hint=f"Models come of `| fit ... into {name}`, such as in a baseline of the detection.",
        )
    rows = context.knowledge.lookup(file_name(name)).rows()
    row = rows[0] if rows else {}
    if row.get("algo") != ALGORITHM:
        raise UnsupportedSPL(f"The model '{name}' of the algorithm '{row.get('algo', '')}' is not supported.")
    try:
        model = json.loads(str(row.get("model", "")))
    except ValueError:
        model = None
    if not isinstance(model, dict) or "harness" not in model:
        raise UnsupportedSPL(f"The model '{name}' was saved by another server, and its encoding is not supported.")
    return model
