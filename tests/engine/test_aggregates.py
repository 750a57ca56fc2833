"""Every statistical function gives the same by codes as it does counting up value by value."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.engine.aggregates import Samples, aggregate_names, find_aggregate
from harness.values.column import Column, Scalar
from harness.values.values import to_number

SCALARS: st.SearchStrategy[Scalar] = st.one_of(
    st.sampled_from(["", "a", "b", "B", "10", "9", "9.0", "-1", "1e3", "ä"]),
    st.integers(-50, 50),
    st.sampled_from([0.5, 1.25, -3.75]),
)
CELLS = st.one_of(st.none(), SCALARS, st.lists(SCALARS, min_size=2, max_size=3).map(tuple))
ROWS = st.lists(st.tuples(CELLS, st.integers(0, 3), st.sampled_from([1.0, 2.0, 2.5, float("nan")])), max_size=30)


@pytest.mark.parametrize("name", aggregate_names())
@given(rows=ROWS)
@settings(max_examples=60, deadline=None)
def test_by_codes_and_counting_up_agree(name: str, rows: list[tuple[object, int, float]]) -> None:
    found = find_aggregate(name)
    assert found is not None
    function = found(75.0 if found.parametric else None)
    column = Column.from_values(row[0] for row in rows)  # type: ignore[misc]
    groups = np.array([row[1] for row in rows], dtype=np.int32)
    times = np.array([row[2] for row in rows], dtype=np.float64)
    samples = Samples.of(column, groups, times, 4)
    running = [function.accumulator() for _ in range(4)]
    for code, group, time in zip(samples.codes.tolist(), groups_of(samples), samples.times.tolist(), strict=True):
        running[group].add(samples.values[code], time)
    for got, wanted in zip(function.grouped(samples).to_values(), [one.result() for one in running], strict=True):
        if isinstance(wanted, float) or isinstance(got, float):
            assert float(to_number(got)) == pytest.approx(float(to_number(wanted)), abs=1e-9)  # type: ignore[arg-type]
        else:
            assert got == wanted


def groups_of(samples: Samples) -> list[int]:
    return samples.groups.tolist()
