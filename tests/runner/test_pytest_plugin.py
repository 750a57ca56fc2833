"""``pytest detections/``: the verdicts of ``harness test`` as items; in runs of other projects, nothing."""

from __future__ import annotations

import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from harness.runner.run import run
from tests.cli.command import environment
from tests.runner.packs import detection, write, write_pack
from tests.runner.test_run import NET_USE
from tests.runner.test_workers import every_outcome, record_of, setup_of


def pytest_in(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    options = ["-p", "no:cacheprovider", "--strict-markers", "-W", "error", "-rA", "--color=no"]
    return subprocess.run(
        [sys.executable, "-m", "pytest", *options, *arguments],
        cwd=root,
        env=environment(root),
        capture_output=True,
        text=True,
        timeout=110,
    )


def verdicts(report: Path) -> dict[str, str]:
    """The status of each test that pytest ran, by detection file and test."""
    found = {}
    for case in ElementTree.parse(report).iter("testcase"):
        status = next(each.get("value") for each in case.iter("property") if each.get("name") == "status")
        found[f"{case.get('classname')} {case.get('name')}"] = str(status)
    return found


def test_pytest_gives_the_verdicts_of_harness_test_also_spread_over_processes(tmp_path: Path) -> None:
    setup, plan = setup_of(every_outcome(tmp_path))
    record = record_of(list(run(plan, setup.tools())))
    wanted = sorted(result.status.value for result in record.results())
    alone = pytest_in(tmp_path, "detections", "--harness", "--junitxml=alone.xml")
    spread = pytest_in(tmp_path, "detections", "--harness", "-n2", "--junitxml=spread.xml")
    assert alone.returncode == spread.returncode == 1, alone.stdout + spread.stdout + spread.stderr
    assert sorted(verdicts(tmp_path / "alone.xml").values()) == wanted
    assert verdicts(tmp_path / "spread.xml") == verdicts(tmp_path / "alone.xml")
    assert "failing: no rows: 3 events indexed, search (command 1 of 2) dropped the last 3: process=nothing" in (
        alone.stdout
    )
    assert "undecided: unsupported: " in alone.stdout


def test_items_have_readable_ids_and_are_chosen_by_level_type_data_source_and_name(tmp_path: Path) -> None:
    write_pack(
        tmp_path,
        detection("Net Use", data_source=["Sysmon EventID 1"]),
        detection("Other", type="Hunting", rba=None),
        **{"data.log": NET_USE},
    )
    ended = pytest_in(tmp_path, "detections", "-m", "unit and ttp and sysmon_eventid_1")
    assert "PASSED detections/net_use.yml::unit[True Positive Test]" in ended.stdout
    assert "1 passed, 5 deselected" in ended.stdout
    assert ended.returncode == 0
    assert "1 passed, 5 deselected" in pytest_in(tmp_path, "detections", "-k", "Other and unit").stdout
    one = pytest_in(tmp_path, "detections/net_use.yml::unit[True Positive Test]", "--harness-level=unit")
    assert "1 passed" in one.stdout


def test_a_team_writes_its_own_tests_with_a_splunk_and_its_data(tmp_path: Path) -> None:
    write_pack(tmp_path, detection(), **{"data.log": NET_USE})
    write(
        tmp_path / "tests/test_ours.py",
        """\
def test_hosts(splunk, replay):
    assert replay("data.log", source="things.log", sourcetype="things") == 3
    rows = splunk.search("`things` | stats count by dest | sort dest")
    assert [(row["dest"], row["count"]) for row in rows] == [("host-1", "2"), ("host-2", "1")]

def test_it_is_clean(splunk):
    assert splunk.search("search index=* | stats count") == [{"count": "0"}]
""",
    )
    write(tmp_path / "pytest.ini", "[pytest]\nharness = true\n")
    ended = pytest_in(tmp_path, "tests")
    assert "2 passed" in ended.stdout, ended.stdout


def test_an_error_in_a_teams_own_test_ends_with_the_line_of_that_test(tmp_path: Path) -> None:
    write_pack(tmp_path, detection())
    write(
        tmp_path / "tests/test_ours.py",
        """\
def test_search(splunk):
    splunk.search("index=main | statz count")

def test_data(replay):
    replay("nowhere.log", source="s", sourcetype="st")
""",
    )
    write(tmp_path / "pytest.ini", "[pytest]\nharness = true\n")
    ended = pytest_in(tmp_path, "tests")
    assert "Unknown search command 'statz'." in ended.stdout
    assert "the dataset nowhere.log does not exist" in ended.stdout
    assert "harness/client" not in ended.stdout
    assert "harness/replay" not in ended.stdout


def test_runs_of_other_projects_are_not_touched(tmp_path: Path) -> None:
    write(tmp_path / "detections/model.yml", "name: a model of something else\nlayers: 3\n")
    write(
        tmp_path / "tests/test_theirs.py",
        "import sys\n\n\ndef test_nothing_of_it_is_imported():\n"
        "    ours = {name for name in sys.modules if name.startswith('harness.')}\n"
        "    assert ours == {'harness.pytesting', 'harness.pytesting.plugin'}\n",
    )
    ended = pytest_in(tmp_path)
    assert "1 passed" in ended.stdout, ended.stdout
    assert "no tests ran" in pytest_in(tmp_path, "detections").stdout
