"""Tests that want data at another time than it was recorded at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.backends.remote import RemoteBackend
from harness.clock import SteppedClock
from harness.content import load_content
from harness.content.app import content_app
from harness.knowledge.apps import load_app
from harness.knowledge.knowledge import Knowledge, shipped_apps
from harness.runner.draft import Tools
from harness.runner.plan import plan_run
from harness.runner.record import Level, Status, TestRecord
from harness.runner.run import run
from harness.server.config import ServerConfig
from harness.server.server import RunningServer, Server
from tests.runner.packs import a_test, detection, write_pack
from tests.runner.test_run import record_of, tools_for

NOW = 1_770_000_000  # 2026-02-02T02:40:00Z
OLD = """\
2017-01-02T10:00:00Z dest=host-1 user=ann process="net use"
2017-01-02T11:00:00Z dest=host-2 user=bob process="net use"
"""
LISTED = "`things` | table _time dest user process"


def data(name: str = "data.log", **more: Any) -> dict[str, Any]:
    return {"data": name, "source": "things.log", "sourcetype": "things", **more}


def a_moved_test(retime: Any, *others: dict[str, Any], **more: Any) -> dict[str, Any]:
    return a_test(attack_data=[data(retime=retime), *others], **more)


def tools_of(root: Path, document: dict[str, Any], **files: str) -> tuple[Tools, Any]:
    content = load_content(write_pack(root, document, **{"data.log": OLD, **files}))
    tools = tools_for(content)
    tools.clock = SteppedClock(NOW + 0.7)
    return tools, content


def ran(root: Path, document: dict[str, Any], level: Level = Level.UNIT, **files: str) -> TestRecord:
    tools, content = tools_of(root, document, **files)
    (result,) = record_of(list(run(plan_run(content, levels=[level]), tools))).results()
    return result


@pytest.mark.parametrize(
    ("retime", "newest"),
    [(True, "2026-02-02T02:40:00"), ("-1d", "2026-02-01T02:40:00"), ("-1d@d+12h", "2026-02-01T12:00:00")],
)
def test_the_newest_event_is_where_retime_says_and_the_others_keep_their_distance(
    tmp_path: Path, retime: Any, newest: str
) -> None:
    result = ran(tmp_path, detection(search=f"{LISTED} | sort _time", tests=[a_moved_test(retime)]))
    assert (result.status, result.reason) == (Status.PASS, "")
    assert str(result.rows[1]["_time"]).startswith(newest)
    assert str(result.rows[0]["_time"])[:13] < newest[:13]
    (dataset,) = result.datasets
    assert dataset.moved_s > 9 * 365 * 86_400


def test_the_window_and_now_count_from_the_moment_at_which_the_test_begins(tmp_path: Path) -> None:
    search = f"{LISTED} | eval age=now()-_time | where age=1"
    assert ran(tmp_path, detection(search=search, tests=[a_moved_test(True)])).status is Status.PASS
    for earliest, rows in (("-2h", 2), ("-30m", 1)):
        test = a_moved_test(True, earliest=earliest, latest="now", expect={"count": rows})
        assert ran(tmp_path, detection(search=LISTED, tests=[test])).reason == ""
    before = a_moved_test("-1d", earliest="-1h", latest="now")
    result = ran(tmp_path, detection(search=LISTED, tests=[before]))
    assert result.status is Status.FAIL
    assert "the test's window, from -1h to now, leaves them out" in result.reason


def test_data_of_different_years_is_brought_together(tmp_path: Path) -> None:
    other = '2024-05-06T00:00:00Z dest=host-9 user=eve process="net use"\n'
    search = "`things` | transaction maxspan=61m | where eventcount=3 | table dest user process"
    test = a_moved_test(True, data("other.log", retime="-30m"), expect={"count": 1})
    result = ran(tmp_path, detection(search=search, tests=[test]), **{"other.log": other})
    assert (result.status, result.reason) == (Status.PASS, "")


def test_data_without_retime_keeps_its_time(tmp_path: Path) -> None:
    kept = '2026-01-02T00:00:00Z dest=host-9 user=eve process="net use"\n'
    document = detection(search=f"{LISTED} | search user=eve", tests=[a_moved_test(True, data("other.log"))])
    result = ran(tmp_path, document, **{"other.log": kept})
    assert str(result.rows[0]["_time"]).startswith("2026-01-02T00:00:00")
    assert [dataset.moved_s > 0 for dataset in result.datasets] == [True, False]


def test_the_schedule_runs_over_moved_data(tmp_path: Path) -> None:
    result = ran(tmp_path, detection(search=LISTED, tests=[a_moved_test(True)]), Level.INTEGRATION)
    assert (result.status, result.reason) == (Status.PASS, "")
    assert str(result.rows[0]["_time"]).startswith("2026-02-02T0")


def test_a_baselines_data_is_moved_too(tmp_path: Path) -> None:
    files = {
        "lookups/usual.yml": "name: usual\nlookup_type: csv\n",
        "lookups/usual.csv": "dest\nnobody\n",
        "baselines/usual.yml": "name: Usual\nid: x\nsearch: '`things` | stats count by dest | outputlookup usual'\n",
    }
    usual = {"name": "Usual", "attack_data": [data(retime="-7d")], "earliest": "-8d", "latest": "-6d"}
    search = f"{LISTED} | search [ | inputlookup usual | fields dest ] | eval age=now()-_time | where age < 86400"
    result = ran(tmp_path, detection(search=search, tests=[a_moved_test(True, baselines=[usual])]), **files)
    assert (result.status, result.reason) == (Status.PASS, "")


@pytest.mark.parametrize("level", [Level.UNIT, Level.INTEGRATION])
def test_what_cannot_be_moved_is_an_error_that_names_the_event(tmp_path: Path, level: Level) -> None:
    document = detection(tests=[a_moved_test(True)])
    result = ran(tmp_path, document, level, **{"data.log": "a header\n" + OLD})
    assert result.status is Status.ERROR
    assert "data.log cannot be moved in time: event 1 has no time of its own: a header" in result.reason


def test_a_search_that_reads_times_out_of_fields_is_told_that_these_do_not_move(tmp_path: Path) -> None:
    search = '`things` | eval t=strptime("2020","%Y") | table dest user process'
    result = ran(tmp_path, detection(search=search, tests=[a_moved_test(True)]))
    assert result.status is Status.PASS
    assert result.reason.startswith("warning: the search reads times out of fields")


@pytest.mark.parametrize("retime", ["yesterday", "2026-99-99", [1], "rt-1m"])
def test_a_time_that_is_none_makes_the_test_an_error(tmp_path: Path, retime: Any) -> None:
    result = ran(tmp_path, detection(tests=[a_moved_test(retime)]))
    assert result.status is Status.ERROR
    assert "retime" in result.reason


# --- another Splunk ---------------------------------------------------------------------------------------------------


@pytest.fixture(params=["", "TIME_PREFIX = process="], ids=["same rules", "other rules"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RunningServer]:
    """A Splunk that has rules of its own for the data."""
    app = tmp_path / "app/default/props.conf"
    app.parent.mkdir(parents=True)
    app.write_text(f"[things]\nSHOULD_LINEMERGE = false\n{request.param}\n")
    content = load_content(write_pack(tmp_path / "pack", detection()))
    apps = [*map(load_app, shipped_apps()), content_app(content), load_app(tmp_path / "app")]
    with Server(ServerConfig(knowledge=Knowledge(apps), indexes=["risk", "notable"])).start() as running:
        yield running


def test_on_another_splunk_moved_data_must_come_out_where_it_should(
    server: RunningServer, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    tools, content = tools_of(tmp_path / "pack", detection(search=LISTED, tests=[a_moved_test(True)]))
    environment = {"HARNESS_USERNAME": server.username, "HARNESS_PASSWORD": server.password}
    tools = replace(tools, backend=RemoteBackend(server.rest_url, environment))
    (result,) = record_of(list(run(plan_run(content, levels=[Level.UNIT]), tools))).results()
    if "same rules" in request.node.name:
        assert (result.status, result.reason) == (Status.PASS, "")
        assert str(result.rows[0]["_time"]).startswith("2026-02-02T0")
    else:
        assert result.status is Status.ERROR
        assert "data.log was moved in time, but 2 events of it came out at another time" in result.reason
