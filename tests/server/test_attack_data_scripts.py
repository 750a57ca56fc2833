"""The scripts by which attack_data is replayed send a dataset to ``harness serve``, and all of it is searchable.

The scripts are run as they are where ATTACK_DATA names a checkout of splunk/attack_data. They know one port only,
8088, so that the server gets an address of its own on loopback. Without them the same request is sent: one
body for a whole file, to ``/services/collector/raw``.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
import yaml
from splunklib import client, results

from tests.server.peers.environment import python_tools
from tests.server.serving import PASSWORD, Served, serve

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300), pytest.mark.filterwarnings("ignore:Unverified HTTPS")]

CHECKOUT = Path(os.environ.get("ATTACK_DATA", ""))
NO_CHECKOUT = "ATTACK_DATA names no checkout of splunk/attack_data"
DATA = Path(__file__).parents[2] / "attack_data" / "T1049" / "net_use"
FILES = {
    "windows-sysmon.log": ("XmlWinEventLog:Microsoft-Windows-Sysmon/Operational", "XmlWinEventLog"),
    "windows-security.log": ("XmlWinEventLog:Security", "XmlWinEventLog"),
    "crowdstrike-falcon.log": ("crowdstrike", "crowdstrike:events:sensor"),
}
HOST = "0c9d1f7e-6c3c-4a0e-9a54-0f2f43f0a001"
DETECTION = "9d0f2f43-6c3c-4a0e-9a54-0f2f43f0a002"


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    address = f"127.{1 + secrets.randbelow(250)}.{secrets.randbelow(250)}.{2 + secrets.randbelow(250)}"
    with serve(host=address, hec_port=8088) as running:
        connect(running).indexes.create("attack_data")
        connect(running).indexes.create("test")
        yield running


def connect(served: Served) -> client.Service:
    return client.connect(host=served.host, port=served.rest_port, username="admin", password=PASSWORD)


def found(served: Served, index: str) -> dict[str, int]:
    """How many events of each source are searchable."""
    spl = f"search index={index} | stats count by source, host"
    reply = connect(served).jobs.oneshot(spl, output_mode="json", count=0)
    rows = [row for row in results.JSONResultsReader(reply) if isinstance(row, dict)]
    assert {row["host"] for row in rows} == {HOST}
    return {row["source"]: int(row["count"]) for row in rows}


def sent() -> dict[str, int]:
    """How many events each file holds: one a line."""
    return {source: len((DATA / name).read_text().splitlines()) for name, (source, _) in FILES.items()}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A folder laid out as attack_data is, with a dataset of ours."""
    folder = tmp_path / "datasets" / "attack_techniques" / "T1049" / "net_use"
    folder.mkdir(parents=True)
    (tmp_path / ".git").mkdir()
    for name in FILES:
        shutil.copy(DATA / name, folder)
    datasets = [
        {
            "name": name,
            "path": f"/datasets/attack_techniques/T1049/net_use/{name}",
            "source": source,
            "sourcetype": kind,
        }
        for name, (source, kind) in FILES.items()
    ]
    about = {"author": "harness", "id": HOST, "date": "2026-03-02", "description": "d", "environment": "e"}
    (folder / "net_use.yml").write_text(yaml.safe_dump({**about, "directory": "net_use", "datasets": datasets}))
    return tmp_path


def runs(python: str) -> bool:
    return subprocess.run([python, "-c", ""], capture_output=True, check=False).returncode == 0


def environment(served: Served) -> dict[str, str]:
    return {**os.environ, "SPLUNK_HOST": served.host, "SPLUNK_HEC_TOKEN": served.hec_token, "TERM": "dumb"}


