"""The recorded catalogue of real detections: what of it the engine plans and validates. The numbers may only rise."""

from __future__ import annotations

import tarfile
from collections import Counter
from pathlib import Path

import pytest

from harness.content import Content, load_content
from harness.content.app import content_app
from harness.engine.plan import plan
from harness.engine.search import Searcher, SearchRequest
from harness.engine.store import Store
from harness.errors import SPLError
from harness.knowledge.apps import load_app
from harness.knowledge.knowledge import Knowledge, shipped_apps
from tests.corpus import require_corpus

pytestmark = pytest.mark.corpus

LEAST_SUPPORTED = {"production": 1446, "experimental": 106, "deprecated": 79}
"""Searches that are planned and run over an empty store without anything unsupported."""


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> tuple[Content, Knowledge]:
    folder = tmp_path_factory.mktemp("catalogue")
    with tarfile.open(require_corpus() / "security_content.tar.gz") as archive:
        archive.extractall(folder, filter="data")
    content = load_content(next(Path(folder).iterdir()))
    return content, Knowledge([*map(load_app, shipped_apps()), content_app(content)])


def test_every_detection_is_read(catalogue: tuple[Content, Knowledge]) -> None:
    content, _ = catalogue
    assert len(content.detections) == 1711
    assert {problem.rule for problem in content.problems} <= {"unknown-key"}


def test_searches_run_over_an_empty_store(catalogue: tuple[Content, Knowledge]) -> None:
    content, knowledge = catalogue
    supported: Counter[str] = Counter()
    for detection in content.detections:
        try:
            planned = plan(detection.search, knowledge)
            Searcher(Store(), knowledge).execute(planned, SearchRequest(detection.search, now=1_767_225_600.0))
        except SPLError:
            # A lookup, macro or data model of another app, or a search that is broken as it stands.
            continue
        supported[detection.status] += 1
    fallen = {status: supported[status] for status, least in LEAST_SUPPORTED.items() if supported[status] < least}
    assert not fallen
