"""Commands against the plainest reading of their documentation, over rows that nobody chose."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.engine.search import SearchRequest
from harness.values.column import Value
from harness.values.values import members, to_text
from tests.engine.worlds import searcher

Row = dict[str, Any]
GROUPS = st.one_of(st.none(), st.sampled_from(["", "a", "b", "B", "1"]))
NUMBERS = st.one_of(st.none(), st.sampled_from(["1", "2", "10", "-3", "0"]))
EVENTS = st.lists(
    st.tuples(st.integers(0, 300), GROUPS, NUMBERS), min_size=1, max_size=10, unique_by=lambda event: event[0]
)
LAW = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def events(drawn: Sequence[tuple[int, str | None, str | None]]) -> list[Row]:
    """The newest first, as a search gives them; a field that is None is not there."""
    rows: list[Row] = [{"_time": float(at), "i": str(at), "g": g, "n": n} for at, g, n in sorted(drawn, reverse=True)]
    return [{name: value for name, value in row.items() if value is not None} for row in rows]


def found(rows: list[Row], search: str) -> list[Row]:
    frame = searcher(rows).run(SearchRequest(f"index=main {search}", now=1.7e9)).frame
    return [{name: _shown(value) for name, value in row.items() if value is not None} for row in frame.to_rows()]


def _shown(value: Value) -> str | list[str]:
    texts = [to_text(one) for one in members(value)]
    return texts[0] if len(texts) == 1 else texts


def numbers(rows: list[Row]) -> list[int]:
    return [int(row["n"]) for row in rows if "n" in row]


@given(drawn=EVENTS)
@LAW
def test_stats_groups_by_every_value_that_is_there_the_empty_one_too(drawn: Any) -> None:
    rows = events(drawn)
    expected = {}
    for group in {row["g"] for row in rows if "g" in row}:
        inside = [row for row in rows if row.get("g") == group]
        seen = numbers(inside)
        expected[group] = str(len(inside)), str(sum(seen)) if seen else None, sorted(map(str, {*seen}))
    got = found(rows, "| stats count sum(n) as sum values(n) as values by g")
    assert {row["g"]: (row["count"], row.get("sum"), _list(row.get("values"))) for row in got} == expected


def _list(value: str | list[str] | None) -> list[str]:
    return value if isinstance(value, list) else [] if value is None else [value]


@given(drawn=EVENTS, window=st.integers(0, 3), current=st.booleans())
@LAW
def test_streamstats_looks_back_over_the_rows_of_the_same_group(drawn: Any, window: int, current: bool) -> None:
    rows = events(drawn)
    got = found(rows, f"| streamstats window={window} current={current} global=false count sum(n) as sum by g")
    assert [row["i"] for row in got] == [row["i"] for row in rows]
    for at, row in enumerate(got):
        seen = [each for each in rows[: at + current] if each.get("g") == row.get("g")][-window:]
        if "g" in row:
            assert (row.get("count", "0"), row.get("sum")) == (
                str(len(seen)), str(sum(numbers(seen))) if numbers(seen) else None
            )  # fmt: skip
        else:
            assert "count" not in row


@given(drawn=EVENTS, kept=st.integers(1, 2), keepempty=st.booleans())
@LAW
def test_dedup_keeps_the_first_rows_of_each_combination(drawn: Any, kept: int, keepempty: bool) -> None:
    rows = events(drawn)
    before: Counter[tuple[str, str]] = Counter()
    expected = []
    for row in rows:
        if "g" not in row or "n" not in row:
            expected += [row["i"]] * keepempty
            continue
        before[row["g"], row["n"]] += 1
        expected += [row["i"]] * (before[row["g"], row["n"]] <= kept)
    assert [row["i"] for row in found(rows, f"| dedup {kept} g n keepempty={keepempty}")] == expected


@given(drawn=EVENTS)
@pytest.mark.parametrize("option", ["maxspan=30s", "maxpause=30s", "maxevents=2"])
@LAW
def test_a_transaction_spans_less_than_maxspan_pauses_no_longer_than_maxpause_and_ends_when_full(
    drawn: Any, option: str
) -> None:
    rows = events(drawn)
    open_ones: dict[str, list[Row]] = {}
    transactions = []
    for row in rows:
        if "g" not in row:
            continue
        inside = open_ones.get(row["g"], [])
        first, last = (inside[0]["_time"], inside[-1]["_time"]) if inside else (0.0, 0.0)
        fits = {
            "maxspan=30s": first - row["_time"] < 30,
            "maxpause=30s": last - row["_time"] <= 30,
            "maxevents=2": len(inside) < 2,
        }
        if not inside or not fits[option]:
            inside = open_ones[row["g"]] = []
            transactions.append(inside)
        inside.append(row)
    got = found(rows, f"| transaction g {option}")
    expected = sorted(sorted(row["i"] for row in each) for each in transactions)
    assert sorted(sorted(_list(row["i"])) for row in got if "g" in row) == expected


@given(drawn=EVENTS, right=st.lists(st.sampled_from("abBz"), min_size=1, max_size=4), most=st.integers(0, 2))
@pytest.mark.parametrize("kind", ["inner", "left"])
@LAW
def test_join_pairs_each_row_with_as_many_of_its_value_as_max_allows(
    drawn: Any, right: list[str], most: int, kind: str
) -> None:
    rows = events(drawn)
    cases = ", ".join(f'j={at}, "{value}"' for at, value in enumerate(right))
    sub = f"| makeresults count={len(right)} | streamstats count as j | eval j=j-1, g=case({cases}) | fields g j"
    expected: list[tuple[str, str | None]] = []
    for row in rows:
        partners = [str(at) for at, value in enumerate(right) if value == row.get("g")]
        expected += [(row["i"], partner) for partner in (partners[:most] if most else partners)]
        if kind == "left" and not partners:
            expected.append((row["i"], None))
    got = found(rows, f"| join type={kind} max={most} g [{sub}]")
    assert sorted(((row["i"], row.get("j")) for row in got), key=str) == sorted(expected, key=str)
