"""What a Splunk 10.4.0 made of 65 inputs, line by line of the recording: events, times and fields are equal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.knowledge.knowledge import Knowledge, Metadata
from harness.values.values import texts
from tests.corpus import NO_CORPUS, corpus_dir

NOW = 1_768_500_000.0
"""A moment after the events; the recording was made in the year they carry."""

# What every event has, and the recording leaves out.
STANDARD = {
    "_raw", "_time", "_indextime", "_sourcetype", "host", "source", "sourcetype", "index", "linecount", "timestamp",
    "timestartpos", "timeendpos", "date_hour", "date_mday", "date_minute", "date_month", "date_second", "date_wday",
    "date_year", "date_zone", "eventtype", "tag",
}  # fmt: skip

pytestmark = pytest.mark.corpus


def cases() -> list[Any]:
    folder = corpus_dir()
    if folder is None:
        return [pytest.param({}, marks=pytest.mark.skip(reason=NO_CORPUS))]
    lines = (folder / "splunk_parsing.jsonl").read_text(encoding="utf-8").splitlines()
    return [pytest.param(case, id=case["id"]) for case in map(json.loads, lines)]


def app_of(case: dict[str, Any], folder: Path) -> Path:
    """The recording's settings as an app."""
    default = folder / "recorded" / "default"
    default.mkdir(parents=True)
    stanzas = [f"[fx_{case['id'].replace('-', '_')}]\n{case['props']}"]
    stanzas += [f"[{extra['stanza']}]\n{extra['body']}" for extra in case.get("extraProps") or ()]
    (default / "props.conf").write_text("\n".join(stanzas), encoding="utf-8")
    (default / "transforms.conf").write_text(case.get("transforms") or "", encoding="utf-8")
    (folder / "recorded" / "metadata").mkdir()
    (folder / "recorded" / "metadata" / "default.meta").write_text("[]\nexport = system\n", encoding="utf-8")
    return folder / "recorded"


@pytest.mark.parametrize("case", cases())
def test_events_and_fields_are_those_that_splunk_recorded(case: dict[str, Any], tmp_path: Path) -> None:
    knowledge = Knowledge.load([app_of(case, tmp_path)])
    sourcetype = f"fx_{case['id'].replace('-', '_')}"
    metadata = Metadata(case["ingestHost"], case["ingestSource"], sourcetype)
    indexed = knowledge.index_time(case["input"].encode(), metadata, NOW)
    frame = knowledge.search_time(indexed.frame)
    ignored = STANDARD if case.get("comparePunct") else STANDARD | {"punct"}
    events = [
        {
            "_raw": row["_raw"],
            "_time": round(float(row["_time"]) * 1000),
            "fields": {k: v[0] if len(v := texts(value)) == 1 else v for k, value in row.items() if k not in ignored},
        }
        for row in frame.to_rows()
    ]
    assert events == case["events"]
    assert not knowledge.warnings
