"""``pivot``: a table of a data model's dataset. Follows "pivot" in the Search Reference.

It is what Splunk makes of it too: statistics of the dataset's rows by the fields that split rows (``stats``) and
columns (``chart``), each value of a multivalue once, sorted by the fields down the side.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from harness.engine.commands import SearchCommand
from harness.engine.context import SearchContext
from harness.engine.plan import Step, plan_pipeline
from harness.spl.arguments import Arguments
from harness.spl.parser import parse_pipeline
from harness.values.frame import Frame

_WORDS: Final = ("SPLITROW", "SPLITCOL", "FILTER", "LIMIT", "ROWSUMMARY", "COLSUMMARY", "SHOWOTHER", "NUMCOLS", "SORT")
_PERIODS: Final = {"year": "1y", "month": "1mon", "day": "1d", "hour": "1h", "minute": "1m", "second": "1s", "auto": ""}
_FILTERS: Final = {
    "is": '{}="{}"',
    "=": '{}="{}"',
    "isnot": 'NOT {}="{}"',
    "!=": 'NOT {}="{}"',
    "contains": '{}="*{}*"',
    "doesnotcontain": 'NOT {}="*{}*"',
    "startswith": '{}="{}*"',
    "endswith": '{}="*{}"',
    ">": '{}>"{}"',
    "<": '{}<"{}"',
    ">=": '{}>="{}"',
    "<=": '{}<="{}"',
}
_NULLS: Final = {"isnull": "NOT {}=*", "isnotnull": "{}=*"}
MAXIMUM: Final = 100
"""Rows and columns, unless SORT and NUMCOLS say otherwise."""


@dataclass(frozen=True, slots=True)
class Pivot(SearchCommand):
    """``steps`` are what is done with the rows of the dataset."""

    names = ("pivot",)
    generating = True
    transforming = True

    model: str
    dataset: str
    steps: tuple[Step, ...]

    @classmethod
    def parse(cls, arguments: Arguments) -> Pivot:
        if arguments.at_end:
            raise arguments.error("The name of a data model is expected.")
        model = arguments.field_name()
        if arguments.at_end:
            raise arguments.error("The name of a dataset is expected.")
        dataset = arguments.field_name()
        reader = _Reader(arguments, dataset)
        return cls(model, dataset, plan_pipeline(parse_pipeline(reader.search()), first=False))

    def run(self, frame: Frame, context: SearchContext) -> Frame:
        from harness.engine.search import Run

        rows = context.data_models.rows(self.model, self.dataset, context).without(["nodename"])
        return Run(context).steps(self.steps, context.data_models.flat(self.model, rows))


class _Reader:
    """The elements of a pivot, written as a search."""

    def __init__(self, arguments: Arguments, dataset: str) -> None:
        self._arguments = arguments
        self._dataset = dataset
        self._cells: list[str] = []
        self._rows: list[str] = []
        self._column: str | None = None
        self._before: list[str] = []
        self._options: dict[str, Any] = {}
        self._sort: str | None = None

    def search(self) -> str:
        arguments = self._arguments
        while (token := arguments.peek()) is not None:
            word = arguments.accept_keyword(*_WORDS)
            if word is None:
                self._cell_values()
            elif word in ("LIMIT", "ROWSUMMARY", "COLSUMMARY"):
                if word == "LIMIT" or arguments.at_end or arguments.next().text != "0":
                    raise arguments.unsupported(word, token)
            elif word in ("NUMCOLS", "SHOWOTHER"):
                self._options[word] = "" if arguments.at_end else arguments.next().text
            else:
                {"SPLITROW": self._row, "SPLITCOL": self._split, "FILTER": self._filter, "SORT": self._order}[word]()
        if not self._cells:
            raise arguments.error("At least one cell value is expected: count(dataset) AS name.")
        return "".join(f"| {step}" for step in [*self._before, *self._table()])

    def _table(self) -> list[str]:
        cells = ", ".join(self._cells)
        down = self._rows
        listed = ", ".join(map(_quoted, down))
        order = self._sort or f"{MAXIMUM} {listed}"
        if self._column is None:
            split = f" by {listed}" if down else ""
            table = [f"stats dedup_splitvals=true {cells}{split}"]
            return [*table, f"sort {order}"] if down else table
        if len(down) > 1:
            raise self._arguments.unsupported("SPLITCOL beside several SPLITROW")
        other = "t" if self._options.get("SHOWOTHER", "1") != "0" else "f"
        limit = self._options.get("NUMCOLS", str(MAXIMUM))
        if not limit.isdigit():
            raise self._arguments.error(f"Invalid value for NUMCOLS: '{limit}'.")
        if not down:
            raise self._arguments.unsupported("SPLITCOL without SPLITROW")
        chart = f"chart dedup_splitvals=true limit={limit} useother={other} {cells} over {listed}"
        return [f"{chart} by {_quoted(self._column)}", f"sort {order}"]

    def _cell_values(self) -> None:
        """``count(dataset) AS name``: the dataset's own name stands for its rows."""
        found = self._arguments.aggregations(stops=_WORDS)
        if not found:
            raise self._arguments.invalid_argument()
        for one in found:
            if not isinstance(one.argument, str | None):
                raise self._arguments.error(f"The argument '{one.label}' is invalid.", one.span)
            shown = "" if one.argument is None or one.argument == self._dataset else f"({_quoted(one.argument)})"
            function = one.function if one.parameter is None else f"{one.function}{one.parameter:g}"
            self._cells.append(f"{function}{shown} AS {_quoted(one.name)}")

    def _row(self) -> None:
        field, label = self._field()
        if label != field:
            self._before.append(f"eval {_quoted(label)}='{field}'")
        self._rows.append(label)

    def _split(self) -> None:
        if self._column is not None:
            raise self._arguments.unsupported("a second SPLITCOL")
        self._column = self._field()[0]

    def _field(self) -> tuple[str, str]:
        """A field that splits, and what it is called."""
        arguments = self._arguments
        field = label = arguments.field_name()
        if arguments.accept_keyword("AS"):
            label = arguments.field_name()
        if arguments.accept_keyword("PERIOD"):
            token = arguments.next()
            span = _PERIODS.get(token.text.lower())
            if span is None:
                raise arguments.error(f"Invalid PERIOD '{token.text}'.", token)
            self._before.append(f"bin {_quoted(field)} {f'span={span}' if span else ''}")
        for word in ("RANGE", "TRUELABEL", "FALSELABEL"):
            if arguments.at_keyword(word):
                raise arguments.unsupported(word)
        return field, label

    def _filter(self) -> None:
        arguments = self._arguments
        field = _quoted(arguments.field_name())
        token = arguments.next()
        operator = token.text.lower()
        if operator in _NULLS:
            self._before.append(f"search {_NULLS[operator].format(field)}")
        elif operator == "in":
            arguments.accept("(")
            values = arguments.field_list(stops=_WORDS)
            arguments.accept(")")
            if not values:
                raise arguments.error("FILTER ... in needs values.", token)
            self._before.append(f"search {' OR '.join(f'{field}={_quoted(value)}' for value in values)}")
        elif operator in _FILTERS:
            value = arguments.value() if not arguments.at_end else ""
            self._before.append(f"search {_FILTERS[operator].format(field, _escaped(value))}")
        else:
            raise arguments.unsupported(f"the filter '{token.text}'", token)

    def _order(self) -> None:
        arguments = self._arguments
        token = arguments.peek()
        limit = arguments.next().text if token is not None and token.text.isdigit() else str(MAXIMUM)
        keys: list[str] = []
        while arguments.at_field() and not arguments.at_keyword(*_WORDS):
            name = arguments.field_name()
            keys.append(f"-{_quoted(name[1:])}" if name.startswith("-") else _quoted(name))
        if not keys:
            raise arguments.error("SORT needs a field.")
        self._sort = f"{limit} {', '.join(keys)}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _quoted(name: str) -> str:
    return f'"{_escaped(name)}"'
