"""From what a search gave back to a verdict whose first line says why."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.client.answers import Row
from harness.errors import HarnessError, SPLError, SplPlace, UnsupportedSPL
from harness.runner.record import Status

_TOKEN = re.compile(r"\$([^$\s]+)\$")


@dataclass(frozen=True, slots=True)
class Verdict:
    status: Status
    reason: str = ""


PASSED = Verdict(Status.PASS)


@dataclass(frozen=True, slots=True)
class NeededField:
    """A field that a detection names outside its search. ``use`` says for what: ``risk object``, ``message token``."""

    name: str
    use: str


def tokens(template: str) -> list[str]:
    """The field names between dollar signs in a message, each once, in order."""
    return list(dict.fromkeys(_TOKEN.findall(template)))


def has_value(row: Row, name: str) -> bool:
    """A field that is absent, empty, or the literal text ``null`` has none; a multivalue needs one real value."""
    value = row.get(name)
    values = value if isinstance(value, list) else [value]
    return any(item not in (None, "", "null") for item in values)


def judge_rows(rows: Sequence[Row], needed: Sequence[NeededField], somewhere: Sequence[NeededField] = ()) -> Verdict:
    """Every row must have every field of ``needed``; some row must have each field of ``somewhere``."""
    complaints: list[str] = []
    uses = _uses(needed)
    for name, use in uses.items():
        lacking = [number for number, row in enumerate(rows, start=1) if not has_value(row, name)]
        if lacking:
            complaints.append(
                f"the {use} field {name} has no value in {len(lacking)} of {_count(len(rows), 'row')}"
                f"{'' if len(lacking) == len(rows) else f' (row {lacking[0]} first)'}"
            )
    for name, use in _uses(somewhere).items():
        if name not in uses and not any(has_value(row, name) for row in rows):
            complaints.append(f"the {use} field {name} has no value in any row")
    if not complaints:
        return PASSED
    fields = ", ".join(sorted({name for row in rows for name in row})) or "none"
    return Verdict(Status.FAIL, "\n".join([*complaints, f"fields of the results: {fields}"]))


def _uses(fields: Sequence[NeededField]) -> dict[str, str]:
    """Each name once, with all it is used for."""
    uses: dict[str, list[str]] = {}
    for needed in fields:
        uses.setdefault(needed.name, []).append(needed.use)
    return {name: " and ".join(dict.fromkeys(used)) for name, used in uses.items()}


def judge_count(rows: int, minimum: int, maximum: int | None) -> Verdict:
    """How many rows were asked for. No row where some were wanted is explained elsewhere."""
    if rows < minimum:
        return Verdict(Status.FAIL, f"{_count(rows, 'row')}, but at least {minimum} expected")
    if maximum is not None and rows > maximum:
        wanted = "no row" if maximum == 0 else f"at most {maximum}"
        return Verdict(Status.FAIL, f"{_count(rows, 'row')}, but {wanted} expected")
    return PASSED


def judge_error(error: HarnessError) -> Verdict:
    """The search's own fault is a FAIL; whatever keeps us from knowing is an ERROR."""
    if isinstance(error, UnsupportedSPL):
        return Verdict(Status.ERROR, f"unsupported: {error}")
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


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
