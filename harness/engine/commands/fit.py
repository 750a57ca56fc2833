"""``fit``: trains an algorithm of the Machine Learning Toolkit on the rows, applies it to them and keeps the model.

Follows "fit" in the Machine Learning Toolkit User Guide. The algorithm is DensityFunction (:mod:`harness.engine.mltk`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.engine.mltk import density
from harness.engine.mltk.models import DENSITY, save_model
from harness.engine.mltk.statement import Statement, ToolkitError, model_name, read_statement, truth
from harness.engine.mltk.tables import data_frame, given_back
from harness.errors import SearchError, UnsupportedSPL
from harness.spl.arguments import Arguments
from harness.values.frame import Frame

MOST_ROWS: Final = 100_000
"""``max_inputs``: of more rows the toolkit takes some at random."""


@dataclass(frozen=True, slots=True)
class Fit(SearchCommand):
    names = ("fit",)

    statement: Statement
    model: str = ""
    shown: bool = True

    @classmethod
    def parse(cls, arguments: Arguments) -> Fit:
        statement = read_statement(arguments, 'an "algorithm"')
        if statement.subject != DENSITY:
            raise arguments.unsupported(f"the algorithm '{statement.subject}'")
        model = model_name(statement.into, arguments) if statement.into else ""
        try:
            density.check(statement)
            shown = truth(statement.parameters, "apply", True)
        except ToolkitError as error:
            raise arguments.error(f'Error while initializing algorithm "{DENSITY}": {error}') from None
        if not shown and not model:
            raise arguments.error("You must save a model if you are not applying it.")
        return cls(statement, model, shown)

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        if not frame.length:
            context.messages.warn("The dataset has no events.")
            return frame
        if frame.length > MOST_ROWS:
            raise UnsupportedSPL(
                f"The 'fit' command over more than {MOST_ROWS} rows, drawn at random, is not supported."
            )
        table = data_frame(frame)
        try:
            model = density.DensityModel.fit(self.statement, table, context.messages)
            # What counts of a search that keeps a model is the model: its rows may lack what cannot be told.
            keeping = bool(self.model)
            rows = given_back(frame, table, unread=keeping)
            found = model.apply(rows, table, self.statement, context.messages, unread=keeping)
        except ToolkitError as error:
            raise SearchError(f"Error in 'fit' command: Error while fitting \"{DENSITY}\" model: {error}") from None
        if self.model:
            options = {
                "algo_name": DENSITY,
                "model_name": self.model,
                "feature_variables": self.statement.fields,
                "split_by": self.statement.split_by,
                "params": dict(self.statement.parameters),
            }
            save_model(self.model, model, options, context)
        return found if self.shown else frame
