"""`harness test --backend docker` as a user runs it, on a real engine."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from docker import DockerClient
from harness.containers import container as containers
from tests.cli.command import environment, harness
from tests.runner.packs import detection, write_pack
from tests.runner.test_run import NET_USE

pytestmark = pytest.mark.usefixtures("nothing_left")
ROOT = Path(__file__).resolve().parents[2]
LIMITS = ("--memory", "1g", "--cpus", "1", "--start-timeout", "60")
HERE_ONLY = {"duration_s", "stages", "search"}
"""What may differ between two Splunks that agree: times, and what is measured only where it costs nothing."""


def results(path: Path) -> list[dict[str, Any]]:
    """Every test result without its times, in the order of the record."""
    document = json.loads(path.read_text())
    return [
        {"detection": item["name"], **{key: value for key, value in result.items() if key not in HERE_ONLY}}
        for item in document["detections"]
        for result in item["results"]
    ]


def test_twenty_five_detections_give_the_same_record_embedded_and_on_two_containers(
    tmp_path: Path, image: str, docker_host: str
) -> None:
    for folder in ("detections", "attack_data", "macros", "lookups", "data_sources"):
        if (ROOT / folder).is_dir():
            shutil.copytree(ROOT / folder, tmp_path / folder)
    files = sorted((tmp_path / "detections").rglob("*.yml"))
    for file in files[25:]:
        file.unlink()
    common = ("test", "--level", "unit,integration", "-q")
    embedded = harness(*common, "--report", "json=embedded.json", cwd=tmp_path)
    docker = harness(
        *common, "--backend", "docker", "--image", image, "--workers", "2", *LIMITS,
        "--report", "json=docker.json", cwd=tmp_path, env={"DOCKER_HOST": docker_host}, seconds=400,
    )  # fmt: skip
    assert (docker.code, embedded.code) == (0, 0), docker.out + docker.err
    assert json.loads((tmp_path / "docker.json").read_text())["backend"]["kind"] == "docker"
    assert len({result["detection"] for result in results(tmp_path / "docker.json")}) == min(25, len(files))
    assert results(tmp_path / "docker.json") == results(tmp_path / "embedded.json")


def test_a_container_that_is_killed_in_the_middle_costs_the_run_a_restart(
    tmp_path: Path, image: str, docker_host: str, client: DockerClient
) -> None:
    write_pack(tmp_path, *(detection(f"Number {number}") for number in range(4)), **{"data.log": NET_USE})
    arguments = ["test", "--level", "unit", "-v", "--backend", "docker", "--image", image, *LIMITS]
    process = subprocess.Popen(
        [sys.executable, "-m", "harness", *arguments, "--report", "json=record.json"],
        cwd=tmp_path,
        env=environment(tmp_path, {"DOCKER_HOST": docker_host}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    for line in process.stderr:
        if line.endswith("[unit] ...\n"):
            (running,) = containers.find(client)
            os.kill(int(client.containers.get(running.id).attrs["State"]["Pid"]), signal.SIGKILL)
            break
    _, said = process.communicate(timeout=120)
    assert process.returncode == 0, said
    assert "exited with exit code 137" in said
    assert "starting a fresh one, then the test that was running is run again" in said
    assert [result["status"] for result in results(tmp_path / "record.json")] == ["pass"] * 4


def test_ctrl_c_leaves_nothing(tmp_path: Path, image: str, docker_host: str) -> None:
    from tests.cli.command import take_interrupts

    write_pack(tmp_path, *(detection(f"Number {number}") for number in range(4)), **{"data.log": NET_USE})
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "harness",
            "test",
            "-v",
            "--backend",
            "docker",
            "--image",
            image,
            "--workers=2",
            *LIMITS,
        ],
        cwd=tmp_path,
        env=environment(tmp_path, {"DOCKER_HOST": docker_host}),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=take_interrupts,
    )
    assert process.stderr is not None
    for line in process.stderr:
        if line.endswith("[unit] ...\n"):
            process.send_signal(signal.SIGINT)
            break
    _, said = process.communicate(timeout=60)
    assert (process.returncode, "Traceback" in said) == (130, False), said
