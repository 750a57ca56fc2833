"""``summary``: what a saved model of the Machine Learning Toolkit holds, a row for each of its groups.

Follows "summary" in the Machine Learning Toolkit User Guide.
"""

from __future__ import annotations

from dataclasses import dataclass

from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.engine.mltk.models import load_model
from harness.engine.mltk.statement import model_name, read_statement
from harness.spl.arguments import Arguments
from harness.values.frame import Frame


@dataclass(frozen=True, slots=True)
class Summary(SearchCommand):
    names = ("summary",)
    generating = True
    transforming = True

    model: str

    @classmethod
    def parse(cls, arguments: Arguments) -> Summary:
        statement = read_statement(arguments, "a saved model")
        if statement.fields or statement.split_by or statement.into or statement.output or statement.parameters:
            raise arguments.unsupported("anything beside the model")
        return cls(model_name(statement.subject, arguments))

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        return load_model(self.model, context).summary()
