"""``--shard I/N``: one of N parts of a plan, so that N machines together run all of it once."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.errors import UsageError
from harness.runner.record import RunRecord
from harness.runner.subject import PlannedTest

_SHARD = re.compile(r"(\d{1,5})/(\d{1,5})")


@dataclass(frozen=True, slots=True)
class Shard:
    """The part number ``index`` (from 1) of ``count``."""

    index: int
    count: int

    @classmethod
    def parse(cls, text: str) -> Shard:
        found = _SHARD.fullmatch(text)
        if found is None or not 1 <= int(found[1]) <= int(found[2]):
            raise UsageError(f"--shard {text!r} is not I/N with I from 1 to N", hint="for example --shard 1/4")
        return cls(int(found[1]), int(found[2]))

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"

    def part_of(self, plan: Sequence[PlannedTest], seconds: Mapping[str, float]) -> list[PlannedTest]:
        """This part of a plan, in its order. ``seconds`` is what each detection (by file) once took.

        All parts must be made with the same ``seconds``: they are then disjoint and complete. A detection stays whole.
        The longest goes first to the part that has least to do; one of unknown length counts as an average one.
        """
        counts: defaultdict[str, int] = defaultdict(int)
        for test in plan:
            counts[test.subject.header.file] += 1
        known = [seconds[file] for file in counts if file in seconds]
        usual = sum(known) / len(known) if known else None
        weights = {file: seconds.get(file, count if usual is None else usual) for file, count in counts.items()}
        loads = [0.0] * self.count
        mine: set[str] = set()
        for file, weight in sorted(weights.items(), key=lambda item: (-item[1], item[0])):
            lightest = loads.index(min(loads))
            loads[lightest] += weight
            if lightest == self.index - 1:
                mine.add(file)
        return [test for test in plan if test.subject.header.file in mine]


def seconds_of(record: RunRecord) -> dict[str, float]:
    """How long each detection took, by file."""
    return {detection.file: sum(result.duration_s for result in detection.results) for detection in record.detections}
