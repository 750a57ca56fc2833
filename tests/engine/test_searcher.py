"""Running a search: its time range, its stages, what stops it, and what it says about itself."""

from __future__ import annotations

import pytest

from harness.engine.context import SearchCancelledError
from harness.engine.search import SearchRequest
from harness.errors import SearchError, SPLSyntaxError, UnsupportedSPL
from harness.settings import Limits
from tests.engine.worlds import searcher

ROWS = [{"_time": float(time), "n": str(time), "k": "ab"[time % 2]} for time in range(1, 11)]


def count(search: str, **request: object) -> int:
    result = searcher(ROWS).run(SearchRequest(search, now=8.0, **request))  # type: ignore[arg-type]
    return result.frame.length


# --- time


def test_the_requests_time_range_holds() -> None:
    assert count("index=main", earliest=3, latest=6) == 3


def test_without_a_time_range_events_of_the_future_are_found() -> None:
    assert count("index=main") == 10


def test_time_modifiers_are_read_from_the_moment_of_the_search() -> None:
    assert count("index=main", earliest="-3s", latest="now") == 3


def test_the_search_string_overrides_the_request_altogether() -> None:
    # It says only when to begin, so that it ends now, whatever the request says (Search Reference, "Time modifiers").
    result = searcher(ROWS).run(SearchRequest("index=main earliest=2", earliest=5, latest=6, now=8.0))
    assert result.frame.length == 6
    assert (result.earliest, result.latest) == (2.0, 8.0)
    assert [m.text for m in result.messages] == ["Your timerange was substituted based on your search string"]


def test_subsearches_have_the_time_range_of_the_request() -> None:
    search = "index=main earliest=1 latest=100 | append [search index=main | stats count]"
    result = searcher(ROWS).run(SearchRequest(search, earliest=5, latest=7, now=8.0))
    assert result.frame.to_rows()[-1] == {"count": 2}


@pytest.mark.parametrize(
    ("earliest", "latest", "message"),
    [
        ("-30x", None, "Invalid earliest_time."),
        (None, "nope", "Invalid latest_time: latest_time must be after earliest_time."),
        (5, 5, "Invalid latest_time: latest_time must be after earliest_time."),
    ],
)
def test_a_time_range_that_is_none_is_refused(earliest: object, latest: object, message: str) -> None:
    with pytest.raises(SPLSyntaxError) as refused:
        count("index=main", earliest=earliest, latest=latest)
    assert refused.value.message == message


def test_equal_bounds_in_the_search_string_find_nothing() -> None:
    assert count("index=main earliest=5 latest=5") == 0


def test_bounds_the_wrong_way_round_are_refused() -> None:
    with pytest.raises(SPLSyntaxError, match=r"Invalid time bounds in search: start=6 > end=5\."):
        count("index=main earliest=6 latest=5")


# --- stages


def test_every_command_says_how_many_rows_left_it() -> None:
    result = searcher(ROWS).run(SearchRequest("index=main | where n>4 | stats count by k | search k=zzz"))
    assert [(stage.command, stage.rows) for stage in result.stages] == [
        ("search", 10),
        ("where", 6),
        ("stats", 2),
        ("search", 0),
    ]


def test_events_are_the_rows_before_the_first_report() -> None:
    result = searcher(ROWS).run(SearchRequest("index=main | where n>4 | stats count"))
    assert result.events.length == 6
    assert (result.scan_count, result.event_count) == (10, 10)


def test_a_search_without_events_has_none_to_show() -> None:
    assert searcher(ROWS).run(SearchRequest("| makeresults")).events.length == 0


# --- stopping


def test_a_cancelled_search_stops_between_commands() -> None:
    asked = iter([False, False, True])
    with pytest.raises(SearchCancelledError, match="Search job cancelled"):
        searcher(ROWS).run(SearchRequest("index=main | eval a=1 | eval b=1", cancelled=lambda: next(asked, True)))


def test_a_search_past_its_time_stops() -> None:
    with pytest.raises(SearchError, match="did not finish within its time limit"):
        searcher(ROWS).run(SearchRequest("index=main | stats count", max_seconds=0))


# --- limits


def test_a_subsearch_is_cut_and_says_so() -> None:
    result = searcher(ROWS, limits=Limits(subsearch_max_rows=2)).run(
        SearchRequest("index=main [search index=main | fields n] | stats count")
    )
    assert result.frame.to_rows() == [{"count": 2}]
    assert [m.text for m in result.messages] == ["[subsearch]: Subsearch produced 10 results, truncating to maxout 2."]


def test_results_of_a_report_are_cut_and_say_so() -> None:
    result = searcher(ROWS, limits=Limits(result_max_rows=3)).run(SearchRequest("index=main | stats count by n"))
    assert result.frame.length == 3
    assert [m.severity for m in result.messages] == ["WARN"]


def test_sort_keeps_its_default_number_of_rows() -> None:
    few = searcher(ROWS, limits=Limits(sort_max_rows=4))
    assert few.run(SearchRequest("index=main | sort n")).frame.length == 4
    assert few.run(SearchRequest("index=main | sort 0 n")).frame.length == 10


# --- refusals


def test_an_error_underlines_the_command_it_is_about() -> None:
    with pytest.raises(SearchError) as refused:
        searcher(ROWS).run(SearchRequest("index=main | lookup none k"))
    assert str(refused.value.where).splitlines()[1].strip() == "^" * len("lookup none k")


def test_errors_are_found_before_anything_runs() -> None:
    asked: list[int] = []
    with pytest.raises(SPLSyntaxError, match="unsupported or undefined"):
        searcher(ROWS).run(
            SearchRequest(
                "index=main | append [search x=1 | eval y=nosuch(1)]", cancelled=lambda: bool(asked.append(1))
            )
        )
    assert asked == []


def test_a_time_modifier_inside_or_is_refused() -> None:
    with pytest.raises(UnsupportedSPL, match="in some sides of an OR only"):
        count("index=main (n=1 OR earliest=5)")


def test_default_indexes_are_searched_where_none_is_named() -> None:
    engine = searcher(ROWS)
    assert engine.run(SearchRequest("n=3")).frame.length == 1
    assert engine.run(SearchRequest("n=3", default_indexes=("summary",))).frame.length == 0
    assert engine.run(SearchRequest("index=* n=3", default_indexes=())).frame.length == 1
