"""Columns: combinations are numbered as a dictionary would number them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.values import column as module
from harness.values.column import Column, RefusedColumn, Value, combine, concatenate

CELLS = st.one_of(st.none(), st.integers(0, 3), st.sampled_from(["a", "b"]), st.just(("a", "b")))


@pytest.mark.parametrize("widest", [1, 8, 1 << 22])
@given(rows=st.lists(st.tuples(CELLS, CELLS, CELLS), max_size=30))
def test_combinations_are_numbered_by_first_appearance(rows: list[tuple[Value, ...]], widest: int) -> None:
    wanted: dict[object, int] = {}
    keys = [tuple((type(value), value) for value in row) for row in rows]
    numbers = [wanted.setdefault(key, len(wanted)) for key in keys]
    columns = [Column.from_values(row[at] for row in rows) for at in range(3)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_WIDEST", widest)
        codes, combinations = combine(columns)
    assert codes.tolist() == numbers
    assert [tuple((type(value), value) for value in found) for found in combinations] == list(wanted)


@given(st.lists(CELLS, max_size=20))
def test_a_column_gives_back_its_rows(rows: list[Value]) -> None:
    column = Column.from_values(rows)
    assert column.to_values() == rows
    assert column.take(np.arange(len(rows))[::-1]).to_values() == rows[::-1]
    assert concatenate([column, column]).to_values() == rows + rows
    assert column.map(lambda value: value, nulls=True).to_values() == rows
    assert column.test(lambda value: value == "a").tolist() == [value == "a" for value in rows]


def test_equal_values_of_different_types_are_different_values() -> None:
    assert len(Column.from_values([1, 1.0, True, "1"]).values) == 4


def test_a_multivalue_of_one_is_that_value() -> None:
    assert Column.from_values([("a",), ()]).to_values() == ["a", None]


def test_a_refused_column_is_taken_and_put_together_but_not_read() -> None:
    refused = RefusedColumn.everywhere(ValueError("why"), 3)
    taken = concatenate([refused.take(np.array([0, 2])), Column.from_values(["a"])])
    assert (len(taken), len(refused.take(np.array([True, False, False])))) == (3, 1)
    for read in (taken.to_values, taken.is_null, lambda: taken.map(lambda value: value), lambda: combine([taken])):
        with pytest.raises(ValueError, match="why"):
            read()


def test_rows_of_a_refused_column_that_are_not_doubtful_are_read() -> None:
    joined = concatenate([RefusedColumn.everywhere(ValueError("why"), 1), Column.from_values(["a", None])])
    assert joined.take(np.array([2, 1])).to_values() == [None, "a"]
    assert isinstance(joined.take(np.array([1, 0])), RefusedColumn)


def test_what_doubtful_rows_may_be_is_put_together() -> None:
    none, one = Column.null(1), np.array([True])
    parts = [RefusedColumn(ValueError("why"), none, one, {name: ValueError(name)}) for name in "ab"]
    both, anything = concatenate(parts), concatenate([*parts, RefusedColumn.everywhere(ValueError("why"), 1)])
    assert isinstance(both, RefusedColumn)
    assert both.candidates is not None
    assert {name: str(why) for name, why in both.candidates.items()} == {"a": "a", "b": "b"}
    assert isinstance(anything, RefusedColumn)
    assert anything.candidates is None


def test_each_reader_of_a_refused_column_gets_a_refusal_of_its_own() -> None:
    refused = RefusedColumn.everywhere(ValueError("why"), 1)
    with pytest.raises(ValueError, match="why") as first:
        refused.to_values()
    with pytest.raises(ValueError, match="why") as second:
        refused.to_values()
    assert first.value is not second.value
