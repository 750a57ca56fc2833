"""The rows that a test expects, held against those that it got; the nearest row is told where one is missing."""

from __future__ import annotations

from collections.abc import Sequence

from harness.client.answers import Row
from harness.content.expected import Expectation, ExpectedRow, shown

MAX_TOLD = 5


def complaints_about_rows(rows: Sequence[Row], expect: Expectation) -> list[str]:
    """Why the result rows are not those that the test expects; nothing if they are."""
    return [*missing(rows, expect.rows, "row"), *_differing(rows, expect.fields)]


def missing(rows: Sequence[Row], expected: Sequence[ExpectedRow], noun: str) -> list[str]:
    """The expected rows that no row is left for: each is to be met by another one."""
    taken = _assigned(rows, expected)
    told = [_told(rows, row, noun) for position, row in enumerate(expected) if position not in taken]
    return [*told[:MAX_TOLD], *([f"... and {len(told) - MAX_TOLD} more"] if len(told) > MAX_TOLD else [])]


def _assigned(rows: Sequence[Row], expected: Sequence[ExpectedRow]) -> set[int]:
    """The expected rows that can be met, as many as possible (augmenting paths, without recursion)."""
    meeting = [[number for number, row in enumerate(rows) if not _differences(row, wanted)] for wanted in expected]
    owner: dict[int, int] = {}
    for start in range(len(expected)):
        came_from: dict[int, int] = {}
        pending, free = [start], None
        while pending and free is None:
            position = pending.pop()
            for number in meeting[position]:
                if number in came_from:
                    continue
                came_from[number] = position
                if number not in owner:
                    free = number
                    break
                pending.append(owner[number])
        while free is not None:
            position = came_from[free]
            previous = next((number for number, who in owner.items() if who == position), None)
            owner[free] = position
            free = previous
    return set(owner.values())


def _told(rows: Sequence[Row], wanted: ExpectedRow, noun: str) -> str:
    if not rows:
        return f"no {noun} has {wanted}: there is no {noun}"
    differences = [_differences(row, wanted) for row in rows]
    nearest = min(range(len(rows)), key=lambda number: len(differences[number]))
    if not differences[nearest]:
        return f"too few {noun}s have {wanted}: each expected {noun} needs another one"
    found = ", ".join(f"{name}={shown(rows[nearest].get(name))}" for name in differences[nearest])
    return f"no {noun} has {wanted}; the nearest, {noun} {nearest + 1}, has {found}"


def _differences(row: Row, wanted: ExpectedRow) -> list[str]:
    return [name for name, value in wanted.cells if not value.holds(row.get(name))]


def _differing(rows: Sequence[Row], held: ExpectedRow) -> list[str]:
    """What should hold in every row but does not."""
    complaints = []
    for name, value in held.cells:
        wrong = [number for number, row in enumerate(rows, start=1) if not value.holds(row.get(name))]
        if wrong:
            complaints.append(
                f"every row must have {name}={value}, but {len(wrong)} of {len(rows)} do not: "
                f"row {wrong[0]} has {name}={shown(rows[wrong[0] - 1].get(name))}"
            )
    return complaints
