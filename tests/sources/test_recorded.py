"""Our add-ons give the fields that the vendors' add-ons gave on real servers: measured, and only ever more of them."""

from __future__ import annotations

import pytest

from harness.knowledge.knowledge import Knowledge, shipped_apps
from tests.corpus import require_corpus
from tests.sources.recorded import Score, read_ratchet, scores, total

pytestmark = pytest.mark.corpus


@pytest.fixture(scope="module")
def measured() -> dict[str, Score]:
    require_corpus()
    return {score.name: score for score in scores()}


def test_no_source_loses_a_field_or_gains_one_that_was_not_recorded(measured: dict[str, Score]) -> None:
    worse = [
        f"{name}: {now.found} found and {now.extra} extra, was {before.found} and {before.extra}"
        for name, before in read_ratchet().items()
        if (now := measured[name]).found < before.found or now.extra > before.extra
    ]
    assert worse == [], "record a change that is wanted with: python -m tests.sources.recorded --write"


def test_every_source_of_the_recording_is_in_the_ratchet(measured: dict[str, Score]) -> None:
    assert sorted(measured) == sorted(read_ratchet())


def test_nearly_all_recorded_fields_are_there(measured: dict[str, Score]) -> None:
    assert total(measured.values()).recall >= 0.97


def test_few_fields_are_there_that_were_not_recorded(measured: dict[str, Score]) -> None:
    assert total(measured.values()).precision >= 0.96


def test_no_source_is_poorly_known(measured: dict[str, Score]) -> None:
    assert {name: round(score.recall, 3) for name, score in measured.items() if score.recall < 0.85} == {}


def test_the_shipped_apps_are_read_without_a_warning() -> None:
    knowledge = Knowledge.load(shipped_apps())
    for settings in knowledge.props.stanzas:
        knowledge.recipe("", "", settings)
        knowledge.recipe(settings.removeprefix("source::").replace("...", ""), "", "")
    assert knowledge.eventtypes
    assert [str(warning) for warning in knowledge.warnings] == []
