"""A set of rows as the pipeline hands it from command to command: named columns of equal length.

Row order matters (events come newest first), and so does column order where a command fixes it: ``table``, ``fields``,
``stats`` and their kin give rows whose columns have an order; events do not, and are listed by name (M2.32).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from harness.values.column import Column, Encoder, Mask, Value, combine, concatenate


@dataclass(frozen=True, slots=True)
class Frame:
    """Immutable: every method gives a new frame that shares what it can.

    ``ordered`` says that the order of ``columns`` is meant (a reporting command made it).
    ``events`` says that the rows still are events of an index (no transforming command has run).
    A column that no row has (all null) is *declared*: it is listed among the fields, and absent from each row (M4.79).
    """

    columns: Mapping[str, Column] = field(default_factory=dict)
    length: int = 0
    ordered: bool = False
    events: bool = False

    @classmethod
    def from_rows(
        cls, rows: Sequence[Mapping[str, Value]], *, columns: Sequence[str] = (), ordered: bool = False
    ) -> Frame:
        """Rows as dictionaries; ``columns`` names (and orders) columns to have even if no row fills them."""
        names = dict.fromkeys(columns)
        for row in rows:
            names.update(dict.fromkeys(row))
        return cls(
            {name: Column.from_values(row.get(name) for row in rows) for name in names},
            len(rows),
            ordered=ordered,
        )

    def __len__(self) -> int:
        return self.length

    def column(self, name: str) -> Column:
        """The column, or a null one if there is none of that name."""
        found = self.columns.get(name)
        return found if found is not None else Column.null(self.length)

    def with_columns(self, columns: Mapping[str, Column]) -> Frame:
        """Add or overwrite columns; new ones come last."""
        return replace(self, columns={**self.columns, **columns})

    def without(self, names: Iterable[str]) -> Frame:
        gone = set(names)
        return replace(self, columns={name: c for name, c in self.columns.items() if name not in gone})

    def select(self, names: Sequence[str], *, ordered: bool | None = None) -> Frame:
        """Keep the named columns that exist, in that order."""
        return replace(
            self,
            columns={name: self.columns[name] for name in names if name in self.columns},
            ordered=self.ordered if ordered is None else ordered,
        )

    def take(self, rows: npt.NDArray[np.intp] | Mask) -> Frame:
        """The rows selected by a mask or by positions, in that order."""
        length = int(np.count_nonzero(rows)) if rows.dtype == np.bool_ else len(rows)
        return replace(self, columns={name: column.take(rows) for name, column in self.columns.items()}, length=length)

    def head(self, count: int) -> Frame:
        return self if count >= self.length else self.take(np.arange(count))

    def group(self, names: Sequence[str]) -> tuple[npt.NDArray[np.int32], list[tuple[Value, ...]]]:
        """A group number per row by the values of ``names``, and the values behind each number.

        Groups are numbered by first appearance; nulls form groups of their own (the caller drops them where Splunk
        does). Without names all rows are one group.
        """
        if not names:
            return np.zeros(self.length, dtype=np.int32), [()]
        return combine([self.column(name) for name in names])

    def to_rows(self) -> list[dict[str, Value]]:
        """Each row as a dictionary of the fields it has, in column order."""
        rows: list[dict[str, Value]] = [{} for _ in range(self.length)]
        for name, column in self.columns.items():
            for row, value in zip(rows, column.to_values(), strict=True):
                if value is not None:
                    row[name] = value
        return rows

    def field_names(self) -> list[str]:
        """The columns as results list them: in their order if that is meant, else by name (M2.32)."""
        return list(self.columns) if self.ordered else sorted(self.columns)


def concatenate_frames(frames: Sequence[Frame]) -> Frame:
    """All rows one after another; a column that a frame lacks is null there."""
    frames = [frame for frame in frames if frame.length or frame.columns]
    if len(frames) == 1:
        return frames[0]
    names = dict.fromkeys(name for frame in frames for name in frame.columns)
    return Frame(
        {name: concatenate([frame.column(name) for frame in frames]) for name in names},
        sum(frame.length for frame in frames),
        ordered=bool(frames) and all(frame.ordered for frame in frames),
        events=bool(frames) and all(frame.events for frame in frames),
    )


class RowBuilder:
    """Collects values cell by cell for a frame whose rows come one at a time."""

    __slots__ = ("_codes", "_encoders", "length")

    def __init__(self) -> None:
        self._encoders: dict[str, Encoder] = {}
        self._codes: dict[str, list[int]] = {}
        self.length = 0

    def add(self, row: Mapping[str, Value]) -> None:
        for name, value in row.items():
            codes = self._codes.get(name)
            if codes is None:
                codes = self._codes[name] = [-1] * self.length
                self._encoders[name] = Encoder()
            codes.append(self._encoders[name].code(value))
        self.length += 1
        for codes in self._codes.values():
            if len(codes) < self.length:
                codes.append(-1)

    def build(self) -> Frame:
        return Frame(
            {
                name: Column(self._encoders[name].values, np.array(codes, dtype=np.int32))
                for name, codes in self._codes.items()
            },
            self.length,
        )
