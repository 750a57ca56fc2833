"""Whatever a detection's file holds, it is judged: no file stops the judgement of the others."""

from __future__ import annotations

import contextlib
import copy
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.content import load_content
from harness.content.app import content_app
from harness.knowledge.apps import load_app
from harness.knowledge.knowledge import Knowledge, shipped_apps
from harness.validation.validate import validate

DETECTION: dict[str, Any] = {
    "name": "Thing",
    "id": "2b7e1516-28ae-4d2a-9bf7-158809cf4f3c",
    "version": 1,
    "date": "2025-01-31",
    "author": "A. Uthor",
    "status": "production",
    "type": "Anomaly",
    "description": "Finds a thing.",
    "search": "index=main | stats count by dest user | `thing_filter`",
    "data_source": ["Sysmon EventID 1 AND Another"],
    "references": ["https://example.com/a"],
    "drilldown_searches": [{"name": "Look", "search": "%original_detection_search% | search dest=$dest$"}],
    "rba": {"message": "On $dest$", "risk_objects": [{"field": "dest", "type": "system", "score": 5}]},
    "tags": {
        "analytic_story": ["Things"],
        "mitre_attack_id": ["T1049"],
        "cve": ["CVE-2024-1234"],
        "throttling": {"fields": ["dest"], "period": "1d"},
        "observable": [{"name": "dest", "type": "Hostname", "role": ["Victim"]}],
        "confidence": 50,
        "impact": 50,
        "risk_score": 25,
        "security_domain": "endpoint",
    },
    "finding": {"title": "On $dest$", "entity": {"field": "dest", "type": "system", "score": 5}},
    "intermediate_findings": {"entities": [{"field": "user", "type": "user", "score": 1, "message": "m"}]},
    "threat_objects": [{"field": "user", "type": "user"}],
    "deployment": {"scheduling": {"cron_schedule": "0 * * * *", "earliest_time": "-70m@m", "latest_time": "-10m@m"}},
    "tests": [
        {
            "name": "T",
            "attack_data": [{"data": "x.log", "source": "s", "sourcetype": "st", "host": "h"}],
            "expect": {"count": "1"},
        }
    ],
    "harness": {"ignore": {"date": "for now"}},
}
ODD: tuple[Any, ...] = (
    None, "", "x", "$", "`", "|", "[", 0, -1, 1.5, True, [], [None], ["x", ["y"]], {}, {"x": None}, {1: 2}, "\x00a",
    "9" * 400, "2025-99-99", "**", "\\", "a" * 5000, "`a(`b`)`", "${", "../../../etc/passwd", "1e999",
)  # fmt: skip


@cache
def shipped() -> tuple[Any, ...]:
    return tuple(map(load_app, shipped_apps()))


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of everything in a document."""
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from places(inner, (*path, key))


PLACES = tuple(places(DETECTION))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(PLACES), st.sampled_from(ODD)), min_size=1, max_size=3), st.data())
def test_no_value_anywhere_stops_the_judgement(changes: list[tuple[tuple[Any, ...], Any]], data: st.DataObject) -> None:
    document = copy.deepcopy(DETECTION)
    for key in data.draw(st.lists(st.sampled_from(("rba", "finding", "intermediate_findings", "search")), max_size=3)):
        document.pop(key, None)
    for path, value in changes:
        _put(document, path, value)
    judged(yaml.safe_dump(document))


def _put(document: Any, path: tuple[Any, ...], value: Any) -> None:
    """Put the value there, unless an earlier change has taken the place away."""
    with contextlib.suppress(KeyError, IndexError, TypeError):
        for key in path[:-1]:
            document = document[key]
        document[path[-1]] = value


@pytest.mark.parametrize(
    "search",
    [
        "index=main | where " + "(" * 3000 + "1=1" + ")" * 3000,
        "index=main | eval x=" + "-" * 5000 + "1",
        "index=main " + "NOT " * 5000 + "a=b",
        "index=main " + "[ search a=b " * 500 + "]" * 500,
        "index=main | eval x=" + "if(" * 2000,
        "`" * 999,
        "| " * 5000,
        "index=main | rex \"(?<a>" + "(a+)+" * 100 + ")\"",
    ],
)  # fmt: skip
def test_no_search_stops_the_judgement(search: str) -> None:
    judged(yaml.safe_dump(DETECTION | {"search": search}))


@pytest.mark.parametrize(
    "text",
    ["[" * 100_000, "a: &a [x]\nb: " + "*a " * 3, "{" * 2000, "a: !!python/object/apply:os.system ['x']", "\x00", "? "],
)
def test_no_text_stops_the_judgement(text: str) -> None:
    judged(text)


def judged(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "detections" / "thing.yml"
        file.parent.mkdir()
        file.write_text(text, encoding="utf-8")
        content = load_content(Path(folder))
        for problem in validate(content, Knowledge([*shipped(), content_app(content)])):
            assert problem.message
            assert problem.line >= 1
