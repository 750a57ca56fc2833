"""A Dask cluster of two processes runs the tests: with the record of a local run, and with one of them killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import environment, harness
from tests.runner.packs import detection, write_pack
from tests.runner.test_run import NET_USE

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
CLUSTER = """
import sys
from distributed import LocalCluster
if __name__ == "__main__":
    cluster = LocalCluster(n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None, silence_logs=50)
    print(cluster.scheduler_address, *(worker.pid for worker in cluster.workers.values()), flush=True)
    sys.stdin.read()
    cluster.close()
"""


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[tuple[str, list[int]]]:
    """The address of the scheduler, and the processes of its two workers. Their cache is not ours."""
    script = tmp_path / "cluster.py"
    script.write_text(CLUSTER)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    process = subprocess.Popen(
        [sys.executable, str(script)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=elsewhere,
        env=environment(elsewhere, {"PYTHONPATH": str(ROOT)}),
    )
    assert process.stdout is not None
    address, *pids = process.stdout.readline().split()
    yield address, [int(pid) for pid in pids]
    with suppress(BrokenPipeError):  # a test has killed it
        process.communicate(timeout=60)


def pack(root: Path, count: int) -> None:
    write_pack(
        root,
        *(detection(f"Number {number}") for number in range(count)),
        detection("Silent", search="`things` process=nothing | `silent_filter`"),
        detection("Strange", search="`things` | frobnicate | `strange_filter`"),
        **{"data.log": NET_USE},
    )


def record(path: Path) -> list[dict[str, Any]]:
    found = json.loads(path.read_text())["detections"]
    for item in found:
        for result in item["results"]:
            del result["duration_s"]
    return list(found)


def test_a_run_on_a_cluster_has_the_record_of_a_local_one(tmp_path: Path, cluster: tuple[str, list[int]]) -> None:
    root = tmp_path / "content"
    root.mkdir()
    pack(root, 4)
    local = harness("test", "--report", "json=local.json", "-q", cwd=root)
    remote = harness("test", "--cluster", cluster[0], "--report", "json=remote.json", "-q", cwd=root)
    assert (remote.code, remote.err) == (local.code, "")
    assert record(root / "remote.json") == record(root / "local.json")


@pytest.mark.timeout(400)
def test_the_detections_of_this_repository_have_the_same_record_there(
    tmp_path: Path, cluster: tuple[str, list[int]]
) -> None:
    local = harness("test", "-q", "--root", ROOT, "--report", "json=local.json", cwd=tmp_path)
    remote = harness(
        "test", "-q", "--root", ROOT, "--cluster", cluster[0], "--report", "json=remote.json", cwd=tmp_path
    )
    assert (remote.code, local.code) == (0, 0), remote.out + remote.err
    assert len(record(tmp_path / "local.json")) >= 25
    assert record(tmp_path / "remote.json") == record(tmp_path / "local.json")


def test_data_that_the_workers_do_not_have_is_sent_to_them(tmp_path: Path, cluster: tuple[str, list[int]]) -> None:
    """The dataset is changed where the workers look for it; what they are to use is known by its hash."""
    root = tmp_path / "content"
    root.mkdir()
    write_pack(root, detection(), **{"data.log": NET_USE})
    data = root / "data.log"
    kept = tmp_path / "kept"
    kept.mkdir()
    data.rename(kept / "data.log")
    script = tmp_path / "hide.py"
    script.write_text(HIDE)
    done = subprocess.run(
        [sys.executable, str(script), cluster[0], str(root), str(kept)],
        capture_output=True, text=True, timeout=100, env=environment(tmp_path), check=False,
    )  # fmt: skip
    assert done.stdout.splitlines()[-1:] == ["pass 3"], done.stderr


HIDE = """
import sys
from pathlib import Path
from dataclasses import replace
from harness.content import load_content
from harness.runner.cluster import Cluster
from harness.runner.plan import plan_run
from harness.runner.record import Level
from harness.runner.run import run
from harness.runner.setup import Setup
address, root, kept = sys.argv[1:]
setup = Setup(load_content(Path(root), ()))
plan = plan_run(setup.content, levels=[Level.UNIT])
staff = Cluster(setup, address)
staff._locator = replace(setup.locator, data_root=Path(kept))  # only this process knows of that folder
*_, last = run(plan, setup.tools(), workers=staff)
(result,) = last.record.results()
print(result.reason, file=sys.stderr)
print(result.status.value, result.datasets[0].events)
"""


def killing(doomed: int, root: Path, scheduler: str) -> tuple[int, str]:
    """A run on the cluster in the middle of which a process of it is killed: how it ended, and what it said."""
    process = subprocess.Popen(
        [sys.executable, "-m", "harness", "test", "--level", "unit", "-v", "--cluster", scheduler,
         "--report", "json=remote.json"],
        cwd=root, env=environment(root), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stderr is not None
    for line in process.stderr:
        if "pass" in line:
            os.kill(doomed, signal.SIGKILL)
            break
    _, said = process.communicate(timeout=100)
    return process.returncode, said


def test_a_worker_that_is_killed_costs_no_test(tmp_path: Path, cluster: tuple[str, list[int]]) -> None:
    root = tmp_path / "content"
    root.mkdir()
    pack(root, 12)
    harness("test", "--level", "unit", "--report", "json=local.json", "-q", cwd=root)
    code, said = killing(cluster[1][0], root, cluster[0])
    assert code == 1, said
    assert record(root / "remote.json") == record(root / "local.json")


def test_a_scheduler_that_is_killed_is_said_of_every_test_that_is_left(
    tmp_path: Path, cluster: tuple[str, list[int]]
) -> None:
    root = tmp_path / "content"
    root.mkdir()
    pack(root, 12)
    code, said = killing(parent_of(cluster[1][0]), root, cluster[0])
    assert code in {1, 4}, said
    assert "distributed" not in said
    results = [result for item in record(root / "remote.json") for result in item["results"]]
    left = [
        result["reason"] for result in results if result["status"] == "error" and "frobnicate" not in result["reason"]
    ]
    assert len(results) == 14
    assert set(left) == {f"the Dask scheduler at {cluster[0]} is gone"}


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--cluster", "tcp://127.0.0.1:1"], 3, "no Dask scheduler answers at tcp://127.0.0.1:1"),
        (["--cluster", "scheduler"], 2, "--cluster 'scheduler' is not the address of a Dask scheduler"),
        (["--cluster", "tcp://127.0.0.1:1", "--backend", "docker"], 2, "--cluster runs tests on embedded Splunks"),
    ],
)
def test_what_cannot_be_is_said(tmp_path: Path, arguments: list[str], code: int, said: str) -> None:
    write_pack(tmp_path, detection(), **{"data.log": NET_USE})
    ended = harness("test", *arguments, cwd=tmp_path)
    assert (ended.code, said in ended.err) == (code, True), ended.err
