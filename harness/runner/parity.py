"""Two records of the same plan on two Splunks, compared test by test and field by field."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from harness.runner.record import Cell, RunRecord, TestRecord

_OWN = re.compile(r"harness_[0-9a-f]{12}")
"""What a test calls its own index and host on a server of others; embedded they are these:"""
_USUAL = frozenset(("harness", "main"))
MAX_ROWS_TOLD = 5

Row = Mapping[str, Cell]


@dataclass(frozen=True, slots=True)
class Difference:
    """Of one test: ``what`` differs, what each Splunk has, and what that says about where to look."""

    detection: str
    level: str
    test: str
    what: str
    left: str
    right: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Parity:
    """``compared`` tests were run on both. ``undecided`` are tests of which one of the two knows no verdict."""

    compared: int
    undecided: int
    differences: tuple[Difference, ...]

    @property
    def differing(self) -> int:
        return len({(item.detection, item.level, item.test) for item in self.differences})


def compare(left: RunRecord, right: RunRecord) -> Parity:
    """Validation is not compared: it asks no Splunk."""
    theirs = dict(_results(right))
    differences: list[Difference] = []
    compared = undecided = 0
    for key, result in _results(left):
        other = theirs.get(key)
        if other is None:
            differences.append(Difference(*key, "whether it was run", "run", "not run"))
            continue
        compared += 1
        undecided += "error" in {result.status.value, other.status.value}
        differences += [Difference(*key, *found) for found in _differences(result, other)]
    return Parity(compared, undecided, tuple(differences))


def _results(record: RunRecord) -> Iterator[tuple[tuple[str, str, str], TestRecord]]:
    for detection in record.detections:
        for result in detection.results:
            if result.level.value != "validation":
                yield (detection.name, result.level.value, result.test), result


def _differences(left: TestRecord, right: TestRecord) -> Iterator[tuple[str, str, str, str]]:
    """In the order in which things happen, so that the first is the cause of the others."""
    for ours, theirs in zip(left.datasets, right.datasets, strict=False):
        if ours.events != theirs.events:
            hint = f"events of {ours.sourcetype} are broken differently: compare the add-ons' index-time settings"
            yield f"events of {ours.data}", str(ours.events), str(theirs.events), hint
    if left.search and right.search and left.search != right.search:
        yield (
            "the expanded search",
            left.search,
            right.search,
            "a macro is defined differently on one of them, or not at all",
        )
    for position, (here, there) in enumerate(zip(left.stages, right.stages, strict=False), 1):
        if here.rows != there.rows:
            hint = f"command {position}, {here.command}, is the first after which they differ"
            yield f"rows after {here.command}", str(here.rows), str(there.rows), hint
            break
    if left.status is not right.status:
        yield "the verdict", _verdict(left), _verdict(right), ""
    elif left.result_count != right.result_count:
        yield "the number of rows", str(left.result_count), str(right.result_count), ""
    yield from _rows(left.rows, right.rows)


def _verdict(result: TestRecord) -> str:
    reason = result.reason.partition("\n")[0]
    return f"{result.status.value}: {reason}" if reason else result.status.value


def _rows(left: Sequence[Row], right: Sequence[Row]) -> Iterator[tuple[str, str, str, str]]:
    """Rows that both have are set aside, in whatever order; of the others each is held against the most similar one."""
    ours, theirs = list(left), list(right)
    for row in left:
        match = next((other for other in theirs if not _fields(row, other)), None)
        if match is not None:
            ours.remove(row)
            theirs.remove(match)
    for row in ours[:MAX_ROWS_TOLD]:
        if not theirs:
            yield "a row", _text(row), "(no such row)", ""
            continue
        nearest = min(theirs, key=lambda other: len(_fields(row, other)))
        theirs.remove(nearest)
        for name in _fields(row, nearest):
            yield f"the field {name}", _value(row, name), _value(nearest, name), _about(name, row, nearest)
    for row in theirs[:MAX_ROWS_TOLD]:
        yield "a row", "(no such row)", _text(row), ""


def _fields(left: Row, right: Row) -> list[str]:
    """The names of fields whose values differ."""
    return [name for name in sorted(left.keys() | right.keys()) if not _equal(left.get(name), right.get(name))]


def _equal(left: Cell | None, right: Cell | None) -> bool:
    if left == right:
        return True
    if isinstance(left, str) and isinstance(right, str):
        own = [bool(_OWN.fullmatch(value)) for value in (left, right)]
        return (own[0] and (own[1] or right in _USUAL)) or (own[1] and left in _USUAL)
    return False


def _about(name: str, left: Row, right: Row) -> str:
    ours, theirs = left.get(name), right.get(name)
    if ours is None or theirs is None:
        return "only one of them has it: compare the add-ons' search-time settings"
    if isinstance(ours, list) and isinstance(theirs, list) and sorted(ours) == sorted(theirs):
        return "the same values in another order"
    return ""


def _value(row: Row, name: str) -> str:
    return _quoted(row[name]) if name in row else "(no value)"


def _quoted(value: Cell) -> str:
    """As it is: the backslashes of a path are not doubled."""
    if isinstance(value, list):
        return f"[{', '.join(map(_quoted, value))}]"
    return f"'{value}'" if isinstance(value, str) and value.isprintable() else repr(value)


def _text(row: Row) -> str:
    return ", ".join(f"{name}={_value(row, name)}" for name in sorted(row))
