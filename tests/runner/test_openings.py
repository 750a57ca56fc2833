"""What contentctl leaves open, one by one, and what we do instead.

Each opening has its test here, or is named in ``ELSEWHERE`` with the test elsewhere that shows it.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest

from harness.client.rest import SplunkClient
from harness.content import load_content
from harness.content.app import content_app
from harness.knowledge.apps import load_app
from harness.knowledge.knowledge import Knowledge, shipped_apps
from harness.runner.plan import plan_run
from harness.runner.record import Level, Status
from harness.validation.validate import validate
from tests.runner.packs import a_test, detection, write_pack
from tests.runner.test_run import NET_USE, events_of, one, record_of

TESTS = Path(__file__).parents[1]

ELSEWHERE = {
    # waits without end
    5: ("client/test_failures.py", "test_a_server_that_does_not_answer_is_not_waited_for_longer_than_allowed"),
    # a server that is not left as it was
    11: ("backends/test_backends.py", "test_a_remote_splunk_is_left_as_it_was_found"),
    # one output only
    15: ("reports/test_reports.py", "test_a_report_is_written_where_it_was_asked_for_also_into_a_new_folder"),
    # nothing selected is a success
    16: ("cli/test_selection.py", "test_nothing_changed_is_said_and_is_no_failure"),
    # changes that select nothing
    17: ("runner/test_dependencies.py", "test_a_change_reaches_every_detection_that_uses_it_and_no_other"),
    # downloads without checks, and pointers taken for data
    18: ("replay/test_download.py", "test_a_dataset_that_is_not_what_is_pinned_is_refused_with_both_hashes"),
    # a container with an old app
    20: ("containers/test_backend.py", "test_a_kept_container_is_used_again_and_holds_the_content_of_now"),
    # one bad worker ends all
    21: ("runner/test_workers.py", "test_a_test_whose_worker_dies_every_time_is_an_error_and_the_others_go_on"),
    # a page open to everybody
    22: ("server/test_serving.py", "test_it_listens_on_loopback_unless_told_otherwise"),
    # apps that are not installed
    23: ("containers/test_commands.py", "test_a_baked_image_has_its_apps_without_installing_them"),
    # a replay that fails and says nothing
    24: ("cli/test_existing_splunk.py", "test_replay_reads_every_kind_of_dataset_and_says_how_many_events_came_of_it"),
}


def test_every_opening_has_its_tests() -> None:
    here = {int(found[1]) for name in globals() if (found := re.match(r"test_opening_(\d+)", name))}
    assert here | ELSEWHERE.keys() == set(range(1, 27))
    assert [
        name for file, name in ELSEWHERE.values() if f"\ndef {name}(" not in (TESTS / file).read_text(encoding="utf-8")
    ] == []


ROW = "2026-01-02T10:00:{second:02d}Z dest={dest} user={user} process=use\n"
LISTED = "`things` process=*use* | table _time dest user process"


@pytest.mark.parametrize("bad", [0, 30, 59])
def test_opening_1_no_order_of_rows_makes_a_bad_one_good(tmp_path: Path, bad: int) -> None:
    lines = [ROW.format(second=n, dest="" if n == bad else "host", user="ann") for n in range(60)]
    result = one(tmp_path, detection(search=LISTED), **{"data.log": "".join(lines)})
    assert result.status is Status.FAIL
    assert "field dest has no value in 1 of 60 rows" in result.reason


def test_opening_1_placeholders_everywhere_are_no_values(tmp_path: Path) -> None:
    data = ROW.format(second=1, dest="unknown", user="-")
    result = one(tmp_path, detection(search=LISTED), **{"data.log": data})
    assert result.status is Status.FAIL
    assert result.reason.startswith("no row says whose risk it is: dest")


@pytest.mark.parametrize("expected", [{"expect": {"count": "0"}}, {"expected_results": 0}])
def test_opening_2_data_that_must_not_match_is_a_test(tmp_path: Path, expected: dict[str, Any]) -> None:
    result = one(tmp_path, detection(tests=[a_test(**expected)]))
    assert (result.status, result.reason.splitlines()[0]) == (Status.FAIL, "2 rows, but no row expected")
    benign = detection(tests=[a_test(**expected)], search="`things` process=nothing | stats count by dest user process")
    assert one(tmp_path, benign).status is Status.PASS


def test_opening_3_no_results_name_the_clause_that_dropped_the_rows(tmp_path: Path) -> None:
    result = one(tmp_path, detection(search="`things` dest=host-* process=*delete* | stats count by dest", rba=None))
    assert result.reason.splitlines()[0] == (
        "no rows: 3 events indexed, search (command 1 of 2) dropped the last 3: process=*delete*"
    )


def test_opening_4_no_results_are_told_at_once_without_trying_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    searched: list[str] = []
    search = SplunkClient.search

    def recorded(self: SplunkClient, spl: str, **parameters: Any) -> Any:
        searched.append(spl)
        return search(self, spl, **parameters)

    def waited(*_: Any) -> None:
        pytest.fail("something was waited for")

    monkeypatch.setattr(SplunkClient, "search", recorded)
    monkeypatch.setattr(SplunkClient, "wait_until", waited)
    result = one(tmp_path, detection(search="`things` process=nothing"))
    assert result.status is Status.FAIL
    assert searched == ["`things` process=nothing"]


def test_opening_6_what_the_engine_cannot_do_is_an_error_and_no_guess(tmp_path: Path) -> None:
    result = one(tmp_path, detection(search="`things` | sendemail to=a | table dest user process"))
    assert result.status is Status.ERROR
    assert result.reason.startswith("unsupported: ")


def test_opening_7_the_saved_search_has_the_label_of_the_app(tmp_path: Path) -> None:
    content = load_content(write_pack(tmp_path, detection(), **{"contentctl.yml": "app:\n  label: MINE\n"}))
    assert plan_run(content, levels=(Level.INTEGRATION,))[0].subject.saved_search.name == "MINE - Net Use - Rule"
    events = events_of(tmp_path, detection(), levels=(Level.INTEGRATION,))
    assert record_of(events).results()[0].status is Status.PASS


def test_opening_8_baselines_run_before_the_search(tmp_path: Path) -> None:
    files = {
        "lookups/usual.yml": "name: usual\nlookup_type: csv\n",
        "lookups/usual.csv": "dest\nnobody\n",
        "baselines/usual.yml": "name: Usual\nid: x\nsearch: '`things` | stats count by dest | outputlookup usual'\n",
    }
    search = "`things` | stats count by dest user process | search [ | inputlookup usual | fields dest ]"
    without, with_baseline = a_test(name="Without"), a_test(name="With", baselines=["Usual"])
    document = detection(search=search, tests=[without, with_baseline])
    first, second = record_of(events_of(tmp_path, document, levels=(Level.UNIT,), **files)).results()
    assert (first.status, second.status) == (Status.FAIL, Status.PASS)


@pytest.mark.parametrize("kind", ["Hunting", "Correlation"])
def test_opening_8_hunting_and_correlation_run_by_their_schedule_too(tmp_path: Path, kind: str) -> None:
    result = one(tmp_path, detection(type=kind, rba=None), Level.INTEGRATION)
    assert (result.status, result.reason) == (Status.PASS, "")


def test_opening_9_a_tests_window_and_the_schedules_range_are_kept(tmp_path: Path) -> None:
    narrow = a_test(earliest_time="-6s", latest_time="now", expect={"count": 1, "rows": [{"dest": "host-2"}]})
    assert one(tmp_path, detection(tests=[narrow])).status is Status.PASS
    gap = {"scheduling": {"cron_schedule": "30 * * * *", "earliest_time": "-5m@m", "latest_time": "now"}}
    assert one(tmp_path, detection(deployment=gap), Level.INTEGRATION).status is Status.FAIL


def test_opening_10_no_test_sees_the_data_of_another(tmp_path: Path) -> None:
    tests = [a_test(name="First"), a_test(data="other.log", name="Second", expect={"count": 1})]
    files = {"other.log": ROW.format(second=1, dest="host-9", user="eve")}
    first, second = record_of(events_of(tmp_path, detection(tests=tests), levels=(Level.UNIT,), **files)).results()
    assert [(row["dest"]) for row in second.rows] == ["host-9"]
    assert first.result_count == 2


def test_opening_12_all_rows_are_read(tmp_path: Path) -> None:
    """A Splunk hands over a hundred rows unless it is asked for more."""
    lines = [
        f"2026-01-02T10:{n // 60:02d}:{n % 60:02d}Z dest={'' if n == 0 else 'h'} user=u process=use" for n in range(150)
    ]
    result = one(tmp_path, detection(search=LISTED), **{"data.log": "\n".join(lines)})
    assert result.result_count == 150
    assert "field dest has no value in 1 of 150 rows" in result.reason


def test_opening_13_threat_objects_titles_and_messages_are_held_by_value(tmp_path: Path) -> None:
    wrong = [{"risk_object": "host-1", "threat_object": "net view"}]
    result = one(tmp_path, detection(tests=[a_test(expect={"risk": wrong})]), Level.INTEGRATION)
    assert result.status is Status.FAIL
    assert "has threat_object=net use" in result.reason


def test_opening_14_an_error_is_no_failure_and_a_known_failure_no_surprise(tmp_path: Path) -> None:
    known = {"known_failure": {"reason": "the add-on drops it", "until": "2999-01-01"}}
    failing = detection(search="`things` process=nothing", tests=[a_test(**known)])
    assert one(tmp_path, failing).status is Status.SKIP
    passed = one(tmp_path, detection(tests=[a_test(**known)]))
    assert (passed.status, passed.reason.startswith("it passes, though declared")) == (Status.PASS, True)
    assert one(tmp_path, detection(tests=[a_test(data="nowhere.log")])).status is Status.ERROR


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"search": "| tstatz [ ((( | | evl x= `net_use_filter`"}, "spl-syntax"),
        ({"search": "`things` | `nobody(a, b)` | `net_use_filter`"}, "unknown-macro"),
        ({"rba": {"message": "$user$", "risk_objects": [], "theat_objects": []}, "type": "Hunting"}, "unknown-key"),
        ({"search": "index=a | stats count as user by dest process | where src=1 | `net_use_filter`"}, "absent-field"),
    ],
)
def test_opening_19_what_cannot_work_does_not_validate(tmp_path: Path, changes: dict[str, Any], rule: str) -> None:
    content = load_content(write_pack(tmp_path, detection(**changes), **{"data.log": NET_USE}))
    found = validate(content, Knowledge([*map(load_app, shipped_apps()), content_app(content)]))
    assert rule in {problem.rule for problem in found if problem.severity == "error"}


def test_opening_25_all_three_dialects_are_read(tmp_path: Path) -> None:
    tags = detection()["tags"] | {
        "message": "$user$", "confidence": 80, "impact": 80,
        "observable": [{"name": "dest", "type": "Hostname", "role": ["Victim"]}],
    }  # fmt: skip
    entity = {"title": "$user$", "entity": {"field": "dest", "type": "system", "score": 64}}
    documents = [
        detection("One", rba=None, tags=tags),
        detection("Two"),
        detection("Three", rba=None, tags=None, finding=entity),
    ]
    results = record_of(events_of(tmp_path, *documents, levels=(Level.INTEGRATION,))).results()
    assert [result.status for result in results] == [Status.PASS] * 3


def test_opening_26_an_older_python_does() -> None:
    text = (TESTS.parent / "pyproject.toml").read_text(encoding="utf-8")
    found = re.search(r'requires-python = ">=3\.(\d+)"', text)
    assert found is not None
    assert int(found[1]) <= min(12, sys.version_info.minor)
