"""What a test can say that it expects, and what is refused because it would prove something else than was meant."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.content import load_content
from harness.content.detection_tests import read_test
from harness.content.expected import Like, Same, Within
from harness.content.fields import Fields
from harness.content.models import DetectionTest, KnownFailure, Problem
from harness.content.yaml_document import read_yaml
from tests.runner.packs import a_test, detection, write_pack

TEST = "name: T\nattack_data:\n- data: d.log\n  source: s\n  sourcetype: st\n"


def read(text: str) -> tuple[DetectionTest, list[Problem]]:
    document, problems = read_yaml(Path("test.yml"), (TEST + text).encode())
    assert document is not None
    return read_test(Fields(document, problems), frozenset({"Usual"})), problems


def test_rows_fields_risk_and_counts_are_read() -> None:
    test, problems = read(
        "expect:\n"
        "  count: '>=2'\n"
        "  rows:\n"
        "  - {dest: host-1, n: 3, who: [a, b], nobody: null, process: {like: 'net*'}, age: {number: '1..5'}}\n"
        "  fields: {action: blocked}\n"
        "  risk:\n"
        "  - {risk_object: host-1, risk_score: 64}\n"
    )
    assert problems == []
    assert (test.expect.minimum, test.expect.maximum) == (2, None)
    assert test.expect.rows[0].cells == (
        ("dest", Same(("host-1",))), ("n", Within(3, 3)), ("who", Same(("a", "b"))), ("nobody", Same(())),
        ("process", Like("net*")), ("age", Within(1, 5)),
    )  # fmt: skip
    assert test.expect.fields.cells == (("action", Same(("blocked",))),)
    assert test.expect.risk[0].cells == (("risk_object", Same(("host-1",))), ("risk_score", Within(64, 64)))


def test_as_many_rows_are_expected_at_least_as_are_given() -> None:
    test, _ = read("expect:\n  rows: [{dest: a}, {dest: b}]\n")
    assert (test.expect.minimum, test.expect.maximum) == (2, None)


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ("expect: 3\n", 6, "must be a mapping"),
        ("expect: {}\n", 6, "expects nothing"),
        ("expect:\n", 6, "expects nothing"),
        ("expect:\n  cuont: 3\n", 7, "Is count meant?"),
        ("expect:\n  count: some\n", 7, "must be a number of rows"),
        ("expect:\n  count: 1.5\n", 7, "must be a number of rows"),
        ("expect:\n  count: '>=0'\n", 7, "nothing found would pass"),
        ("expect:\n  count: 0..3\n  fields: {a: 1}\n", 7, "nothing found would pass"),
        ("expect:\n  rows: []\n", 7, "must be a list of rows"),
        ("expect:\n  rows: [null]\n", 7, "must be a mapping"),
        ("expect:\n  fields: {}\n", 7, "any row would do"),
        ("expect:\n  rows: {dest: a}\n", 7, "must be a list"),
        ("expect:\n  rows:\n  - dest: a\n  - {}\n", 9, "any row would do"),
        ("expect:\n  rows:\n  - dest: true\n", 8, "write 'true'"),
        ("expect:\n  rows:\n  - dest: []\n", 8, "must be a list of texts"),
        ("expect:\n  rows:\n  - dest: {near: a}\n", 8, "no such key"),
        ("expect:\n  rows:\n  - dest: {like: a, number: 1}\n", 8, "one of like and number"),
        ("expect:\n  rows:\n  - dest: {number: many}\n", 8, "must be a number"),
        ("expect:\n  fields: [dest]\n", 7, "must be a mapping"),
        ("expect:\n  count: 1\n  rows: [{a: 1}, {a: 2}]\n", 8, "count allows 1"),
        ("expect:\n  count: 0\n  fields: {a: 1}\n", 7, "nothing that could hold"),
        ("earliest: yesterday\n", 6, "is no time"),
        ("earliest: -1h\nearliest_time: -1h\n", 6, "keep one of them"),
        ("baselines: Usual\n", 6, "must be a list"),
        ("baselines: [Usuel]\n", 6, "Is Usual meant?"),
        ("known_failure: {reason: R}\n", 6, "the key until is missing"),
        ("known_failure: {reason: R, until: soon}\n", 6, "must be a date"),
    ],
)
def test_what_is_malformed_is_refused_with_its_place_and_the_test_proves_nothing(
    text: str, line: int, told: str
) -> None:
    test, problems = read(text)
    assert [problem.line for problem in problems] == [line]
    assert told in str(problems[0])
    assert test.malformed == (str(problems[0]),)


def test_a_window_baselines_and_a_known_failure_are_read() -> None:
    test, problems = read(
        "earliest_time: -1h@h\nlatest: now\n"
        "baselines: [Usual, {name: Usual, earliest: -7d, attack_data: [{data: b, source: s, sourcetype: t}]}]\n"
        "known_failure: {reason: the add-on drops user, until: 2026-12-31}\n"
    )
    assert problems == []
    assert (test.earliest, test.latest) == ("-1h@h", "now")
    assert [(each.name, len(each.attack_data), each.earliest) for each in test.baselines] == [
        ("Usual", 0, ""),
        ("Usual", 1, "-7d"),
    ]
    assert isinstance(test.known_failure, KnownFailure)
    assert (test.known_failure.reason, str(test.known_failure.until)) == ("the add-on drops user", "2026-12-31")


@pytest.mark.parametrize(
    ("expected", "cell", "holds"),
    [
        (Same(("a",)), "a", True), (Same(("a",)), "A", False), (Same(("a",)), ["a", "b"], False),
        (Same(("a", "b")), ["b", "a"], True), (Same(("a", "a")), ["a"], False), (Same(("a*",)), "ab", False),
        (Same(()), None, True), (Same(()), "", True), (Same(()), "x", False),
        (Like("NET*x"), "net use x", True), (Like("net"), "net use", False), (Like("[a]?"), "[A]?", True),
        (Like("[a]?"), "ab", False), (Like("*"), None, False), (Like("a*"), ["ab", "b"], False),
        (Within(3, 3), "3", True), (Within(3, 3), "3.000", True), (Within(3, 3), "03x", False),
        (Within(2, None, exclusive=True), "2", False), (Within(2, None), ["2", "3"], False),
        (Within(1, 5), None, False),
    ],
)  # fmt: skip
def test_values(expected: Any, cell: Any, holds: bool) -> None:
    assert expected.holds(cell) is holds


def test_a_baseline_is_known_by_its_file(tmp_path: Path) -> None:
    text = "name: Usual\nid: 1\nsearch: index=main | outputlookup usual.csv\ntags: {detections: [Net Use]}\n"
    root = write_pack(tmp_path, detection(tests=[a_test(baselines=["Usual"])]), **{"baselines/usual.yml": text})
    content = load_content(root)
    assert [(each.name, each.detections) for each in content.baselines] == [("Usual", ("Net Use",))]
    assert content.problems == ()
