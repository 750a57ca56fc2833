"""The tests of a detection: their data, and what they expect of its results."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from datetime import UTC, date
from typing import Any

from harness.content import shapes
from harness.content.expected import (
    Expectation,
    ExpectedRow,
    ExpectedValue,
    Like,
    Same,
    Within,
    parse_count,
    parse_range,
)
from harness.content.fields import Fields
from harness.content.models import AttackData, DetectionTest, KnownFailure, TestBaseline
from harness.errors import UnsupportedSPL
from harness.spl.time import InvalidTimeError, resolve_time


def read_test(fields: Fields, known_baselines: frozenset[str]) -> DetectionTest:
    """A test with anything wrong in it is ``malformed``: what it would prove is not what its author meant."""
    before = len(fields.problems)
    fields.unknown(shapes.Test, "a test")
    test = DetectionTest(
        name=fields.text("name", required=True),
        attack_data=_attack_data(fields),
        expect=_expectation(fields),
        earliest=_time(fields, "earliest"),
        latest=_time(fields, "latest"),
        baselines=_baselines(fields, known_baselines),
        risk_from=fields.texts("risk_from"),
        known_failure=_known_failure(fields),
        line=fields.line(),
    )
    wrong = [problem for problem in fields.problems[before:] if problem.severity == "error"]
    return test if not wrong else test.broken(tuple(map(str, wrong)))


def _attack_data(fields: Fields) -> tuple[AttackData, ...]:
    return tuple(map(_dataset, fields.each("attack_data")))


def _dataset(fields: Fields) -> AttackData:
    fields.unknown(shapes.ReplayedData, "attack_data")
    return AttackData(
        fields.text("data", required=True).strip(),
        fields.text("source", required=True),
        fields.text("sourcetype", required=True),
        fields.text("custom_index") or fields.text("index"),
        fields.text("host"),
        _retime(fields),
        fields.line("data"),
    )


def _retime(fields: Fields) -> str:
    value = fields.data.get("retime")
    if isinstance(value, bool):
        return "now" if value else ""
    return _checked_time(fields, "retime", fields.text("retime"))


def _time(fields: Fields, name: str) -> str:
    """``earliest`` is our word for it, ``earliest_time`` that of contentctl."""
    key = name if fields.has(name) else f"{name}_time"
    text = fields.text(key)
    if fields.has(name) and fields.has(f"{name}_time"):
        fields.note("schema", f"says the same as {name}_time; keep one of them", name)
    return _checked_time(fields, key, text)


def _checked_time(fields: Fields, key: str, text: str) -> str:
    if text:
        try:
            resolve_time(text, 0.0, UTC)
        except (InvalidTimeError, UnsupportedSPL) as error:
            fields.note("schema", f"is no time for a test: {error}", key)
    return text


def _baselines(fields: Fields, known: frozenset[str]) -> tuple[TestBaseline, ...]:
    """Each is a name, or a mapping with the name and the data that the baseline is computed from."""
    value = fields.data.get("baselines") or []
    if not isinstance(value, list):
        fields.note("schema", "must be a list", "baselines")
        return ()
    found = tuple(_baseline(fields, position, item) for position, item in enumerate(value))
    for position, item in enumerate(found):
        if item.name and item.name not in known:
            near = difflib.get_close_matches(item.name, sorted(known), n=1)
            hint = f"Is {near[0]} meant?" if near else "Baselines are described in the folder baselines."
            fields.note("unknown-baseline", f"there is no baseline {item.name!r}", "baselines", position, hint=hint)
    return found


def _baseline(fields: Fields, position: int, value: object) -> TestBaseline:
    path = (*fields.path, "baselines", position)
    if isinstance(value, str) and value:
        return TestBaseline(value, line=fields.line("baselines", position))
    inner = Fields(fields.document, fields.problems, value if value is not None else [], path)
    inner.unknown(shapes.TestBaseline, "a baseline of a test")
    name, data = inner.text("name", required=True), _attack_data(inner)
    return TestBaseline(name, data, _time(inner, "earliest"), _time(inner, "latest"), inner.line())


def _known_failure(fields: Fields) -> KnownFailure | None:
    if not fields.has("known_failure"):
        return None
    known = fields.inner("known_failure")
    known.unknown(shapes.KnownFailure, "known_failure")
    reason, until = known.text("reason", required=True), known.text("until", required=True)
    try:
        return KnownFailure(reason, date.fromisoformat(until))
    except ValueError:
        if known.has("until"):
            known.note("schema", "must be a date, YYYY-MM-DD", "until")
    return None


# --- what is expected -------------------------------------------------------------------------------------------------


def _expectation(fields: Fields) -> Expectation:
    minimum, maximum = 1, None
    if fields.has("expected_results"):
        count = fields.integer("expected_results", default=1)
        minimum, maximum = (0, 0) if count == 0 else (count, None)
    if "expect" not in fields.data:
        return Expectation(minimum, maximum)
    expect = fields.inner("expect")
    expect.unknown(shapes.Expect, "expect")
    if not fields.data["expect"]:
        fields.note("schema", "expects nothing: give count, rows, fields or risk", "expect")
    if expect.has("count"):
        found = parse_count(expect.text("count"))
        if found is None:
            expect.note("schema", "must be a number of rows, >=N, <=N or N..M", "count")
        else:
            minimum, maximum = found
            if minimum == 0 != maximum and not expect.data.get("rows"):
                told = "allows no row as well as some, so that nothing found would pass; begin at 1, or ask for 0"
                expect.note("schema", told, "count")
    rows, risk = _rows(expect, "rows"), _rows(expect, "risk")
    inner = expect.inner("fields") if "fields" in expect.data else None
    held = ExpectedRow(() if inner is None else _cells(inner))
    if maximum is not None and len(rows) > maximum:
        expect.note("schema", f"are {len(rows)}, but count allows {maximum}", "rows")
    if maximum == 0 and (risk or held.cells):
        expect.note("schema", "asks for no row, so there is nothing that could hold in one", "count")
    return Expectation(max(minimum, len(rows)), maximum, rows, held, risk)


def _rows(expect: Fields, key: str) -> tuple[ExpectedRow, ...]:
    if key in expect.data and not expect.data[key]:
        expect.note("schema", "must be a list of rows, each a mapping of fields to values", key)
    return tuple(ExpectedRow(_cells(row), row.line()) for row in expect.each(key))


def _cells(row: Fields) -> tuple[tuple[str, ExpectedValue], ...]:
    if row.is_mapping and not row.data:
        row.note("schema", "names no field: any row would do")
    found = ((str(name), _value(row, str(name), value)) for name, value in row.data.items())
    return tuple((name, value) for name, value in found if value is not None)


def _value(row: Fields, name: str, value: Any) -> ExpectedValue | None:
    if value is None:
        return Same(())
    if isinstance(value, bool):
        row.note("schema", f"must be a text or a number; write '{str(value).lower()}' for the text", name)
        return None
    if isinstance(value, int | float):
        return Within(float(value), float(value))
    if isinstance(value, str):
        return Same((value,) if value else ())
    if isinstance(value, list):
        if value and all(isinstance(item, str | int) and not isinstance(item, bool) for item in value):
            return Same(tuple(map(str, value)))
        row.note("schema", "must be a list of texts, the values of a multivalue field", name)
        return None
    return _comparison(row, name, value) if isinstance(value, Mapping) else None


def _comparison(row: Fields, name: str, value: Mapping[str, Any]) -> ExpectedValue | None:
    inner = row.inner(name)
    inner.unknown(shapes.ExpectedComparison, "an expected value")
    if len(value) != 1:
        inner.note("schema", "must be one of like and number")
    elif inner.has("like"):
        return Like(inner.text("like"))
    elif inner.has("number"):
        found = parse_range(inner.text("number"))
        if found is not None:
            return found
        inner.note("schema", "must be a number, >=N, <=N or N..M", "number")
    return None
