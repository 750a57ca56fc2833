"""Laws that hold between searches whatever the rows are."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.engine.search import Searcher, SearchRequest
from harness.values.column import Value
from harness.values.values import members, to_text
from tests.engine.worlds import searcher

TEXTS = st.sampled_from(["", "a", "b", "B", "x y", "1", "2", "10", "-3", "1.5", "é"])
CELLS: st.SearchStrategy[Value] = st.one_of(st.none(), TEXTS, st.lists(TEXTS, min_size=2, max_size=3).map(tuple))
NUMBERS = st.one_of(st.none(), st.integers(-20, 20).map(str))
ROWS = st.lists(
    st.fixed_dictionaries({"a": CELLS, "g": st.one_of(st.none(), TEXTS), "n": NUMBERS, "t": st.integers(0, 5000)}),
    max_size=8,
)
LAW = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])

Row = dict[str, Any]


def rows_of(rows: list[Row], search: str) -> list[Row]:
    """The rows of a search, as results show them. Events keep their order by a number of their own."""
    found = (
        _world(tuple(tuple(row.items()) for row in rows)).run(SearchRequest(f"index=main {search}", now=1.7e9)).frame
    )
    return [
        {name: [to_text(one) for one in members(value)] for name, value in row.items() if value is not None}
        for row in found.to_rows()
    ]


@lru_cache(maxsize=4)
def _world(rows: tuple[tuple[tuple[str, Any], ...], ...]) -> Searcher:
    present = [
        {**{name: value for name, value in row if value is not None}, "_time": float(dict(row)["t"]), "i": str(at)}
        for at, row in enumerate(rows)
    ]
    return searcher(present)


def without(rows: list[Row], *names: str) -> list[Row]:
    return [{name: value for name, value in row.items() if name not in names} for row in rows]


# --- sets of rows


@given(rows=ROWS)
@LAW
def test_an_expression_and_its_negation_part_the_events(rows: list[Row]) -> None:
    for expression in ('a="x*"', "n>3", "g!=a", "a IN (1, b)", "(g=a OR n<0)", "g=* a=*"):
        both = rows_of(rows, f"({expression})") + rows_of(rows, f"NOT ({expression})")
        assert sorted(row["i"][0] for row in both) == sorted(row["i"][0] for row in rows_of(rows, ""))


@given(rows=ROWS)
@LAW
def test_where_parts_the_rows_into_true_false_and_null(rows: list[Row]) -> None:
    parts = [
        rows_of(rows, f"| where {condition}")
        for condition in ('n>3 AND g="a"', 'NOT (n>3 AND g="a")', 'isnull(if(n>3 AND g="a",1,0)) AND 1=2')
    ]
    found = [row["i"][0] for part in parts for row in part]
    assert len(found) == len(set(found))


@given(rows=ROWS)
@LAW
def test_search_in_the_pipeline_finds_what_it_finds_in_the_index(rows: list[Row]) -> None:
    for expression in ("n>3", "g!=a", "NOT a=1", "a=*y", "n=10 OR g=b"):
        assert rows_of(rows, expression) == rows_of(rows, f"| search {expression}")


@given(rows=ROWS)
@LAW
def test_head_and_tail_part_the_rows(rows: list[Row]) -> None:
    rest = max(len(rows) - 3, 0)
    tail = rows_of(rows, f"| tail {rest}") if rest else []
    assert rows_of(rows, "| head 3") + tail[::-1] == rows_of(rows, "")


@given(rows=ROWS)
@LAW
def test_reverse_twice_is_nothing(rows: list[Row]) -> None:
    assert rows_of(rows, "| reverse | reverse") == rows_of(rows, "")


@given(rows=ROWS)
@LAW
def test_a_join_by_a_where_clause_joins_the_rows_that_one_by_the_field_does(rows: list[Row]) -> None:
    for options in ("max=0", "type=left"):
        plain = rows_of(rows, f"| table g i | join {options} g [search index=main | table g n]")
        aliased = rows_of(
            rows, f"| table g i | join {options} left=L right=R where L.g=R.g [search index=main | table g n]"
        )
        assert [(row.get("L.g"), row["L.i"], row.get("R.n")) for row in aliased] == [
            (row.get("g"), row["i"], row.get("n")) for row in plain
        ]


@given(rows=ROWS)
@LAW
def test_append_adds_rows_and_changes_none(rows: list[Row]) -> None:
    assert rows_of(rows, "| append [search index=main]") == rows_of(rows, "") * 2


# --- dedup and sort


@given(rows=ROWS)
@LAW
def test_dedup_twice_is_dedup(rows: list[Row]) -> None:
    for command in ("dedup g", "dedup a", "dedup g n", "dedup g keepempty=t", "dedup 2 g"):
        assert rows_of(rows, f"| {command} | {command}") == rows_of(rows, f"| {command}")


@given(rows=ROWS)
@LAW
def test_dedup_keeps_a_row_of_each_group_of_stats(rows: list[Row]) -> None:
    assert sorted(row["g"] for row in rows_of(rows, "| dedup g")) == sorted(
        row["g"] for row in rows_of(rows, "| stats count by g")
    )


@given(rows=ROWS)
@LAW
def test_sort_is_stable_and_sorting_twice_is_sorting(rows: list[Row]) -> None:
    for keys in ("g", "-g", "num(n)", "g -n", "str(n)"):
        found = rows_of(rows, f"| sort 0 {keys}")
        assert rows_of(rows, f"| sort 0 {keys} | sort 0 {keys}") == found
        assert sorted(row["i"] for row in found) == sorted(row["i"] for row in rows_of(rows, ""))
    before = [row["i"] for row in rows_of(rows, "")]
    by_group: dict[str, list[list[str]]] = {}
    for row in rows_of(rows, "| sort 0 g"):
        by_group.setdefault(str(row.get("g")), []).append(row["i"])
    for same in by_group.values():
        assert same == [one for one in before if one in same]


# --- statistics


@given(first=ROWS, second=ROWS)
@LAW
def test_statistics_of_a_union_come_from_those_of_its_parts(first: list[Row], second: list[Row]) -> None:
    stats = "stats count sum(n) as s max(n) as x min(n) as m values(g) as v"
    whole = rows_of(first + second, f"| {stats}")
    parts = rows_of(first, f"| {stats}") + rows_of(second, f"| {stats}")
    (count,) = [int(row["count"][0]) for row in whole]
    assert count == sum(int(row["count"][0]) for row in parts)
    for name, combine in (("s", sum), ("x", max), ("m", min)):
        numbers = [float(row[name][0]) for row in parts if name in row]
        assert [float(row[name][0]) for row in whole if name in row] == ([float(combine(numbers))] if numbers else [])
    values = sorted({value for row in parts for value in row.get("v", [])})
    assert [row["v"] for row in whole if "v" in row] == ([values] if values else [])


@given(rows=ROWS)
@LAW
def test_groups_of_stats_add_up(rows: list[Row]) -> None:
    direct = rows_of(rows, "| where isnotnull(g) | stats count sum(n) as s")
    by_group = rows_of(rows, "| stats count sum(n) as s by g | stats sum(count) as count sum(s) as s")
    if any(row["g"] is not None for row in rows):
        assert by_group == direct


@given(rows=ROWS)
@LAW
def test_eventstats_gives_each_row_what_stats_gives_its_group(rows: list[Row]) -> None:
    functions = "count as c sum(n) as s max(a) as x values(n) as v dc(a) as d"
    groups = {row["g"][0]: row for row in rows_of(rows, f"| stats {functions} by g")}
    for row in rows_of(rows, f"| eventstats {functions} by g"):
        wanted = without([groups[row["g"][0]]], "g")[0] if "g" in row else {}
        assert {name: row[name] for name in ("c", "s", "x", "v", "d") if name in row} == wanted


@given(rows=ROWS)
@LAW
def test_the_last_row_of_streamstats_is_stats(rows: list[Row]) -> None:
    functions = "count as c sum(n) as s min(n) as m dc(g) as d values(g) as v"
    running = rows_of(rows, f"| streamstats {functions}")
    total = rows_of(rows, f"| stats {functions}")
    if running:
        assert {name: running[-1][name] for name in ("c", "s", "m", "d", "v") if name in running[-1]} == total[0]


@given(rows=ROWS)
@LAW
def test_a_window_as_long_as_the_rows_is_no_window(rows: list[Row]) -> None:
    functions = "count as c sum(n) as s max(n) as x list(g) as l"
    assert rows_of(rows, f"| streamstats window=50 {functions}") == rows_of(rows, f"| streamstats {functions}")


@given(rows=ROWS)
@LAW
def test_chart_timechart_and_top_count_every_row_once(rows: list[Row]) -> None:
    charted = rows_of(rows, "| chart limit=0 count over n by g")
    counted = sum(int(cell[0]) for row in without(charted, "n") for cell in row.values())
    assert counted == sum(row["n"] is not None for row in rows)
    timed = rows_of(rows, "| timechart span=10m limit=2 count by g")
    assert sum(int(c[0]) for row in without(timed, "_time", "_span") for c in row.values()) == len(rows)
    top = rows_of(rows, "| top limit=0 g")
    assert sum(int(row["count"][0]) for row in top) == sum(row["g"] is not None for row in rows)


# --- there and back


@given(rows=ROWS)
@LAW
def test_untable_undoes_xyseries(rows: list[Row]) -> None:
    table = '| where isnotnull(g) AND isnotnull(n) AND g!="" | stats count by n g'
    there = rows_of(rows, table)
    back = rows_of(rows, f"{table} | xyseries n g count | untable n g count | sort 0 n g")
    assert sorted(map(str, back)) == sorted(map(str, there))


@given(rows=ROWS)
@LAW
def test_rename_there_and_back_is_nothing(rows: list[Row]) -> None:
    assert rows_of(rows, "| rename g as other, n as m | rename other as g, m as n") == rows_of(rows, "")


@given(rows=ROWS)
@LAW
def test_mvexpand_gives_a_row_per_value(rows: list[Row]) -> None:
    expanded = rows_of(rows, "| mvexpand a")
    assert len(expanded) == sum(len(members(row["a"])) or 1 for row in rows)
    assert all(len(row.get("a", [""])) == 1 for row in expanded)


@given(rows=ROWS)
@LAW
def test_a_subsearch_finds_the_rows_that_it_lists(rows: list[Row]) -> None:
    named = rows_of(rows, '| where g!="" | table i')
    found = rows_of(rows, '[search index=main | where g!="" | table i]')
    assert sorted(row["i"] for row in found) == sorted(row["i"] for row in named)
