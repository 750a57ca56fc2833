"""The JSON Schema for editors says what the loader says, in the dialects of all three tools."""

from __future__ import annotations

import tarfile
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from harness.content import load_content
from harness.content.models import Detection
from harness.content.shapes import SCHEMA_FILE, detection_schema, schema_text
from tests.content.test_dialects import FINDING, OBSERVABLE, RBA
from tests.corpus import require_corpus
from tests.runner.packs import write

BAD = Path(__file__).parent / "bad"
TOLD_BY_SCHEMA = (
    "id-uuid", "mitre-id", "name-length", "reference-url", "risk-score", "risk-type", "throttle-period", "type",
    "unknown-key", "version",
)  # fmt: skip


@pytest.fixture(scope="module")
def validator() -> Any:
    return Draft7Validator(detection_schema())


def wrong(validator: Any, detection: Detection) -> list[str]:
    return [error.message for error in validator.iter_errors(dict(detection.document))]


def test_the_file_is_that_of_the_loader_and_a_schema_of_draft_7() -> None:
    assert SCHEMA_FILE.read_bytes() == schema_text(), "call harness.content.shapes.write_schema()"
    Draft7Validator.check_schema(detection_schema())


@pytest.mark.parametrize("text", [OBSERVABLE, RBA, FINDING], ids=["4.x", "5.x", "ng"])
def test_a_detection_of_each_dialect_is_as_the_schema_says(tmp_path: Path, validator: Any, text: str) -> None:
    write(tmp_path / "detections" / "door_opened.yml", text)
    (detection,) = load_content(tmp_path).detections
    assert wrong(validator, detection) == []


def test_our_own_detections_are_as_the_schema_says(validator: Any) -> None:
    detections = load_content(Path(__file__).parents[2]).detections
    assert detections
    assert {each.name: found for each in detections if (found := wrong(validator, each))} == {}


@pytest.mark.parametrize("rule", TOLD_BY_SCHEMA)
def test_what_an_editor_can_tell_it_tells(validator: Any, rule: str) -> None:
    detections = load_content(BAD / rule).detections
    assert any(wrong(validator, each) for each in detections)


@pytest.mark.corpus
def test_published_detections_break_the_schema_only_where_the_loader_says_so(tmp_path: Path, validator: Any) -> None:
    with tarfile.open(require_corpus() / "security_content.tar.gz") as archive:
        archive.extractall(tmp_path, filter="data")
    content = load_content(next(tmp_path.iterdir()))
    told = {problem.file for problem in content.problems}
    found = {each.file for each in content.detections if wrong(validator, each)}
    assert found <= told
