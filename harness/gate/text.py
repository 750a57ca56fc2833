"""What the gate says: a line per changed detection, and below it each reason that stands against its release."""

from __future__ import annotations

from collections.abc import Iterator

from harness.gate.decision import Decision, Release
from harness.gate.rules import Change
from harness.wording import counted


def lines(release: Release, base: str) -> Iterator[str]:
    """The decision as text, what is refused last, so that it stands where one looks first."""
    if not release.decisions:
        yield f"No detection changed since {base}, nor anything that one uses: there is nothing to decide."
    for decision in sorted(release.decisions, key=lambda each: (not each.released, each.case.detection.name)):
        yield from _decision(decision)
    for waiver in release.expired:
        yield f"The waiver of {waiver.rule} for {waiver.detection} ended on {waiver.until} ({waiver.owner})."
    for waiver in release.unused:
        yield f"The waiver of {waiver.rule} for {waiver.detection} is no longer needed ({waiver.owner})."
    if release.decisions:
        yield _summary(release)


def _decision(decision: Decision) -> Iterator[str]:
    case = decision.case
    before, after = case.before, case.after
    versions = f"version {case.detection.version}"
    if before is not None and after is not None and before.version != after.version:
        versions = f"version {before.version} to {after.version}"
    yield f"{'✅' if decision.released else '❌'} {case.detection.name} ({case.change.value}, {versions}, {case.file})"
    for each in decision.objections:
        yield f"     {each.rule}: {each.message}"
        if each.waiver is not None:
            yield f"       waived by {each.waiver.owner} until {each.waiver.until}: {each.waiver.reason}"


def _summary(release: Release) -> str:
    counts = ", ".join(f"{release.count(change)} {change.value}" for change in Change if release.count(change))
    refused = sum(not decision.released for decision in release.decisions)
    if not refused:
        return f"\nReleased: {counts}."
    return f"\nNot released: {refused} of {counted(len(release.decisions), 'changed detection')} ({counts})."
