"""``apply``: what a saved model of the Machine Learning Toolkit says of the rows.

Follows "apply" in the Machine Learning Toolkit User Guide.
"""

from __future__ import annotations

from dataclasses import dataclass

from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.engine.mltk.models import load_model
from harness.engine.mltk.statement import Statement, ToolkitError, model_name, read_statement
from harness.engine.mltk.tables import data_frame, given_back
from harness.errors import SearchError
from harness.spl.arguments import Arguments
from harness.values.frame import Frame


@dataclass(frozen=True, slots=True)
class Apply(SearchCommand):
    names = ("apply",)

    model: str
    statement: Statement

    @classmethod
    def parse(cls, arguments: Arguments) -> Apply:
        statement = read_statement(arguments, "a saved model")
        if statement.fields:
            raise arguments.error("Apply does not accept positional arguments.")
        if statement.split_by or statement.into:
            raise arguments.unsupported("by and into")
        return cls(model_name(statement.subject, arguments), statement)

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        model = load_model(self.model, context)
        if not frame.length:
            return frame
        table = data_frame(frame)
        try:
            return model.apply(given_back(frame, table), table, self.statement, context.messages)
        except ToolkitError as error:
            raise SearchError(f"Error in 'apply' command: {error}") from None
