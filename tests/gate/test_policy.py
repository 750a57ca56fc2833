"""``gate.yml``: what it may say, and that whatever it says unclearly is refused with its line."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from harness.errors import ContentError
from harness.gate.policy import Policy, Waiver, read_policy
from harness.runner.record import Level

RULES = frozenset({"unit", "version"})
WAIVER = """\
waivers:
  - detection: Suspicious Thing
    rule: unit
    owner: jane@example.com
    reason: the add-on is wrong
    until: 2027-01-31
"""


def _read(tmp_path: Path, text: str) -> Policy:
    path = tmp_path / "gate.yml"
    path.write_text(text)
    return read_policy(path, RULES)


def test_an_empty_file_asks_what_no_file_asks(tmp_path: Path) -> None:
    assert _read(tmp_path, "") == Policy()
    assert Policy().levels == (Level.VALIDATION, Level.UNIT, Level.INTEGRATION)


def test_everything_that_can_be_said(tmp_path: Path) -> None:
    text = (
        "levels: [validation, unit]\nbackends: [embedded, docker]\nstatuses: [production, experimental]\nflaky: allow\n"
        + WAIVER
    )
    assert _read(tmp_path, text) == Policy(
        levels=(Level.VALIDATION, Level.UNIT),
        backends=("embedded", "docker"),
        statuses=("production", "experimental"),
        flaky="allow",
        waivers=(
            Waiver(
                detection="Suspicious Thing",
                rule="unit",
                owner="jane@example.com",
                reason="the add-on is wrong",
                until=date(2027, 1, 31),
            ),
        ),
    )


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("levels: [unit]\nlevel: [unit]\n", 2, "level"),
        ("backends: [embedded]\nlevels: [units]\n", 2, "units"),
        ("levels: []\n", 1, "levels is empty"),
        ("backends: []\n", 1, "backends is empty"),
        ("statuses: []\n", 1, "statuses is empty"),
        (WAIVER.replace("rule: unit", "rule: everything"), 3, "no rule 'everything'"),
        (WAIVER.replace("2027-01-31", "some day"), 6, "date"),
        (WAIVER.replace("until", "til"), 6, "til"),
        (WAIVER.replace("    until: 2027-01-31\n", ""), 2, "until"),
        (WAIVER.replace("jane@example.com", '" "'), 4, "owner is empty"),
        (WAIVER.replace("the add-on is wrong", "''"), 5, "reason is empty"),
        (WAIVER + "    owner: joe\n", 7, "owner is given twice"),
        ("- unit\n", 1, "mapping"),
        ("levels: [unit\n", 2, "not YAML"),
    ],
)
def test_what_is_unclear_is_refused_with_its_line(tmp_path: Path, text: str, line: int, message: str) -> None:
    with pytest.raises(ContentError, match=message) as caught:
        _read(tmp_path, text)
    assert str(caught.value.where) == f"{tmp_path / 'gate.yml'}:{line}"
