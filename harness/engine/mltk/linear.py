"""LinearRegression, as far as a saved model of it is applied.

Follows "LinearRegression" in the algorithms of the Machine Learning Toolkit. The coefficients go with the fields in the
order of their names, whatever order the model lists them in: that is how the toolkit lays out the rows.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from harness.engine.messages import Messages
from harness.engine.mltk.statement import Statement, ToolkitError
from harness.errors import UnsupportedSPL
from harness.values.column import Column, Value
from harness.values.frame import Frame


@dataclass(frozen=True, slots=True)
class LinearModel:
    """A sum of fields, each with its coefficient. ``output`` is the name that ``fit ... as`` gave it."""

    target: str
    features: tuple[str, ...]
    columns: tuple[str, ...]
    coefficients: npt.NDArray[np.float64]
    intercept: float
    output: str = ""

    @classmethod
    def of(cls, model: Mapping[str, Any], options: Mapping[str, Any]) -> LinearModel:
        """From the toolkit's own encoding. Raises KeyError, TypeError and ValueError for anything else."""
        fields = model["dict"]
        estimator = fields["estimator"]["dict"]
        array = np.load(io.BytesIO(base64.b64decode(estimator["coef_"]["npy"])), allow_pickle=False)
        found = cls(
            str(fields["target_variable"]),
            tuple(map(str, fields["feature_variables"])),
            tuple(map(str, fields["columns"])),
            np.asarray(array, dtype=np.float64).ravel(),
            float(estimator["intercept_"]),
            str(options.get("output_name") or ""),
        )
        if len(found.columns) != len(found.coefficients):
            raise ValueError("a coefficient for each column is missing")
        return found

    def apply(self, frame: Frame, table: Any, statement: Statement, messages: Messages) -> Frame:
        """``frame`` with the sum for each row; ``table`` is ``frame`` as a data frame."""
        missing = [name for name in self.features if name not in table.columns]
        if missing:
            messages.warn(f"Missing field(s): {', '.join(missing)}")
        rows = table[[name for name in self.features if name in table.columns]]
        empty = [name for name in rows.columns if rows[name].isna().all()]
        if empty:
            messages.warn(f"Dropped field(s) with all null values: {', '.join(empty)}")
        rows = rows.drop(columns=empty).dropna()
        if not len(rows.columns):
            raise ToolkitError("No valid fields to fit or apply model to.")
        if any(dtype.kind not in "iuf" for dtype in rows.dtypes):
            raise UnsupportedSPL("A model of LinearRegression over fields that are no numbers is not supported.")
        rows = rows.reindex(columns=sorted(self.columns), fill_value=0)
        if not len(rows):
            raise ToolkitError("No valid events; check for null or non-numeric values in numeric fields")
        sums = rows.to_numpy(dtype=np.float64) @ self.coefficients + self.intercept
        cells: list[Value] = [None] * frame.length
        for place, value in zip(rows.index, sums.tolist(), strict=True):
            cells[place] = value
        name = statement.output or self.output or f"predicted({self.target})"
        return frame.without([name]).with_columns({name: Column.from_values(cells)})

    def summary(self) -> Frame:
        """Each field with its coefficient, and the constant."""
        names = [*self.columns, "_intercept"]
        coefficients = [*self.coefficients.tolist(), self.intercept]
        return Frame(
            {"feature": Column.from_values(names), "coefficient": Column.from_values(coefficients)},
            len(names),
            ordered=True,
        )
