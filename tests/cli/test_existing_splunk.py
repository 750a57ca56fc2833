"""The same tests on a Splunk at an address: here our own, served by another process."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

from harness.client.address import parse_address
from harness.client.rest import SplunkClient
from tests.cli.command import harness
from tests.cli.test_serve import serving
from tests.runner.packs import detection, write_pack
from tests.runner.test_run import NET_USE


def login_of(told: dict[str, str]) -> tuple[str, dict[str, str]]:
    user, password = told["login"].split(" / ")
    return told["REST"].split()[-1], {"HARNESS_USERNAME": user, "HARNESS_PASSWORD": password}


def verdicts(path: Path) -> list[tuple[str, str, int, list[str | None]]]:
    document = json.loads(path.read_text())
    return [
        (result["level"], result["status"], result["result_count"], [row.get("process") for row in result["rows"]])
        for item in document["detections"]
        for result in item["results"]
    ]


def test_a_pack_has_the_same_verdicts_there_as_on_the_embedded_backend(tmp_path: Path) -> None:
    write_pack(
        tmp_path,
        detection("Good"),
        detection("Hunted", type="Hunting", rba=None),
        detection("Silent", search="`things` process=nothing | `silent_filter`"),
        detection("Holey", search="`things` | stats count by process | `holey_filter`"),
        **{"data.log": NET_USE},
    )
    embedded = harness("test", "--report", "json=embedded.json", cwd=tmp_path)
    with serving(tmp_path) as (_, told):
        url, login = login_of(told)
        remote = harness("test", "--backend", url, "--report", "json=remote.json", cwd=tmp_path, env=login)
        left = SplunkClient(parse_address(url, login)).ask("| tstats count where index=* by index")
    assert (embedded.code, remote.code, remote.err) == (1, 1, "")
    assert verdicts(tmp_path / "remote.json") == verdicts(tmp_path / "embedded.json")
    assert json.loads((tmp_path / "remote.json").read_text())["backend"]["kind"] == "remote"
    assert left == []


def test_data_that_was_there_before_keeps_a_detection_from_passing(tmp_path: Path) -> None:
    write_pack(tmp_path, detection(), **{"data.log": NET_USE})
    with serving(tmp_path) as (_, told):
        url, login = login_of(told)
        sent = harness("replay", "data.log", "--sourcetype", "things", "--backend", url, cwd=tmp_path, env=login)
        assert (sent.code, sent.out) == (0, "data.log: 3 events in index main as things\n")
        ended = harness("test", "--level", "unit", "--backend", url, cwd=tmp_path, env=login)
    assert ended.code == 4
    assert "the search finds 2 rows on" in ended.out


def test_replay_reads_every_kind_of_dataset_and_says_how_many_events_came_of_it(tmp_path: Path) -> None:
    (tmp_path / "a.log.gz").write_bytes(gzip.compress(NET_USE.encode()))
    (tmp_path / "b.log").write_text("2026-01-02T10:00:00Z one\n")
    (tmp_path / "set.yml").write_text("datasets:\n- {name: b, path: b.log, source: src, sourcetype: described}\n")
    with serving(tmp_path) as (_, told):
        url, login = login_of(told)
        sent = harness(
            "replay",
            "a.log.gz",
            "set.yml",
            "--sourcetype",
            "",
            "--source",
            "",
            "--backend",
            url,
            cwd=tmp_path,
            env=login,
        )
        assert sent.code == 2
        assert "no source type for a.log.gz" in sent.err
        sent = harness("replay", "set.yml", "--backend", url, cwd=tmp_path, env=login)
        assert (sent.code, sent.out) == (0, "b.log: 1 event in index main as described\n")
        client = SplunkClient(parse_address(url, login))
        assert client.ask("| tstats count where index=* by source host") == [
            {"source": "src", "host": "harness", "count": "1"}
        ]
        missing = harness("replay", "gone.log", "--sourcetype", "t", "--backend", url, cwd=tmp_path, env=login)
    assert missing.code == 4
    assert "the dataset gone.log does not exist" in missing.err
