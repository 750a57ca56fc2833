"""The recorded catalogue of real detections: what of it the engine plans and runs. The numbers may only rise."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from harness.content import load_content
from harness.content.app import content_app
from harness.engine.macros import EvalMacros
from harness.engine.plan import Plan, plan
from harness.engine.search import Searcher, SearchRequest, SearchResult
from harness.engine.store import Store
from harness.errors import SPLError, UnsupportedSPL
from harness.knowledge.apps import load_app
from harness.knowledge.knowledge import Knowledge, shipped_apps
from harness.spl.macros import expand
from harness.spl.parser import parse_pipeline
from tests.catalogue.corpus_content import CatalogueSearch, catalogue_searches, unpack
from tests.catalogue.matching_events import NOW, helping_app, model_tags, store_for
from tests.corpus import require_corpus

pytestmark = [pytest.mark.corpus, pytest.mark.timeout(300)]

EXCEPTIONS: Final = Path(__file__).parent / "exceptions.yml"
EMPTY: Final = ("external", "broken", "unread", "untrained")
FILLED: Final = ("external", "broken", "unread", "unfit", "refused")
"""Kinds of exceptions over the two stores."""

SEARCHES: Final = {"production": 1472, "experimental": 141, "deprecated": 98, "baseline": 66}
LEAST_WITH_ROWS: Final = {"production": (1420, 1040), "experimental": (95, 45), "baseline": (45, 36)}
"""Over the filled store: searches whose first command gives rows, and whose last one does."""
MOST_FAILED: Final = {"production": (3, 2), "experimental": (11, 7), "baseline": (9, 0)}
"""Over the filled store: searches that fail, and those of them that fail because this engine does not carry something
out. The others say what a Splunk says that has the same apps and the same content."""


@dataclass
class Catalogue:
    folder: Path

    def __post_init__(self) -> None:
        root = unpack(require_corpus(), self.folder)
        self.content = load_content(root)
        shipped = [load_app(path) for path in shipped_apps()]
        helping = helping_app(sorted(model_tags(Knowledge(shipped))), self.folder)
        self.knowledge = Knowledge([*shipped, helping, content_app(self.content)])
        self.searches = catalogue_searches(root, self.content)
        self.failed: dict[str, SPLError] = {}
        """By name what the search that cannot be planned says."""

    @cached_property
    def plans(self) -> list[tuple[CatalogueSearch, Plan]]:
        """Baselines first, as what they put down is there before detections run."""
        return sorted(self._plan(), key=lambda each: each[0].kind != "baseline")

    def _plan(self) -> Iterator[tuple[CatalogueSearch, Plan]]:
        for search in self.searches:
            try:
                yield search, plan(search.text, self.knowledge)
            except SPLError as error:
                self.failed[search.name] = error


@dataclass
class Runs:
    """What became of every search over one store."""

    done: list[tuple[CatalogueSearch, SearchResult]] = field(default_factory=list)
    failed: dict[str, SPLError] = field(default_factory=dict)

    def check(self, kinds: tuple[str, ...]) -> None:
        """Exactly the searches that ``exceptions.yml`` names fail, each with the error that it names."""
        expected = {name: group["error"] for group in exceptions(*kinds) for name in group["searches"]}
        failed = {name: error.message for name, error in self.failed.items()}
        assert {name: error for name, error in failed.items() if name not in expected} == {}
        assert expected.keys() - failed.keys() == set()
        assert {name: error for name, error in failed.items() if not error.startswith(expected[name])} == {}


def exceptions(*kinds: str) -> list[dict[str, Any]]:
    groups = yaml.safe_load(EXCEPTIONS.read_text(encoding="utf-8"))
    return [group for group in groups if group["kind"] in kinds]


def run_all(catalogue: Catalogue, store: Store) -> Runs:
    searcher = Searcher(store, catalogue.knowledge)
    runs = Runs()
    for search, planned in catalogue.plans:
        request = SearchRequest(search.text, now=NOW, earliest=NOW - 3600, latest=NOW)
        try:
            runs.done.append((search, searcher.execute(planned, request)))
        except SPLError as error:
            runs.failed[search.name] = error
    runs.failed |= catalogue.failed
    return runs


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    require_corpus()
    return Catalogue(tmp_path_factory.mktemp("catalogue"))


def test_every_search_is_read(catalogue: Catalogue) -> None:
    assert Counter(search.kind for search in catalogue.searches) == SEARCHES
    assert {problem.rule for problem in catalogue.content.problems} <= {"unknown-key"}


def test_every_text_is_a_pipeline_of_commands(catalogue: Catalogue) -> None:
    """With its macros, all of them; what commands then cannot read of their arguments is told as unsupported."""
    for search in catalogue.searches:
        assert parse_pipeline(expand(search.text, catalogue.knowledge.macros, EvalMacros())).commands, search.name
    assert len(catalogue.plans) + len(catalogue.failed) == len(catalogue.searches)
    unread = {name for group in exceptions("unread") for name in group["searches"]}
    assert all(isinstance(catalogue.failed[name], UnsupportedSPL) for name in unread)


def test_every_search_runs_over_an_empty_store(catalogue: Catalogue) -> None:
    run_all(catalogue, Store()).check(EMPTY)


@pytest.mark.slow
def test_every_search_runs_over_events_that_it_finds(catalogue: Catalogue) -> None:
    runs = run_all(catalogue, store_for((planned for _, planned in catalogue.plans), catalogue.knowledge))
    runs.check(FILLED)
    for kind, (first, last) in LEAST_WITH_ROWS.items():
        of_kind = [result for search, result in runs.done if search.kind == kind]
        assert sum(result.stages[0].rows > 0 for result in of_kind) >= first
        assert sum(result.frame.length > 0 for result in of_kind) >= last
    for kind, most in MOST_FAILED.items():
        names = {search.name for search in catalogue.searches if search.kind == kind}
        failed = [error for name, error in runs.failed.items() if name in names]
        assert (len(failed), sum(isinstance(error, UnsupportedSPL) for error in failed)) == most
        assert most[1] <= SEARCHES[kind] * 0.05


def test_exceptions_are_few(catalogue: Catalogue) -> None:
    """At most five of the production detections. All are read but three, which are deprecated."""
    kinds = {search.name: search.kind for search in catalogue.searches}
    named = {name: group["kind"] for group in exceptions(*EMPTY, *FILLED) for name in group["searches"]}
    assert sum(kinds[name] == "production" for name in named) <= 5
    assert [kinds[name] for name, why in named.items() if why == "unread"] == ["deprecated"] * 3
