"""The fields that a detection needs its data to have."""

from __future__ import annotations

from harness.content.app import content_app
from harness.content.models import Content, Detection
from harness.knowledge.knowledge import Knowledge
from harness.runner.kinds.unit import needed_fields
from harness.runner.stages import expand
from harness.runner.subjects import subject_of
from harness.spl.arguments import Arguments
from harness.spl.nodes import Command


def needs_of(detection: Detection, content: Content) -> dict[str, str]:
    """Each field and what for.

    Where a stats or tstats groups, the fields of the first one's BY: an event without one of them falls out there, and
    what comes after is made, not found. Else the fields of the risk objects and messages.
    """
    subject = subject_of(detection, content.root, content.app.label)
    commands = expand(subject.search, Knowledge([content_app(content)]).macros).commands
    grouping = next((command for command in commands if command.name in {"stats", "tstats"}), None)
    if grouping is None:
        return {need.name: need.use for need in needed_fields(subject.alert)}
    return dict.fromkeys(_by(grouping), f"BY of {grouping.name}")


def _by(command: Command) -> list[str]:
    arguments = Arguments(command)
    while not arguments.at_end and not arguments.at_keyword("BY"):
        arguments.next()
    # A data model's fields are written Dataset.field.
    return [name.rpartition(".")[2] if command.name == "tstats" else name for name in arguments.by_clause({"SPAN"})]
