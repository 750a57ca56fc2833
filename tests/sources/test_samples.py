"""What the shipped add-ons make of an event, value by value.

A sample is ``tests/sources/<name>/sample.yml``: raw events of our own writing with their source and source type, and
for each event its time, its tags, and values of fields (a list is a multivalue, null a field that the event lacks).
"""

from __future__ import annotations

import functools
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.knowledge.knowledge import Knowledge, Metadata, shipped_apps
from harness.values.column import Value
from harness.values.values import texts

FOLDER = Path(__file__).parent
NOW = 1_750_000_000.0
"""Times without a year are read as of this moment, June 2025."""


def samples() -> list[Any]:
    return [pytest.param(path, id=path.parent.name) for path in sorted(FOLDER.glob("*/sample.yml"))]


@functools.cache
def shipped() -> Knowledge:
    return Knowledge.load(shipped_apps())


def plain(value: Value) -> str | list[str] | None:
    if value is None:
        return None
    found = list(texts(value))
    return found if isinstance(value, tuple) else found[0]


@pytest.mark.parametrize("path", samples())
def test_every_event_of_the_sample_has_its_time_tags_and_fields(path: Path) -> None:
    sample = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    metadata = Metadata("collector", sample["source"], sample["sourcetype"])
    indexed = shipped().index_time(sample["raw"].encode(), metadata, NOW)
    rows = shipped().search_time(indexed.frame).to_rows()
    assert indexed.warnings == ()
    assert len(rows) == len(sample["events"])
    for row, expected in zip(rows, sample["events"], strict=True):
        tags = row.get("tag")
        found = {
            "time": row["_time"],
            "tags": [] if tags is None else list(texts(tags)),
            "fields": {name: plain(row.get(name)) for name in expected["fields"]},
        }
        assert found == {**expected, "time": pytest.approx(epoch(expected["time"]), abs=1e-5)}


def epoch(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
