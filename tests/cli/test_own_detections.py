"""The repository's own detections: all levels pass, and a Splunk client gets the same rows from the embedded Splunk."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from splunklib import client
from splunklib.results import JSONResultsReader, Message

from harness.client.address import parse_address
from harness.client.hec import HecClient, Target
from harness.content import load_content
from tests.cli.command import harness
from tests.cli.test_serve import serving

ROOT = Path(__file__).resolve().parents[2]
NET = "Network Connection Discovery With Net"


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    folder = tmp_path_factory.mktemp("run")
    ended = harness("test", "--root", ROOT, "--report", f"json={folder / 'record.json'}", cwd=folder)
    assert ended.code == 0, ended.out + ended.err
    for level in ("Validation", "Unit", "Integration"):
        assert f" {level}" in ended.out
    return json.loads((folder / "record.json").read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def test_every_detection_passes_on_every_level(record: dict[str, object]) -> None:
    summary = record["summary"]
    assert isinstance(summary, dict)
    assert (summary["fail"], summary["error"]) == (0, 0)
    assert summary["pass"] >= 100


def test_the_sdk_reads_the_same_rows_from_serve(record: dict[str, object], tmp_path: Path) -> None:
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
    detections = record["detections"]
    assert isinstance(detections, list)
    results = next(each for each in detections if each["name"] == NET)["results"]
    expected = next(each for each in results if (each["level"], each["test"]) == ("unit", test.name))["rows"]
    assert [dict(row) for row in rows] == expected
    assert len(rows) == 3
