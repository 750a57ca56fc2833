"""contentctl 5.6 from PyPI, as it is, tests a pack of ours against ``harness serve``."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.server.peers.environment import python_tools
from tests.server.serving import PASSWORD, Served, serve

pytestmark = [pytest.mark.slow, pytest.mark.timeout(420)]

PACK = Path(__file__).parent / "peers" / "contentctl_pack"
DATA = Path(__file__).parents[2] / "attack_data" / "T1049" / "net_use" / "windows-sysmon.log"
RUN_SECONDS = 300


@pytest.fixture(scope="module")
def contentctl() -> Path:
    return python_tools("contentctl", ["contentctl>=5.6,<5.7"]) / "contentctl"


@pytest.fixture(scope="module")
def project(contentctl: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What ``contentctl init`` makes, with our detections in it. It looks for saved searches of the label ESCU only."""
    folder = tmp_path_factory.mktemp("pack")
    run(contentctl, folder, "init", "--app.title", "Pack", "--app.appid", "Pack", "--app.label", "ESCU")
    shutil.copytree(PACK / "detections", folder / "detections" / "endpoint", dirs_exist_ok=True)
    shutil.copytree(PACK / "macros", folder / "macros", dirs_exist_ok=True)
    (folder / "attack_data").mkdir()
    shutil.copy(DATA, folder / "attack_data")
    return folder


@pytest.fixture(scope="module")
def served(project: Path) -> Iterator[Served]:
    with serve("--root", str(project)) as running:
        yield running


def run(contentctl: Path, folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(contentctl), *arguments],
        cwd=folder,
        env={**os.environ, "BROWSER": "true", "PYTHONWARNINGS": "ignore", **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS,
        check=False,
    )


def contentctl_tests(contentctl: Path, project: Path, served: Served, *names: str) -> tuple[int, dict[str, Any]]:
    """Its exit code and its ``summary.yml`` for the detections of these file names."""
    where = f"{served.host},admin,{PASSWORD},{served.web_port},{served.hec_port},{served.rest_port}"
    found = run(
        contentctl, project, "test_servers", "--post-test-behavior", "never_pause", "--disable-tqdm",
        "--enable-integration-testing", "mode:selected", "--mode.files",
        *(f"detections/endpoint/{name}.yml" for name in names),
        CONTENTCTL_TEST_INFRASTRUCTURES=where,
    )  # fmt: skip
    summary = project / "test_results" / "summary.yml"
    assert summary.exists(), found.stdout[-3000:] + found.stderr[-3000:]
    return found.returncode, yaml.safe_load(summary.read_text())


def statuses(summary: dict[str, Any]) -> dict[str, dict[str, str]]:
    return {
        detection["name"]: {test["test_type"]: test["status"] for test in detection["tests"]}
        for detection in summary["tested_detections"]
    }


def test_a_hunting_an_anomaly_and_a_ttp_detection_pass(contentctl: Path, project: Path, served: Served) -> None:
    code, summary = contentctl_tests(
        contentctl, project, served, "drive_mapping_with_net", "net_view_of_all_shares", "whoami_beside_net"
    )
    assert statuses(summary) == {
        "Drive Mapping With Net": {"unit": "pass", "integration": "skip"},  # nothing to integrate: a hunting search
        "Net View Of All Shares": {"unit": "pass", "integration": "pass"},
        "Whoami Beside Net": {"unit": "pass", "integration": "pass"},
    }
    assert (code, summary["summary"]["success"]) == (0, True)


def test_one_that_loses_its_risk_object_is_reported_failed(contentctl: Path, project: Path, served: Served) -> None:
    code, summary = contentctl_tests(contentctl, project, served, "risk_object_lost_on_the_way")
    assert statuses(summary) == {"Risk Object Lost On The Way": {"unit": "fail", "integration": "fail"}}
    why = summary["tested_detections"][0]["tests"][0]["exception"]
    assert why == "The risk object field(s) {'user'} are missing in the detection results"
    assert (code, summary["summary"]["success"]) == (1, False)
