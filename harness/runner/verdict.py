"""From what a search gave back to a verdict whose first line says why."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from harness.client.answers import Row
from harness.content.models import KnownFailure
from harness.errors import HarnessError, SPLError, SplPlace, UnsupportedSPL
from harness.runner.record import Status, TestRecord
from harness.wording import counted

_TOKEN = re.compile(r"\$([^$\s]+)\$")


@dataclass(frozen=True, slots=True)
class Verdict:
    """``settled``: the test run again would end the same way."""

    status: Status
    reason: str = ""
    settled: bool = False

    def and_said(self, *more: str) -> Verdict:
        """The same, with more to say at the end."""
        return replace(self, reason="\n".join(filter(None, [self.reason, *more])))


PASSED = Verdict(Status.PASS)

RISK_OBJECT = "risk object"


@dataclass(frozen=True, slots=True)
class NeededField:
    """A field that a detection names outside its search. ``use`` says for what: ``risk object``, ``message token``."""

    name: str
    use: str


def tokens(template: str) -> list[str]:
    """The field names between dollar signs in a message, each once, in order."""
    return list(dict.fromkeys(_TOKEN.findall(template)))


PLACEHOLDERS = frozenset({"unknown", "-", "n/a", "none", "null"})
"""What add-ons and data models write where they know nothing. Risk that it is given to names nobody."""


def has_value(row: Row, name: str) -> bool:
    """A field that is absent, blank, or the literal text ``null`` has none; a multivalue needs one real value."""
    return any(item is not None and item.strip() not in ("", "null") for item in _values(row, name))


def says_something(row: Row, name: str) -> bool:
    """One value at least is none that stands for not knowing."""
    return any(item and item.strip().lower() not in {"", *PLACEHOLDERS} for item in _values(row, name))


def _values(row: Row, name: str) -> Sequence[str | None]:
    value = row.get(name)
    return value if isinstance(value, list) else [value]


def judge_rows(rows: Sequence[Row], needed: Sequence[NeededField], somewhere: Sequence[NeededField] = ()) -> Verdict:
    """Every row must have every field of ``needed``; some row must have each field of ``somewhere``.

    Some row must name somebody: if there are risk objects but all of them hold placeholders in every row, the alert is
    about nobody. Placeholders otherwise, and rows that lack a threat object, are told and leave the verdict as it is.
    """
    complaints: list[str] = []
    remarks: list[str] = []
    uses = _uses(needed)
    for name, use in uses.items():
        lacking = [number for number, row in enumerate(rows, start=1) if not has_value(row, name)]
        if lacking:
            complaints.append(f"the {use} field {name} has no value in {_of(lacking, rows)}")
    for name, use in _uses(somewhere).items():
        lacking = [number for number, row in enumerate(rows, start=1) if not has_value(row, name)]
        if name not in uses and len(lacking) == len(rows):
            complaints.append(f"the {use} field {name} has no value in any row")
        elif name not in uses and lacking:
            remarks.append(f"the {use} field {name} has no value in {_of(lacking, rows)}")
    if not complaints:
        remarks += _placeholders(rows, _uses([*needed, *somewhere]))
        entities = [item.name for item in needed if item.use == RISK_OBJECT]
        if entities and rows and not any(says_something(row, name) for row in rows for name in entities):
            complaints.append(f"no row says whose risk it is: {', '.join(entities)}")
    if complaints:
        fields = ", ".join(sorted({name for row in rows for name in row})) or "none"
        return Verdict(Status.FAIL, "\n".join([*complaints, *remarks, f"fields of the results: {fields}"]))
    return Verdict(Status.PASS, "\n".join(f"warning: {remark}" for remark in remarks))


def _placeholders(rows: Sequence[Row], uses: Mapping[str, str]) -> Iterator[str]:
    for name, use in uses.items():
        empty = [
            number for number, row in enumerate(rows, start=1) if has_value(row, name) and not says_something(row, name)
        ]
        if empty:
            value = next(item for item in _values(rows[empty[0] - 1], name) if item)
            yield f"the {use} field {name} is {value!r} in {_of(empty, rows)}"


def _of(numbers: Sequence[int], rows: Sequence[Row]) -> str:
    first = "" if len(numbers) == len(rows) else f" (row {numbers[0]} first)"
    return f"{len(numbers)} of {counted(len(rows), 'row')}{first}"


def _uses(fields: Sequence[NeededField]) -> dict[str, str]:
    """Each name once, with all it is used for."""
    uses: dict[str, list[str]] = {}
    for needed in fields:
        uses.setdefault(needed.name, []).append(needed.use)
    return {name: " and ".join(dict.fromkeys(used)) for name, used in uses.items()}


def judge_count(rows: int, minimum: int, maximum: int | None) -> Verdict:
    """How many rows were asked for. No row where some were wanted is explained elsewhere."""
    if rows < minimum:
        return Verdict(Status.FAIL, f"{counted(rows, 'row')}, but at least {minimum} expected")
    if maximum is not None and rows > maximum:
        wanted = "no row" if maximum == 0 else f"at most {maximum}"
        return Verdict(Status.FAIL, f"{counted(rows, 'row')}, but {wanted} expected")
    return PASSED


def judge_known(verdict: Verdict, known: KnownFailure | None, today: date) -> Verdict:
    """A failure that its test declares is no failure up to its date; when it passes, that is told."""
    if known is None or verdict.status not in {Status.PASS, Status.FAIL}:
        return verdict
    declared = f"known failure until {known.until}: {known.reason}"
    if verdict.status is Status.PASS:
        told = f"it passes, though declared a {declared}; take known_failure away"
        return Verdict(Status.PASS, "\n".join(filter(None, [told, verdict.reason])))
    if today > known.until:
        return Verdict(Status.FAIL, f"{verdict.reason}\nthe {declared}: that day is past")
    return Verdict(Status.SKIP, f"{declared}\n{verdict.reason}")


def judge_attempts(result: TestRecord) -> str:
    """Why a test ended as it did, where it was run more than once."""
    runs = len(result.attempts) + 1
    if result.flaky:
        failed = f"flaky: passed in run {runs}, but not before: {result.attempts[0].reason}"
        return "\n".join(filter(None, [failed, result.reason]))
    return f"{result.reason}\nrun {runs} times, and passed in none" if runs > 1 else result.reason


def judge_error(error: HarnessError) -> Verdict:
    """The search's own fault is a FAIL; whatever keeps us from knowing is an ERROR."""
    if isinstance(error, UnsupportedSPL):
        return Verdict(Status.ERROR, f"unsupported: {error}", settled=True)
    if isinstance(error, SPLError):
        return Verdict(Status.FAIL, f"the search does not run: {_with_place(error)}")
    return Verdict(Status.ERROR, str(error))


def _with_place(error: SPLError) -> str:
    return str(error) if isinstance(error.where, SplPlace) or error.hint else error.message


def fill(template: str, row: Mapping[str, str | list[str]]) -> str:
    """A message with each ``$field$`` that the row has replaced by its value; a multivalue's are joined by commas."""

    def value(found: re.Match[str]) -> str:
        content = row.get(found[1])
        if content is None:
            return found[0]
        return content if isinstance(content, str) else ", ".join(content)

    return _TOKEN.sub(value, template)
