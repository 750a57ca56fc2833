"""Every measured answer of a real Splunk is held by a test, or listed with the reason why not."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.fidelity.citations import MEASURED, REASONS, Proof, held, measured_ids, proofs, unproven


@pytest.fixture(scope="module")
def ids() -> list[str]:
    found = measured_ids()
    if not found:
        pytest.skip(f"no measured answers at {MEASURED}")
    return found


@pytest.fixture(scope="module")
def found() -> list[Proof]:
    return proofs()


def test_no_measured_answer_is_left_out(ids: list[str], found: list[Proof]) -> None:
    cited = {number for proof in found for number in proof.ids}
    missing = [number for number in ids if number not in cited and number not in unproven()]
    assert missing == [], "hold it in a test that cites it, or list it in tests/fidelity/unproven.yml"


def test_only_measured_answers_are_cited_and_listed(ids: list[str], found: list[Proof]) -> None:
    known = set(ids)
    assert {proof.name: wrong for proof in found if (wrong := set(proof.ids) - known)} == {}
    assert set(unproven()) - known == set()


def test_nothing_is_both_held_and_listed(found: list[Proof]) -> None:
    assert held(found) & set(unproven()) == set()


def test_every_reason_is_one_that_counts() -> None:
    assert {reason for reason, _ in unproven().values()} <= set(REASONS)
    assert all(isinstance(note, str) and note for _, note in unproven().values())


def test_nearly_all_measured_answers_are_held(ids: list[str], found: list[Proof]) -> None:
    share = {
        letter: len([number for number in held(found) if number.startswith(letter)]) / total
        for letter, total in Counter(number[0] for number in ids).items()
    }
    assert share["M"] >= 0.9
    assert share["N"] >= 0.6
