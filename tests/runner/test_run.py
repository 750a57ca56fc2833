"""Whole runs on the embedded Splunk, from YAML to record."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path
from typing import Any

import pytest

from harness.backends.embedded import EmbeddedBackend
from harness.content import Content, load_content
from harness.content.app import content_app
from harness.knowledge.apps import load_app
from harness.knowledge.knowledge import Knowledge, shipped_apps
from harness.replay.download import Downloads
from harness.replay.locate import Locator
from harness.runner.draft import Draft, Tools
from harness.runner.events import DatasetReplayed, Event, RunFinished, RunStarted, SearchFinished, TestFinished
from harness.runner.kinds import unit
from harness.runner.plan import plan_run
from harness.runner.record import Level, RunRecord, Status, TestRecord
from harness.runner.rules import StaticRules
from harness.runner.run import run
from harness.runner.work import id_of
from tests.runner.packs import a_test, detection, write_pack

NET_USE = """\
2026-01-02T10:00:00Z dest=host-1 user=ann process="net use"
2026-01-02T10:00:05Z dest=host-1 user=ann process="net view"
2026-01-02T10:00:10Z dest=host-2 user=bob process="net1 use \\\\\\\\x"
"""


def events_of(root: Path, *documents: dict[str, Any], levels: tuple[Level, ...], **files: str) -> list[Event]:
    content = load_content(write_pack(root, *documents, **{"data.log": NET_USE, **files}))
    return list(run(plan_run(content, levels=levels), tools_for(content)))


def tools_for(content: Content) -> Tools:
    def knowledge() -> Knowledge:
        return Knowledge([*map(load_app, shipped_apps()), content_app(content)])

    locator = Locator(content.root, Downloads(folder=content.root / "cache", offline=True))
    return Tools(EmbeddedBackend(knowledge), locator, StaticRules(content, knowledge).verdict, knowledge)


def record_of(events: list[Event]) -> RunRecord:
    finished = events[-1]
    assert isinstance(finished, RunFinished)
    return finished.record


def one(root: Path, document: dict[str, Any], level: Level = Level.UNIT, **files: str) -> TestRecord:
    (result,) = record_of(events_of(root, document, levels=(level,), **files)).results()
    return result


# --- unit -------------------------------------------------------------------------------------------------------------


def test_a_detection_that_finds_its_attack_passes_and_the_record_tells_everything(tmp_path: Path) -> None:
    events = events_of(tmp_path, detection(), levels=(Level.UNIT,))
    result = record_of(events).results()[0]
    assert (result.status, result.reason) == (Status.PASS, "")
    assert result.result_count == 2
    assert result.rows[0] == {"dest": "host-1", "user": "ann", "process": "net use", "count": "1"}
    assert result.search == "sourcetype=things process=*use* | stats count by dest user process | search *"
    assert [(stage.command, stage.rows) for stage in result.stages] == [("search", 2), ("stats", 2), ("search", 2)]
    (dataset,) = result.datasets
    assert (dataset.data, dataset.source, dataset.sourcetype, dataset.events) == ("data.log", "things.log", "things", 3)


def test_a_run_tells_what_happens_in_order(tmp_path: Path) -> None:
    kinds = [type(event).__name__ for event in events_of(tmp_path, detection(), levels=(Level.UNIT,))]
    assert kinds == [
        RunStarted.__name__,
        "TestStarted",
        DatasetReplayed.__name__,
        SearchFinished.__name__,
        TestFinished.__name__,
        RunFinished.__name__,
    ]


def test_no_rows_is_explained_down_to_the_clause_that_dropped_the_last_event(tmp_path: Path) -> None:
    search = "`things` dest=host-* process=*delete* | stats count by dest"
    reason = one(tmp_path, detection(search=search, rba=None)).reason
    assert reason.splitlines() == [
        "no rows: 3 events indexed, search (command 1 of 2) dropped the last 3: process=*delete*",
        "indexed: 3 in index main, source things.log, sourcetype things",
        "rows: search 0",
        "  3  events",
        "  3  sourcetype=things",
        "  3  dest=host-*",
        "  0  process=*delete*",
        "no app has settings for the source type things: is its add-on missing?",
    ]


@pytest.mark.parametrize(
    ("search", "first_line"),
    [
        (
            "sourcetype=other dest=* | stats count by dest",
            "no rows: 3 events indexed, search (command 1 of 2) dropped the last 3: sourcetype=other",
        ),
        (
            "`things` | stats count by dest nothing",
            'no rows: 3 events indexed, stats (command 2 of 2) dropped the last 3: "nothing"=*',
        ),
        (
            "`things` | stats count by dest | where count > 0 AND count > 5",
            "no rows: 3 events indexed, where (command 3 of 3) dropped the last 2: count > 5",
        ),
        (
            "`things` | regex process=x{9} | stats count by dest",
            "no rows: 3 events indexed, regex (command 2 of 3) dropped the last 3 rows",
        ),
        (
            "| tstats count where index=* sourcetype=things host=elsewhere by host",
            "no rows: 3 events indexed, tstats (command 1 of 1) dropped the last 3: host=elsewhere",
        ),
        (
            "| tstats count where index=* by host nothing",
            "no rows: 3 events indexed, tstats (command 1 of 1) dropped the last 3: by nothing",
        ),
        (
            "| tstats count from datamodel=Endpoint.Processes where Processes.process=x by Processes.dest",
            "no rows: 3 events indexed, none of them is in datamodel=Endpoint.Processes",
        ),
    ],
)
def test_the_first_line_says_why_nothing_was_found(tmp_path: Path, search: str, first_line: str) -> None:
    result = one(tmp_path, detection(search=search, rba=None))
    assert result.status is Status.FAIL
    assert result.reason.splitlines()[0] == first_line


def test_events_in_no_data_model_are_told_with_their_tags(tmp_path: Path) -> None:
    search = "| tstats count from datamodel=Endpoint.Processes by Processes.dest"
    assert one(tmp_path, detection(search=search, rba=None)).reason.splitlines()[-2] == (
        "tags of the indexed events: none"
    )


def test_a_row_without_a_risk_field_fails_also_if_it_is_the_last_of_many(tmp_path: Path) -> None:
    lines = [f"2026-01-02T10:00:{second:02d}Z dest=host-{second} user=u process=use" for second in range(1, 60)]
    bad = "2026-01-02T10:00:00Z user=u process=use"
    search = "`things` process=*use* | table _time dest user process"
    result = one(tmp_path, detection(search=search), **{"data.log": "\n".join([*lines, bad])})
    assert result.status is Status.FAIL
    assert result.reason.startswith("the risk object and message token field dest has no value in 1 of 60 rows (row 60")


def test_more_rows_than_a_page_are_all_judged(tmp_path: Path) -> None:
    lines = "".join(f"2026-01-02T10:00:00Z dest=h{number} user=u process=p\n" for number in range(20_000))
    search = "`things` | table dest user process"
    result = one(tmp_path, detection(search=search), **{"data.log": "2026-01-02T09:00:00Z user=u process=p\n" + lines})
    assert result.result_count == 20_001
    assert len(result.rows) == 100
    assert "dest has no value in 1 of 20001 rows (row 20001 first)" in result.reason


def test_a_negative_test_passes_without_rows_and_fails_with_any(tmp_path: Path) -> None:
    silent = a_test(expect={"count": 0})
    assert one(tmp_path / "a", detection(tests=[silent])).reason == "2 rows, but no row expected"
    quiet = detection(tests=[silent], search="`things` process=nothing")
    assert one(tmp_path / "b", quiet).status is Status.PASS


def test_rows_too_many_are_told_with_what_was_wrong_with_the_data(tmp_path: Path) -> None:
    """Without times of their own, events lie closer together than they did."""
    silent = a_test(expect={"count": 0})
    result = one(tmp_path, detection(tests=[silent]), **{"data.log": "dest=a user=u process=use\n"})
    warning = "things.log: event 1: no time found; it has the time of the event before, or of indexing"
    assert result.reason == f"1 row, but no row expected\n{warning}"


@pytest.mark.parametrize(
    ("search", "told"),
    [
        ("`things` process=nothing", ""),
        ("process=nothing", ""),
        ("(sourcetype=thing OR source=thing.log) process=nothing", "(sourcetype=thing OR source=thing.log)"),
        ("index=* eventtype=thing NOT sourcetype=x", "index=* eventtype=thing"),
        ("| tstats count from datamodel=Web.Web where Web.url=x by Web.dest", "datamodel=Web.Web"),
    ],
)
def test_a_negative_test_over_data_that_the_search_does_not_read_says_so(
    tmp_path: Path, search: str, told: str
) -> None:
    result = one(tmp_path, detection(tests=[a_test(expect={"count": 0})], search=search, rba=None))
    warning = "warning: this proves little: no event of the data is in what the search reads, "
    reason = f"{warning}{told}; check the test's source and sourcetype" if told else ""
    assert (result.status, result.reason) == (Status.PASS, reason)


def test_rows_that_come_without_any_data_prove_nothing(tmp_path: Path) -> None:
    search = "`things` process=*use* | stats count"
    result = one(tmp_path, detection(search=search, rba=None))
    assert result.status is Status.FAIL
    assert result.reason.startswith("the search gives 1 row without any data: it does not depend on the attack")


def test_two_datasets_are_both_there_and_counted_apart(tmp_path: Path) -> None:
    both = a_test()
    both["attack_data"].append({"data": "more.log", "source": "more.log", "sourcetype": "things"})
    result = one(tmp_path, detection(tests=[both]), **{"more.log": NET_USE.replace("host-", "other-")})
    assert result.status is Status.PASS
    assert [dataset.events for dataset in result.datasets] == [3, 3]
    assert result.result_count == 4


def test_data_can_go_to_an_index_of_its_own(tmp_path: Path) -> None:
    test = a_test()
    test["attack_data"][0]["custom_index"] = "special"
    search = "index=special process=*use* | stats count by dest user process"
    assert one(tmp_path, detection(search=search, tests=[test])).status is Status.PASS


def test_data_of_a_splunk_itself_can_go_to_an_internal_index(tmp_path: Path) -> None:
    """Where the server also writes what it does itself, which is not counted as data of the test."""
    test = a_test()
    test["attack_data"][0]["custom_index"] = "_internal"
    search = "index=_internal process=*use* | stats count by dest user process"
    result = one(tmp_path, detection(search=search, tests=[test]))
    assert result.status is Status.PASS
    assert [data.events for data in result.datasets] == [3]


def test_no_test_sees_the_data_of_another(tmp_path: Path) -> None:
    silent = detection("Silent", search="index=* host-1", tests=[a_test("empty.log", expect={"count": 0})], rba=None)
    record = record_of(
        events_of(tmp_path, detection("Loud"), silent, levels=(Level.UNIT,), **{"empty.log": "2026-01-01 nothing"})
    )
    assert [result.status for result in record.results()] == [Status.PASS, Status.PASS]


# --- what goes wrong --------------------------------------------------------------------------------------------------

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"


@pytest.mark.parametrize(
    ("changes", "status", "reason"),
    [
        ({"search": "| tstatz count"}, Status.FAIL, "the search does not run: Unknown search command 'tstatz'."),
        (
            {"search": "`nobody` x"},
            Status.FAIL,
            "the search does not run: Error in 'SearchParser': The search specifies",
        ),
        ({"search": "`things` | eval x=("}, Status.FAIL, "the search does not run: Error in 'EvalCommand'"),
        ({"search": "`things` | sendemail to=a"}, Status.ERROR, "unsupported: "),
        ({"tests": [a_test("gone.log")]}, Status.ERROR, "the dataset gone.log does not exist"),
        ({"tests": [a_test("pointer.log")]}, Status.ERROR, "this is a Git LFS pointer"),
        ({"tests": [a_test("blank.log")]}, Status.ERROR, "the dataset is empty"),
        (
            {"tests": [a_test("https://example.com/a.log")]},
            Status.ERROR,
            "the dataset https://example.com/a.log is not",
        ),
    ],
)
def test_each_mistake_is_one_clear_verdict_and_the_next_detection_is_tested(
    tmp_path: Path, changes: dict[str, Any], status: Status, reason: str
) -> None:
    bad = detection("A Bad One", **changes)
    record = record_of(
        events_of(
            tmp_path, bad, detection("Good"), levels=(Level.UNIT,), **{"pointer.log": POINTER, "blank.log": "\n\n"}
        )
    )
    first, second = record.results()
    assert first.status is status
    assert reason in first.reason.splitlines()[0]
    assert second.status is Status.PASS


def test_a_defect_of_ours_is_an_error_of_that_test_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import harness.runner.kinds.unit as unit

    def broken(*_: object) -> None:
        raise ZeroDivisionError("boom")

    monkeypatch.setattr(unit, "judge", broken)
    result = one(tmp_path, detection())
    assert (result.status, result.reason) == (Status.ERROR, "internal error: ZeroDivisionError('boom')")
    assert result.datasets
    assert result.result_count == 2


def test_malformed_data_in_the_middle_of_a_log_stays_where_it_is(tmp_path: Path) -> None:
    broken = NET_USE.replace('user=ann process="net view"', "<Event><broken \x00\x01 ]]>")
    result = one(tmp_path, detection(), **{"data.log": broken})
    assert result.status is Status.PASS
    assert result.datasets[0].events == 3


def test_fail_fast_ends_the_run_after_the_first_failure(tmp_path: Path) -> None:
    content = load_content(
        write_pack(tmp_path, detection("A", search="`things` nothing"), detection("B"), **{"data.log": NET_USE})
    )
    events = list(run(plan_run(content, levels=[Level.UNIT]), tools_for(content), fail_fast=True))
    assert [detection.name for detection in record_of(events).detections] == ["A"]


def test_a_detection_without_a_search_is_an_error_though_it_would_find_everything(tmp_path: Path) -> None:
    result = one(tmp_path, detection(search=None))
    assert (result.status, result.reason) == (Status.ERROR, "the detection has no search")


def test_a_dataset_that_is_not_there_is_told_with_the_line_that_names_it(tmp_path: Path) -> None:
    reason = one(tmp_path, detection(tests=[a_test("nowhere.log")])).reason
    lines = (tmp_path / "detections/net_use.yml").read_text().splitlines()
    number = next(number for number, line in enumerate(lines, 1) if "nowhere.log" in line)
    assert f"net_use.yml:{number}: the dataset nowhere.log does not exist" in reason


def test_a_detection_that_finds_nothing_is_explained_within_a_second_of_indexing(tmp_path: Path) -> None:
    """A search over a data model and thousands of events; counted is the time of this process."""
    root = Path(__file__).parents[2]
    content = load_content(root, [root / "detections/endpoint/network_connection_discovery_with_net.yml"])
    test, *_ = plan_run(content, levels=[Level.UNIT])
    many = tmp_path / "many.log"
    many.write_bytes((root / test.data[0].data).read_bytes() * 500)
    search = test.subject.search.replace("Processes.process=*use*", "Processes.process=*nothing*")
    subject = dataclasses.replace(test.subject, search=search)
    test = dataclasses.replace(test, subject=subject, data=(dataclasses.replace(test.data[0], data=str(many)),))
    tools = tools_for(content)
    tools.backend.start()
    running = unit.run(Draft(test, id_of(test)), tools)
    assert isinstance(next(running), DatasetReplayed)
    indexed = time.process_time()
    assert isinstance(next(running), SearchFinished)
    with pytest.raises(StopIteration) as stopped:
        next(running)
    assert time.process_time() - indexed < 1
    reason = stopped.value.value.reason.splitlines()[0]
    assert reason.startswith("no rows: 4500 events indexed, tstats (command 1 of 5) dropped the last ")
    assert reason.endswith(": Processes.process=*nothing*")
