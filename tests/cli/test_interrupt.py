"""Ctrl-C ends a run at once, cleanly."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from tests.cli.command import environment, take_interrupts
from tests.runner.packs import detection, write_pack
from tests.runner.test_run import NET_USE


def test_an_interrupted_run_is_exit_code_130_without_a_traceback(tmp_path: Path) -> None:
    write_pack(tmp_path, *(detection(f"Number {number}") for number in range(300)), **{"data.log": NET_USE})
    process = subprocess.Popen(
        [sys.executable, "-m", "harness", "test", "--level", "unit", "-v"],
        cwd=tmp_path,
        env=environment(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=take_interrupts,
    )
    assert process.stderr is not None
    for line in process.stderr:
        if "pass in" in line:
            break
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 130
    assert errors.splitlines()[-1] == "harness: stopped"
    assert "Traceback" not in errors
