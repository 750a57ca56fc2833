"""Rows on their way through the toolkit, which reads them as a pandas data frame and writes that back.

Whole numbers come back as they were only if every row has one: else pandas makes them fractions (5 becomes 5.0), and
what a search finds in those is not known. Texts such as ``NA`` and ``null`` are nothing to pandas.
"""

from __future__ import annotations

import csv
import io
from typing import Any, Final

from harness.engine.mltk import library
from harness.errors import UnsupportedSPL
from harness.values.column import Column, RefusedColumn, Value
from harness.values.frame import Frame
from harness.values.values import texts, to_number

_MISSING_IN_SOME: Final = "None"
"""A text that some versions of pandas take for nothing."""


def data_frame(frame: Frame) -> Any:
    """The rows as pandas reads them; columns that cannot be read are left out."""
    names = [name for name, column in frame.columns.items() if not isinstance(column, RefusedColumn)]
    columns = [["\n".join(texts(value)) for value in frame.columns[name].to_values()] for name in names]
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(names)
    writer.writerows(zip(*columns, strict=True))
    text.seek(0)
    return library("pandas").read_csv(text)


def given_back(frame: Frame, table: Any, *, unread: bool = False) -> Frame:
    """The rows as they come out again, without what the algorithm adds. A column that is not known then refuses to be
    read; ``unread`` says that the results may go without it."""
    written = list(csv.reader(io.StringIO(table.to_csv(index=False))))
    columns = dict(frame.columns)
    for name, cells in zip(written[0], zip(*written[1:], strict=True), strict=True):
        columns[name] = _written(name, frame.columns[name], cells, unread)
    return Frame(columns, frame.length, ordered=frame.ordered, events=frame.events)


def _written(name: str, column: Column, cells: tuple[str, ...], unread: bool) -> Column:
    values = column.to_values()
    before = ["\n".join(texts(value)) for value in values]
    if before == list(cells):
        return column
    if _MISSING_IN_SOME in before:
        why = f"whether the text {_MISSING_IN_SOME} is a value goes by the version of pandas"
        return _refused(name, column, why, unread)
    if any(_only_a_point(old, new) for old, new in zip(before, cells, strict=True)):
        why = "not every row has a number in it, and pandas makes fractions of the whole ones"
        return _refused(name, column, why, unread)
    rows: list[Value] = [
        value if old == new else new or None for value, old, new in zip(values, before, cells, strict=True)
    ]
    return Column.from_values(rows)


def _only_a_point(old: str, new: str) -> bool:
    return new.endswith(".0") and old != new and to_number(old) == to_number(new)


def _refused(name: str, column: Column, why: str, unread: bool) -> RefusedColumn:
    refusal = UnsupportedSPL(f"The field '{name}' after a command of the Machine Learning Toolkit is not known: {why}.")
    return RefusedColumn.everywhere(refusal, len(column), unread=unread)
