"""The reader of expressions that the tests of workflows rest on."""

from __future__ import annotations

from typing import Any

import pytest

from tests.workflows.expressions import ExpressionError, evaluate, fill, holds

KNOWN = {"github.ref_type": "tag", "needs.a.result": "skipped", "inputs.image": "", "github.action_path": "/x"}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("github.ref_type == 'TAG'", True),
        ("inputs.image != ''", False),
        ("inputs.image || format('{0}/../{1}', github.action_path, 'y')", "/x/../y"),
        ("github.nothing", ""),
        ("!(needs.a.result == 'success' || needs.a.result == 'skipped')", False),
        ("""fromJSON('["1/2", "it''s"]')""", ["1/2", "it's"]),
    ],
)
def test_values(text: str, value: Any) -> None:
    assert evaluate(text, KNOWN) == value


@pytest.mark.parametrize(
    ("condition", "succeeded", "held"),
    [
        ("", True, True),
        ("", False, False),
        ("github.ref_type == 'tag'", False, False),
        ("always()", False, True),
        ("${{ !cancelled() && needs.a.result == 'skipped' }}", False, True),
        ("failure()", True, False),
    ],
)
def test_conditions(condition: str, succeeded: bool, held: bool) -> None:
    assert holds(condition, KNOWN, succeeded=succeeded) is held


def test_what_is_beyond_it_is_not_guessed() -> None:
    with pytest.raises(ExpressionError):
        fill("${{ hashFiles('x') }}", KNOWN)
    with pytest.raises(ExpressionError):
        evaluate("github.run_number > 3", KNOWN)