def test_the_request_that_the_scripts_send(served: Served) -> None:
    """Whole files, each as one body: every line is an event, with the metadata of the query."""
    connect(served).indexes.create("by_hand")
    for name, (source, sourcetype) in FILES.items():
        reply = requests.post(
            f"{served.hec_url}/services/collector/raw",
            params={"index": "by_hand", "source": source, "sourcetype": sourcetype, "host": HOST},
            data=(DATA / name).read_bytes(),
            headers={
                "Authorization": f"Splunk {served.hec_token}",
                "X-Splunk-Request-Channel": str(uuid.uuid4()),
            },
            allow_redirects=True,
            verify=False,
            timeout=30,
        )
        assert reply.ok, reply.text
    assert found(served, "by_hand") == sent()


@pytest.mark.parametrize(
    ("change", "code"), [({"index": "test"}, 7), ({"token": "0"}, 4), ({"data": b""}, 5), ({"data": b" \n"}, 5)]
)
def test_the_errors_that_the_scripts_explain(served: Served, change: dict[str, object], code: int) -> None:
    """The token may write to one index only."""
    inputs = connect(served)
    name = f"narrow {uuid.uuid4()}"
    inputs.post("data/inputs/http", name=name, index="attack_data", indexes="attack_data")
    token = inputs.inputs[f"http://{name}", "http"]["token"]
    asked = {"index": "attack_data", "token": token, "data": b"x\n", **change}
    reply = requests.post(
        f"{served.hec_url}/services/collector/raw",
        params={"index": str(asked["index"])},
        data=asked["data"],
        headers={"Authorization": f"Splunk {asked['token']}", "X-Splunk-Request-Channel": str(uuid.uuid4())},
        verify=False,
        timeout=30,
    )
    assert not reply.ok
    assert reply.json()["code"] == code


@pytest.mark.skipif(not CHECKOUT.name, reason=NO_CHECKOUT)
def test_replay_py(served: Served, repository: Path) -> None:
    said = subprocess.run(
        [sys.executable, str(CHECKOUT / "bin" / "replay.py"), str(repository / "datasets")],
        env=environment(served), capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert said.stdout.count(":white_check_mark: Sent") == len(FILES), said.stdout + said.stderr
    assert found(served, "attack_data") == sent()


@pytest.mark.skipif(not CHECKOUT.name, reason=NO_CHECKOUT)
def test_total_replay(served: Served, repository: Path) -> None:
    """It replays the first file of a detection that it finds by name. It needs a Python that it can be read by."""
    names = [os.environ.get("TOTAL_REPLAY_PYTHON", ""), "python3.14", "python3.13", "python3.12"]
    python = next((path for path in map(shutil.which, names) if path and runs(path)), None)
    if python is None:
        pytest.skip("total_replay is written for Python 3.12 and later, of which none is here")
    tools = python_tools("total_replay", ["typer", "rich", "pyyaml", "requests", "colorama"], python)
    name, (source, sourcetype) = next(iter(FILES.items()))
    url = f"https://example.test/media/attack_data/master/datasets/attack_techniques/T1049/net_use/{name}"
    test = {"name": "t", "attack_data": [{"data": url, "source": source, "sourcetype": sourcetype}]}
    detection = {"name": "Net Use", "id": DETECTION, "description": "d", "tests": [test]}
    (repository / "detections").mkdir()
    (repository / "detections" / "net_use.yml").write_text(yaml.safe_dump(detection))
    copy = repository / "total_replay"
    shutil.copytree(CHECKOUT / "total_replay", copy)
    settings = copy / "configuration" / "config.yml"
    configured = yaml.safe_load(settings.read_text())
    configured["settings"] |= {
        "security_content_detection_path": str(repository / "detections"),
        "attack_data_dir_path": str(repository),
    }
    settings.write_text(yaml.safe_dump(configured))
    said = subprocess.run(
        [str(tools / "python"), "total_replay.py", "--name", "Net Use", "--index", "test"],
        cwd=copy, env=environment(served), capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert f"Sent {repository}" in said.stdout, said.stdout[-3000:] + said.stderr[-3000:]
    assert found(served, "test") == {source: sent()[source]}
