"""What a Splunk 10.4.0 made of 65 inputs, line by line of the recording: events, times and fields are equal.

The settings of all cases are one app, loaded by ``harness serve --app``; inputs go through the receivers endpoint.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
import requests

from tests.cli.test_serve import serving
from tests.corpus import NO_CORPUS, corpus_dir

# What every event has, and the recording leaves out, as it does names that begin with an underscore.
STANDARD = {
    "host", "source", "sourcetype", "index", "linecount", "splunk_server", "timestamp", "timestartpos", "timeendpos",
    "date_hour", "date_mday", "date_minute", "date_month", "date_second", "date_wday", "date_year", "date_zone",
    "eventtype", "tag",
}  # fmt: skip

pytestmark = pytest.mark.corpus


def recorded() -> list[dict[str, Any]]:
    folder = corpus_dir()
    if folder is None:
        return []
    return [json.loads(line) for line in (folder / "splunk_parsing.jsonl").read_text(encoding="utf-8").splitlines()]


def parameters() -> list[Any]:
    cases = [pytest.param(case, id=case["id"]) for case in recorded()]
    return cases or [pytest.param({}, marks=pytest.mark.skip(reason=NO_CORPUS))]


def sourcetype(case: dict[str, Any]) -> str:
    return f"fx_{case['id'].replace('-', '_')}"


@pytest.fixture(scope="module")
def splunk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, requests.Session]]:
    """Address and session of a server with the settings of all cases."""
    folder = tmp_path_factory.mktemp("recorded")
    default = folder / "app" / "default"
    default.mkdir(parents=True)
    stanzas = [f"[{sourcetype(case)}]\n{case['props']}" for case in recorded()]
    stanzas += [f"[{more['stanza']}]\n{more['body']}" for case in recorded() for more in case.get("extraProps") or ()]
    (default / "props.conf").write_text("\n".join(stanzas), encoding="utf-8")
    transforms = [case.get("transforms") or "" for case in recorded()]
    (default / "transforms.conf").write_text("\n".join(transforms), encoding="utf-8")
    with serving(folder, "--no-tls", "--username", "me", "--password", "secret", f"--app={folder / 'app'}") as (
        _,
        told,
    ):
        session = requests.Session()
        session.auth = ("me", "secret")
        yield told["REST"].split()[-1], session


@pytest.mark.parametrize("case", parameters())
def test_events_and_fields_are_those_that_splunk_recorded(
    case: dict[str, Any], splunk: tuple[str, requests.Session]
) -> None:
    url, session = splunk
    where = {
        "index": "main",
        "host": case["ingestHost"],
        "source": case["ingestSource"],
        "sourcetype": sourcetype(case),
    }
    sent = session.post(f"{url}/services/receivers/stream", params=where, data=case["input"].encode(), timeout=20)
    assert sent.status_code == 204, sent.text
    search = f"search index=main sourcetype={sourcetype(case)} | fields *"
    form = {"search": search, "exec_mode": "oneshot", "output_mode": "json", "count": "0", "earliest_time": "0"}
    answer = session.post(f"{url}/services/search/jobs", form, timeout=20).json()
    unasked = STANDARD if case.get("comparePunct") else STANDARD | {"punct"}
    events = [
        {
            "_raw": row["_raw"],
            "_time": round(datetime.fromisoformat(row["_time"]).timestamp() * 1000),
            "fields": {name: text for name, text in row.items() if name[0] != "_" and name not in unasked},
        }
        for row in answer["results"]
    ]
    assert sorted(events, key=json.dumps) == sorted(case["events"], key=json.dumps)
