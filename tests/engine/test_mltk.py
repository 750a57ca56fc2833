"""Commands of the Machine Learning Toolkit where pages cannot say it: without packages, and from search to search."""

from __future__ import annotations

import sys

import pytest

from harness.engine.search import Searcher, SearchRequest
from harness.engine.store import Store
from harness.errors import UnsupportedSPL
from harness.knowledge.knowledge import Knowledge

TRAIN = "| makeresults count=60 | streamstats count as n | eval x=if(n%2==0, 8, 12) | fit DensityFunction x dist=norm"


@pytest.mark.parametrize("package", ["pandas", "scipy.stats"])
def test_a_missing_package_is_named_with_the_command_that_installs_it(
    package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(UnsupportedSPL) as refused:
        Searcher(Store(), Knowledge([])).run(SearchRequest(TRAIN))
    assert refused.value.hint == "pip install 'harness[ml]'"


def test_a_model_is_a_lookup_file_that_later_searches_find() -> None:
    searcher = Searcher(Store(), Knowledge([]))
    searcher.run(SearchRequest(f"{TRAIN} into usual"))
    assert "__mlspl_usual.mlmodel" in searcher.knowledge.lookup_names()
    found = searcher.run(SearchRequest("| makeresults | eval x=16 | apply usual")).frame.to_rows()
    assert [row["IsOutlier(x)"] for row in found] == [1]


def test_results_go_without_a_field_that_is_random_and_say_so() -> None:
    searcher = Searcher(Store(), Knowledge([]))
    searcher.run(SearchRequest(f"{TRAIN} into usual"))
    result = searcher.run(SearchRequest("| summary usual"))
    assert "distance" not in result.frame.columns
    assert [message.text for message in result.messages] == [
        "The field 'distance' is left out of the results. "
        "The field 'distance' cannot be told: it is measured from random numbers."
    ]
