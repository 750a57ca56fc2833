"""What a changed detection must meet to be released: one function per rule, found by its id."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Any, Final

from harness.content.models import Detection
from harness.gate.policy import Policy
from harness.runner.record import Level, Status, TestRecord


class Change(StrEnum):
    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a run record says of a detection. ``current``: it was tested as it stands now, with all it depends on.

    ``version`` is the backend's, ``started`` when the run began (ISO 8601), ``digest`` that of all that was tested.
    """

    backend: str
    version: str
    started: str
    digest: str
    current: bool
    results: tuple[TestRecord, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """One changed detection: as it was, as it is, and what is known of it. One of ``before``, ``after`` may be None.

    ``file`` is relative to the content root.
    """

    file: str
    before: Detection | None
    after: Detection | None
    policy: Policy
    today: date
    evidence: Mapping[str, Evidence] = field(default_factory=dict)
    """By backend."""

    @property
    def change(self) -> Change:
        if self.before is None:
            return Change.ADDED
        return Change.CHANGED if self.after is not None else Change.REMOVED

    @property
    def detection(self) -> Detection:
        found = self.after or self.before
        assert found is not None
        return found

    @property
    def levels(self) -> tuple[Level, ...]:
        """The levels that must be green."""
        if self.after is None:
            return ()
        return self.policy.levels if self.after.status in self.policy.statuses else (Level.VALIDATION,)


Objections = Iterator[str]
RuleFunction = Callable[[Case], Objections]
UNDECIDED: Final = "undecided"
RULES: Final[dict[str, RuleFunction]] = {}


def rule(name: str) -> Callable[[RuleFunction], RuleFunction]:
    """Register the function under the id that waivers name; its docstring's first line says what it asks."""

    def register(function: RuleFunction) -> RuleFunction:
        RULES[name] = function
        return function

    return register


# --- what must change together ----------------------------------------------------------------------------------------


def behaviour(detection: Detection) -> tuple[Any, ...]:
    """What a detection does and how that is tested, without what only describes it, or where in the file it stands."""
    tests = tuple(
        replace(test, line=0, known_failure=None, attack_data=tuple(replace(data, line=0) for data in test.attack_data))
        for test in detection.tests
    )
    settings = ("finding", "schedule", "custom_schedule", "deployment", "suppress", "baselines")
    return (
        detection.search.strip(),
        detection.type,
        detection.risk,
        detection.throttling,
        detection.drilldowns,
        tests,
        {key: detection.document.get(key) for key in settings},
    )


@rule("version")
def version_is_raised(case: Case) -> Objections:
    """A changed search, risk, schedule or test has a higher version than before; no version ever falls."""
    before, after = case.before, case.after
    if before is None or after is None:
        return
    if after.version < before.version:
        yield f"the version fell from {before.version} to {after.version}"
    elif after.version == before.version and behaviour(before) != behaviour(after):
        yield f"what it does or how it is tested changed, but the version is still {after.version}; raise it"


@rule("date")
def date_is_new(case: Case) -> Objections:
    """With its version the date changes, unless it is today's already; it does not go back and does not lie ahead."""
    before, after = case.before, case.after
    if after is None or not (before is None or after.version != before.version):
        return
    try:
        moment = date.fromisoformat(after.date)
    except ValueError:
        yield f"the date {after.date!r} is not written YYYY-MM-DD"
        return
    if moment > case.today:
        yield f"the date {after.date} lies ahead"
    elif before is not None and after.date < before.date:
        yield f"the date went back from {before.date} to {after.date}"
    elif before is not None and after.date == before.date and moment != case.today:
        yield f"the version is new, but the date is still {after.date}"


@rule("id")
def id_is_kept(case: Case) -> Objections:
    """A detection keeps its id: alerts, dashboards and exclusions refer to it."""
    if case.before is not None and case.after is not None and case.before.id.lower() != case.after.id.lower():
        yield f"the id changed from {case.before.id} to {case.after.id}"


@rule("deprecation")
def deprecated_before_removed(case: Case) -> Objections:
    """What users run is deprecated in one release before it is removed in a later one."""
    before, after = case.before, case.after
    if before is None:
        return
    gone = after is None or after.status == "removed"
    if gone and before.status in case.policy.statuses:
        yield f"it is removed, but its status was still {before.status}: deprecate it first"


@rule("known-failure")
def no_new_known_failure(case: Case) -> Objections:
    """A failure is declared known before a release is made, not for it."""
    if case.after is None:
        return
    before = {test.name for test in case.before.tests if test.known_failure} if case.before is not None else set()
    for test in case.after.tests:
        if test.known_failure and test.name not in before:
            yield f"the failure of {test.name!r} is newly declared as known: {test.known_failure.reason}"


# --- evidence ---------------------------------------------------------------------------------------------------------


@rule("evidence")
def evidence_is_current(case: Case) -> Objections:
    """Every required level was tested on every required backend, with the detection and all it uses as they are now."""
    for backend in case.policy.backends if case.levels else ():
        found = case.evidence.get(backend)
        if found is None:
            yield f"not tested on {backend}"
        elif backend != "embedded" and "(harness " in found.version:
            yield f"what answered as {backend} was {found.version}, not a Splunk"
        elif not found.current:
            yield (
                f"the record of {backend} is of other content than this: the detection or something it uses changed, "
                "a dataset included (was it tested with the same --data-root?)"
            )
        else:
            there = {result.level for result in found.results}
            for level in case.levels:
                if level not in there:
                    yield f"no {level.value} test was run on {backend}"


def _level(case: Case, level: Level) -> Objections:
    if level not in case.levels:
        return
    for backend in case.policy.backends:
        found = case.evidence.get(backend)
        results = [result for result in found.results if result.level is level] if found and found.current else []
        for result in results:
            if result.status is Status.FAIL:
                yield f"{result.test!r} failed on {backend}: {_first_line(result.reason)}"
        if level is not Level.INTEGRATION and results and all(result.status is Status.SKIP for result in results):
            yield f"nothing was tested on {backend}: {_first_line(results[0].reason)}"


def _first_line(text: str) -> str:
    return text.partition("\n")[0]


@rule(UNDECIDED)
def everything_is_decided(case: Case) -> Objections:
    """No required test ended in an error: unsupported SPL, a dataset that is not there, a server that went away."""
    for backend in case.policy.backends:
        found = case.evidence.get(backend)
        for result in found.results if found is not None and found.current else ():
            if result.level in case.levels and result.status is Status.ERROR:
                yield f"{result.test!r} ({result.level.value}) is undecided on {backend}: {_first_line(result.reason)}"


@rule("flaky")
def no_test_is_flaky(case: Case) -> Objections:
    """No required test passed only when it was run again, unless the policy allows that."""
    for backend in case.policy.backends if case.policy.flaky == "refuse" else ():
        found = case.evidence.get(backend)
        for result in found.results if found is not None and found.current else ():
            if result.level in case.levels and result.flaky:
                yield f"{result.test!r} ({result.level.value}) on {backend} is {_first_line(result.reason)}"


@rule("validation")
def validation_is_green(case: Case) -> Objections:
    """No static rule objects."""
    return _level(case, Level.VALIDATION)


@rule("unit")
def unit_is_green(case: Case) -> Objections:
    """Every unit test passes, and at least one was run: a detection tested by hand needs a waiver that says by whom."""
    return _level(case, Level.UNIT)


@rule("integration")
def integration_is_green(case: Case) -> Objections:
    """Every integration test passes; it is skipped for a detection that leaves neither risk nor a notable."""
    return _level(case, Level.INTEGRATION)
