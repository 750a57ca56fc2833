"""Our add-ons give the fields that the vendors' add-ons gave on real servers: measured, and only ever more of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.knowledge.knowledge import Knowledge, shipped_apps
from tests.corpus import require_corpus
from tests.sources.recorded import (
    EXCLUDED,
    HEADER_ONLY,
    TABLE,
    Score,
    is_header_only,
    read_table,
    recordings,
    scores,
    table,
    total,
)

WRITE = "record a change that is wanted with: python -m tests.sources.recorded --write"


@pytest.fixture(scope="module")
def measured() -> dict[str, Score]:
    require_corpus()
    return {score.name: score for score in scores()}


@pytest.mark.corpus
def test_no_source_loses_a_field_or_gains_one_that_was_not_recorded(measured: dict[str, Score]) -> None:
    worse = [
        f"{name}: {now.found} found and {now.extra} extra, was {before.found} and {before.extra}"
        for name, before in read_table().items()
        if (now := measured[name]).found < before.found or now.extra > before.extra
    ]
    assert worse == [], WRITE


@pytest.mark.corpus
def test_the_table_holds_what_is_measured(measured: dict[str, Score], tmp_path: Path) -> None:
    written = tmp_path / TABLE.name
    written.write_text(table(list(measured.values())), encoding="utf-8")
    assert TABLE.read_text(encoding="utf-8") == written.read_text(encoding="utf-8"), f"{written}\n{WRITE}"


@pytest.mark.corpus
def test_nearly_all_recorded_fields_are_there(measured: dict[str, Score]) -> None:
    assert total(measured.values()).recall >= 0.97


@pytest.mark.corpus
def test_few_fields_are_there_that_were_not_recorded(measured: dict[str, Score]) -> None:
    assert total(measured.values()).precision >= 0.96


@pytest.mark.corpus
def test_no_source_is_poorly_known(measured: dict[str, Score]) -> None:
    assert {name: round(score.recall, 3) for name, score in measured.items() if score.recall < 0.85} == {}


@pytest.mark.corpus
def test_a_recording_is_left_out_for_its_header_only_if_it_is_no_more_than_that() -> None:
    texts = {recording.name: recording.text for recording in recordings()}
    for name, text in texts.items():
        assert is_header_only(text) == (EXCLUDED.get(name) == HEADER_ONLY), name


def test_the_shipped_apps_are_read_without_a_warning() -> None:
    knowledge = Knowledge.load(shipped_apps())
    for settings in knowledge.props.stanzas:
        knowledge.recipe("", "", settings)
        knowledge.recipe(settings.removeprefix("source::").replace("...", ""), "", "")
    assert knowledge.eventtypes
    assert [str(warning) for warning in knowledge.warnings] == []
