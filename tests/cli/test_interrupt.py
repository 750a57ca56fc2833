"""However a run is ended, nothing of it stays behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from harness.client.waiting import wait_until
from tests.cli.command import environment, take_interrupts
from tests.runner.packs import detection, write_pack
from tests.runner.test_run import NET_USE


@contextmanager
def running(root: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    """A run that has finished a test and cannot come to its end before it is ended, in a process group of its own."""
    write_pack(root, *(detection(f"Number {number}") for number in range(500)), **{"data.log": NET_USE})
    (root / "tmp").mkdir()
    process = subprocess.Popen(
        [sys.executable, "-m", "harness", "test", "--level", "unit", "-v", *options],
        cwd=root,
        env=environment(root, {"TMPDIR": str(root / "tmp")}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=take_interrupts,
        start_new_session=True,
    )
    try:
        assert process.stderr is not None
        for line in process.stderr:
            if "pass in" in line:
                break
        yield process
    finally:
        if not gone(process.pid):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def gone(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False


def wait_until_gone(group: int) -> None:
    wait_until(lambda: gone(group), 30, "processes of the run are still there after")


@pytest.mark.parametrize("workers", ["1", "2"])
def test_ctrl_c_ends_a_run_at_once_and_leaves_no_process_and_no_file(tmp_path: Path, workers: str) -> None:
    with running(tmp_path, "--workers", workers) as process:
        os.killpg(process.pid, signal.SIGINT)  # a terminal sends it to all of the group
        _, errors = process.communicate(timeout=30)
        assert process.returncode == 130
        assert errors.splitlines()[-3:] == ["harness: --resume goes on from here", "", "harness: stopped"]
        assert "Traceback" not in errors
        wait_until_gone(process.pid)
    assert not list((tmp_path / "tmp").iterdir())


def test_workers_end_with_the_run_that_started_them_even_if_that_is_killed(tmp_path: Path) -> None:
    with running(tmp_path, "--workers", "2") as process:
        process.kill()
        process.wait(10)
        wait_until_gone(process.pid)
