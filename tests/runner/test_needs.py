"""The fields that a detection asks its data for."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from harness.content import load_content
from harness.knowledge.knowledge import Knowledge, shipped_apps
from harness.runner.needs import needs_of

ROOT = Path(__file__).resolve().parents[2]


def needs(search: str) -> dict[str, str]:
    content = load_content(ROOT)
    detection = dataclasses.replace(content.detections[0], search=search)
    return needs_of(detection, content, Knowledge.load(shipped_apps()))


def test_a_search_that_groups_asks_for_what_comes_before() -> None:
    asked = needs("search index=main user=bob | eval a=lower(host_name) | stats count by a, src | where count > b")
    assert asked == {"user": "search", "host_name": "eval", "src": "stats"}


def test_a_search_that_groups_nowhere_asks_for_all_that_it_reads() -> None:
    asked = needs("search index=main user=bob | eval a=lower(host_name) | where a=other")
    assert [name for name in asked if name in ("user", "host_name", "other")] == ["user", "host_name", "other"]
