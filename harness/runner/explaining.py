"""A unit test explained at length: its verdict, and what came nearest where it found nothing."""

from __future__ import annotations

from dataclasses import dataclass

from harness.errors import HarnessError
from harness.runner.baselines import prepare, seen
from harness.runner.clauses import Step, steps_of
from harness.runner.draft import Draft, Tools
from harness.runner.nearest import Misses, nearest_misses
from harness.runner.record import TestRecord
from harness.runner.stages import Expanded, expand
from harness.runner.subject import PlannedTest
from harness.runner.work import Work, id_of, perform


@dataclass(frozen=True, slots=True)
class Explanation:
    """``commands`` are the texts of the search's commands, macros put in; ``steps`` the clauses of the one that left
    nothing."""

    result: TestRecord
    commands: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    misses: tuple[Misses, ...] = ()


def explain(test: PlannedTest, tools: Tools) -> Explanation:
    """The backend is started. What cannot be found out is left out; the result says why."""
    (done,) = perform(Work((test,)), tools)
    result = done.result
    with tools.backend.session() as session:
        search = expand(test.subject.search, tools.macros(session.client))
        texts = tuple(_text(search, position) for position in range(len(search.commands)))
        dry = next((position for position, stage in enumerate(result.stages) if not stage.rows), None)
        if dry is None:
            return Explanation(result, texts)
        draft = Draft(test, id_of(test))
        try:
            for _ in prepare(draft, tools, session):
                pass
            window = seen(test.window, draft, session)
            steps = steps_of(session.client, search, dry, window)
            misses = nearest_misses(session.client, search, dry, steps, window)
        except HarnessError:
            return Explanation(result, texts)
    return Explanation(result, texts, tuple(steps), tuple(misses))


def _text(search: Expanded, position: int) -> str:
    command = search.commands[position]
    return " ".join(search.text[command.span.start : command.span.end].split()).lstrip("| ")
