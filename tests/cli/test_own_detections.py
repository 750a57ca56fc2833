"""The repository's own detections: all levels pass, and a Splunk client gets the same rows from the embedded Splunk."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
from splunklib import client
from splunklib.results import JSONResultsReader, Message

from harness.client.address import parse_address
from harness.client.hec import HecClient, Target
from harness.content import load_content
from tests.cli.command import environment, harness
from tests.cli.test_serve import serving

ROOT = Path(__file__).resolve().parents[2]
NET = "Network Connection Discovery With Net"


def timeless(record: dict[str, Any]) -> list[dict[str, Any]]:
    """What a record says of detections, but for how long things took."""
    return [
        {**item, "results": [{**result, "duration_s": 0} for result in item["results"]]}
        for item in record["detections"]
    ]


def recorded(folder: Path, *options: str) -> list[dict[str, Any]]:
    ended = harness("test", "-q", "--root", ROOT, *options, "--report", f"json={folder / 'here.json'}", cwd=folder)
    assert ended.code == 0, ended.out + ended.err
    return timeless(json.loads((folder / "here.json").read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("run")
    ended = harness("test", "--root", ROOT, "--workers", "2", "--report", f"json={folder / 'record.json'}", cwd=folder)
    assert ended.code == 0, ended.out + ended.err
    for level in ("Validation", "Unit", "Integration"):
        assert f" {level}" in ended.out
    return dict(json.loads((folder / "record.json").read_text(encoding="utf-8")))


@pytest.mark.timeout(400)
def test_every_detection_passes_on_every_level(record: dict[str, Any]) -> None:
    summary = record["summary"]
    assert (summary["fail"], summary["error"]) == (0, 0)
    assert summary["pass"] >= 100


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_one_worker_gives_the_record_of_two(record: dict[str, Any], tmp_path: Path) -> None:
    assert len(record["detections"]) >= 25
    assert recorded(tmp_path, "--workers", "1") == timeless(record)


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_shards_together_are_the_same_record(record: dict[str, Any], tmp_path: Path) -> None:
    for part in ("1", "2"):
        recorded(tmp_path, "--shard", f"{part}/2")
        (tmp_path / "here.json").rename(tmp_path / f"{part}.json")
    merged = harness("report", "1.json", "2.json", "-q", "--report", "json=merged.json", cwd=tmp_path)
    assert merged.code == 0, merged.out + merged.err
    assert timeless(json.loads((tmp_path / "merged.json").read_text(encoding="utf-8"))) == timeless(record)


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_pytest_gives_the_same_verdicts(record: dict[str, Any], tmp_path: Path) -> None:
    options = ["-p", "no:cacheprovider", "-q", "-n2", "--harness", f"--junitxml={tmp_path / 'pytest.xml'}"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "detections"],
        cwd=ROOT, env=environment(tmp_path), capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    found = Counter(
        each.get("value")
        for case in ElementTree.parse(tmp_path / "pytest.xml").iter("testcase")
        for each in case.iter("property")
        if each.get("name") == "status"
    )
    assert found == Counter(result["status"] for item in record["detections"] for result in item["results"])


def test_the_sdk_reads_the_same_rows_from_serve(record: dict[str, Any], tmp_path: Path) -> None:
    detection = next(each for each in load_content(ROOT).detections if each.name == NET)
    test = detection.tests[0]
    data = test.attack_data[0]
    with serving(tmp_path, f"--root={ROOT}") as (_, told):
        password = told["login"].split(" / ")[1]
        rest = urlsplit(told["REST"].split()[-1])
        service = client.connect(host=rest.hostname, port=rest.port, username="admin", password=password)
        hec_url, _, token = told["HEC"].split()
        address = parse_address(rest.geturl(), {"HARNESS_USERNAME": "admin", "HARNESS_PASSWORD": password})
        with HecClient(address.with_hec(hec_url, token)) as hec:
            hec.send_raw((ROOT / data.data).read_bytes(), Target(data.source, data.sourcetype, "main", "host"))
        job = service.jobs.create(detection.search, exec_mode="blocking", earliest_time="0")
        rows = [
            row for row in JSONResultsReader(job.results(output_mode="json", count=0)) if not isinstance(row, Message)
        ]
    results = next(each for each in record["detections"] if each["name"] == NET)["results"]
    expected = next(each for each in results if (each["level"], each["test"]) == ("unit", test.name))["rows"]
    assert [dict(row) for row in rows] == expected
    assert len(rows) == 3
