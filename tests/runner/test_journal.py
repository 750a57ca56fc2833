"""A run that was killed goes on where it was, and only as far as what it found still holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.content import load_content
from harness.errors import UsageError
from harness.replay.download import Downloads
from harness.runner.events import Event, RunStarted, SearchFinished, TestFinished
from harness.runner.journal import journal_of
from harness.runner.plan import plan_run
from harness.runner.record import Level
from harness.runner.run import run
from harness.runner.setup import Setup
from tests.runner.packs import a_test, detection, write, write_pack
from tests.runner.test_run import NET_USE
from tests.runner.test_workers import record_of, timeless

LOOKUP = "`things` process=*use* | lookup hosts dest OUTPUT owner | stats count by dest user process"


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def pack(root: Path) -> Path:
    return write_pack(
        root,
        detection("A"),
        detection("B", tests=[a_test("b.log")]),
        detection("C", search=LOOKUP),
        **{
            "data.log": NET_USE,
            "b.log": NET_USE,
            "lookups/hosts.yml": "name: hosts\nfilename: hosts.csv\n",
            "lookups/hosts.csv": "dest,owner\nhost-1,ann\n",
        },
    )


def events_of(root: Path, *, resume: bool, stop_after: int | None = None, **changes: Any) -> list[Event]:
    """A run, or the beginning of one: it is dropped after so many tests, as if it were killed there."""
    content = load_content(root)
    setup = Setup(content, downloads=Downloads(root / "cache", offline=True), **changes)
    plan = plan_run(content, levels=[Level.UNIT, Level.INTEGRATION])
    journal = setup.journal(resume=resume)
    events = []
    running = run(plan, setup.tools(), journal=journal)
    for event in running:
        events.append(event)
        if sum(isinstance(each, TestFinished) for each in events) == stop_after:
            break
    running.close()  # type: ignore[attr-defined]
    return events


def searched(events: list[Event]) -> list[str]:
    """The tests that were really run."""
    return [f"{event.test.detection} {event.test.level}" for event in events if isinstance(event, SearchFinished)]


def test_a_run_that_goes_on_gives_the_record_of_one_that_never_stopped(tmp_path: Path) -> None:
    root = pack(tmp_path / "pack")
    whole = events_of(root, resume=False)
    assert not journal_of(root).exists()
    events_of(root, resume=False, stop_after=3)
    rest = events_of(root, resume=True)
    assert timeless(record_of(rest)) == timeless(record_of(whole))
    assert searched(rest) == ["B integration", "C unit", "C integration"]
    assert sum(isinstance(event, TestFinished) for event in rest) == 6
    assert not journal_of(root).exists()


def change_search(root: Path) -> None:
    path = root / "detections/a.yml"
    document = yaml.safe_load(path.read_text())
    write(path, yaml.safe_dump({**document, "search": document["search"] + " | head 5"}, sort_keys=False))


@pytest.mark.parametrize(
    ("change", "again"),
    [
        (change_search, {"A"}),
        (lambda root: write(root / "b.log", NET_USE + "\n"), {"B"}),
        (lambda root: write(root / "lookups/hosts.csv", "dest,owner\nhost-1,bob\n"), {"C"}),
        (lambda root: write(root / "macros/things.yml", "name: things\ndefinition: sourcetype=thing*\n"), set("ABC")),
        (lambda root: write(root / "macros/other.yml", "name: other\ndefinition: x\n"), set()),
    ],
    ids=["search", "dataset", "lookup", "macro", "a macro that nothing uses"],
)
def test_what_rests_on_something_that_changed_is_run_again(tmp_path: Path, change: Any, again: set[str]) -> None:
    root = pack(tmp_path / "pack")
    events_of(root, resume=False, stop_after=6)
    change(root)
    ran = searched(events_of(root, resume=True))
    assert ran == [f"{name} {level}" for name in sorted(again) for level in ("unit", "integration")]


def test_another_app_runs_everything_again(tmp_path: Path) -> None:
    root = pack(tmp_path / "pack")
    write(tmp_path / "TA/default/props.conf", "[things]\nEVAL-x = 1\n")
    events_of(root, resume=False, stop_after=6, apps=(tmp_path / "TA",))
    write(tmp_path / "TA/default/props.conf", "[things]\nEVAL-x = 2\n")
    assert len(searched(events_of(root, resume=True, apps=(tmp_path / "TA",)))) == 6


def test_a_line_that_was_being_written_is_a_test_that_is_run_again(tmp_path: Path) -> None:
    root = pack(tmp_path / "pack")
    events_of(root, resume=False, stop_after=3)
    path = journal_of(root)
    path.write_bytes(path.read_bytes()[:-20])
    assert searched(events_of(root, resume=True))[0] == "B unit"


def test_a_run_can_be_killed_again_and_again_and_loses_nothing(tmp_path: Path) -> None:
    root = pack(tmp_path / "pack")
    whole = events_of(root, resume=False)
    events_of(root, resume=False, stop_after=2)
    change_search(root)
    change_search(root)
    events_of(root, resume=True, stop_after=1)  # A again
    events_of(root, resume=True, stop_after=0)
    rest = events_of(root, resume=True, stop_after=4)
    assert searched(rest) == ["A integration", "B unit", "B integration"]
    last = events_of(root, resume=True)
    assert searched(last) == ["C unit", "C integration"]
    assert [result.status for result in record_of(last).results()] == [
        result.status for result in record_of(whole).results()
    ]


def test_a_journal_that_is_no_journal_is_begun_anew(tmp_path: Path) -> None:
    root = pack(tmp_path / "pack")
    events_of(root, resume=False, stop_after=1)
    journal_of(root).write_bytes(b"\x00\xff\n{}\n")
    assert len(searched(events_of(root, resume=True))) == 6


def test_what_could_not_be_decided_is_tried_again(tmp_path: Path) -> None:
    root = pack(tmp_path / "pack")
    (root / "b.log").unlink()
    events_of(root, resume=False, stop_after=4)
    elsewhere = write(tmp_path / "elsewhere/b.log", NET_USE)
    again = events_of(root, resume=True, data_root=elsewhere.parent)
    assert searched(again)[:2] == ["B unit", "B integration"]


def test_two_runs_do_not_write_one_journal(tmp_path: Path) -> None:
    root = pack(tmp_path / "pack")
    content = load_content(root)
    setup = Setup(content)
    running = run(plan_run(content, levels=[Level.UNIT]), setup.tools(), journal=setup.journal(resume=False))
    assert isinstance(next(running), RunStarted)
    with pytest.raises(UsageError, match="another run over this content is going on"):
        setup.journal(resume=True)
    running.close()  # type: ignore[attr-defined]
    setup.journal(resume=True).close(finished=True)
