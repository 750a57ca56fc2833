"""Tests run by several processes: the same verdicts, and nothing lost when a process is."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace

from harness.content import load_content
from harness.replay.download import Downloads
from harness.runner.events import Event, RunFinished, TestFinished, TestStarted
from harness.runner.plan import plan_run
from harness.runner.processes import Processes
from harness.runner.record import DetectionRecord, Level, RunRecord, Status
from harness.runner.run import run
from harness.runner.setup import Setup
from harness.runner.subject import PlannedTest
from tests.runner.packs import a_test, detection, write, write_pack
from tests.runner.test_run import NET_USE, POINTER


def every_outcome(root: Path) -> Path:
    """Detections that pass, fail, cannot be decided or read, and are skipped, on several levels."""
    write_pack(
        root,
        detection("Good"),
        detection("Finds Nothing", search="`things` process=nothing | stats count by dest user process"),
        detection("Must Not Find", tests=[a_test(expect={"count": 0})]),
        detection("Does Not Parse", search="`things` | eval x=("),
        detection("Unsupported", search="`things` | sendemail to=a"),
        detection("No Data", tests=[a_test("pointer.log")]),
        detection("By Hand", status="experimental"),
        detection("Two Tests", tests=[a_test(), a_test(name="Second")]),
        **{"data.log": NET_USE, "pointer.log": POINTER},
    )
    write(root / "detections" / "broken.yml", "name: Broken\nsearch: [\n")
    return root


def setup_of(root: Path) -> tuple[Setup, list[PlannedTest]]:
    content = load_content(root)
    return Setup(content, downloads=Downloads(root / "cache", offline=True)), plan_run(content, levels=list(Level))


@contextmanager
def two_workers(setup: Setup) -> Iterator[Processes]:
    staff = Processes(setup, 2)
    try:
        yield staff
    finally:
        staff.stop(kill=True)


def record_of(events: list[Event]) -> RunRecord:
    assert isinstance(events[-1], RunFinished)
    return events[-1].record


def timeless(record: RunRecord) -> list[DetectionRecord]:
    """What a record says of detections, but for how long things took."""
    return [
        replace(
            detection,
            results=tuple(replace(result, duration_s=0.0) for result in detection.results),
        )
        for detection in record.detections
    ]


def test_two_workers_give_the_record_of_one(tmp_path: Path) -> None:
    setup, plan = setup_of(every_outcome(tmp_path))
    alone = record_of(list(run(plan, setup.tools())))
    with two_workers(setup) as staff:
        events = list(run(plan, setup.tools(), workers=staff))
    assert timeless(record_of(events)) == timeless(alone)
    assert {status for result in alone.results() for status in [result.status]} == set(Status)
    finished = [event.test for event in events if isinstance(event, TestFinished)]
    assert len(finished) == len(plan)
    assert sorted(finished, key=str) == sorted((e.test for e in events if isinstance(e, TestStarted)), key=str)


def kill_all(staff: Processes) -> None:
    for child in staff._children:
        child.process.kill()
        child.process.join()


def test_a_test_whose_worker_is_killed_is_run_once_more(tmp_path: Path) -> None:
    write_pack(tmp_path, *(detection(name) for name in "ABC"), **{"data.log": NET_USE})
    setup, plan = setup_of(tmp_path)
    plan = [test for test in plan if test.level is Level.UNIT]
    events: list[Event] = []
    with two_workers(setup) as staff:
        for event in run(plan, setup.tools(), workers=staff):
            if isinstance(event, TestFinished) and not any(isinstance(each, TestFinished) for each in events):
                kill_all(staff)  # one of them is at a test, the other about to be given one
            events.append(event)
    assert [result.status for result in record_of(events).results()] == [Status.PASS] * 3
    assert sum(isinstance(event, TestStarted) for event in events) > len(plan)


def test_a_test_whose_worker_dies_every_time_is_an_error_and_the_others_go_on(tmp_path: Path) -> None:
    write_pack(tmp_path, detection("Deadly"), detection("Good"), **{"data.log": NET_USE})
    setup, plan = setup_of(tmp_path)
    plan = [test for test in plan if test.level is Level.UNIT]
    with two_workers(setup) as staff:
        staff.slots = 1  # so that nothing else is killed with it
        events = []
        for event in run(plan, setup.tools(), workers=staff):
            events.append(event)
            if isinstance(event, TestStarted) and event.test.detection == "Deadly":
                kill_all(staff)
    deadly, good = record_of(events).results()
    assert deadly.status is Status.ERROR
    assert deadly.reason == "the process that ran the test died 2 times: killed by SIGKILL"
    assert good.status is Status.PASS


def test_fail_fast_gives_up_what_the_others_are_at(tmp_path: Path) -> None:
    write_pack(
        tmp_path,
        detection("A", search="`things` none"),
        *(detection(f"B{n}") for n in range(9)),
        **{"data.log": NET_USE},
    )
    setup, plan = setup_of(tmp_path)
    plan = [test for test in plan if test.level is Level.UNIT]
    with two_workers(setup) as staff:
        record = record_of(list(run(plan, setup.tools(), workers=staff, fail_fast=True)))
        assert not any(child.process.is_alive() for child in staff._children)
    assert record.results()[0].status is Status.FAIL
    assert len(record.results()) < len(plan)


@pytest.mark.parametrize("wrong", ["0", "-1", "two", "1.5"])
def test_a_number_of_workers_is_a_number_from_1_or_auto(wrong: str) -> None:
    import click

    from harness.cli.workers import WorkerCount

    with pytest.raises(click.BadParameter, match=f"'{wrong}' is neither auto nor a number from 1"):
        WorkerCount().convert(wrong, None, None)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads the signals that a process holds back")
def test_a_worker_hears_no_ctrl_c_from_its_first_moment_on(tmp_path: Path) -> None:
    """Its first moments go into starting Python, which would tell of an interrupt at length."""
    with two_workers(setup_of(every_outcome(tmp_path))[0]) as staff:
        for child in staff._children:
            status = Path(f"/proc/{child.process.pid}/status").read_text()
            (blocked,) = (line.split()[1] for line in status.splitlines() if line.startswith("SigBlk:"))
            assert int(blocked, 16) >> (signal.SIGINT - 1) & 1
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, [])
