"""Content that comes in several files: dashboards and playbooks; and what baselines say of others."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from harness.content.loader import is_file
from harness.content.models import Described, Problem
from harness.validation.rules import ContentRule, Library, nearest, rule


@rule
class DashboardsHaveDefinitions(ContentRule):
    id = "dashboard"
    summary = "A dashboard's JSON lies beside it, with its name as the title and a description."

    def check(self, library: Library) -> Iterator[Problem]:
        for each in library.content.described:
            if each.kind == "dashboard":
                yield from self._check(each)

    def _check(self, dashboard: Described) -> Iterator[Problem]:
        file = dashboard.file.with_suffix(".json")
        try:
            definition: Any = json.loads(file.read_bytes())
        except FileNotFoundError:
            yield self.problem(dashboard.file, f"the dashboard's definition {file.name} is not there")
            return
        except (OSError, ValueError, RecursionError) as error:
            line = error.lineno if isinstance(error, json.JSONDecodeError) else 1
            yield self.problem(file, f"the dashboard's definition is no JSON: {error}", line=line)
            return
        if not isinstance(definition, dict):
            yield self.problem(file, "the dashboard's definition is no JSON object")
            return
        title = definition.get("title")
        if title != dashboard.name:
            said = f"{title!r}, not {dashboard.name!r}" if title is not None else f"missing, not {dashboard.name!r}"
            yield self.problem(
                file, f"the title of the dashboard is {said}", f"It is called so in {dashboard.file.name}."
            )
        if definition.get("description") is None:
            yield self.problem(file, "the definition of the dashboard has no description")


@rule
class PlaybooksHaveCode(ContentRule):
    id = "playbook"
    summary = "A playbook's .json and .py lie beside it."

    def check(self, library: Library) -> Iterator[Problem]:
        for each in library.content.described:
            for suffix in (".json", ".py") if each.kind == "playbook" else ():
                file = each.file.with_suffix(suffix)
                if not is_file(file):
                    yield self.problem(each.file, f"the file {file.name} of the playbook is not there")


@rule
class BaselinesServeSomething(ContentRule):
    """A renamed detection would lose its baseline without a word."""

    id = "baseline-reference"
    severity = "warning"
    summary = "The detections and stories that a baseline names exist."

    def check(self, library: Library) -> Iterator[Problem]:
        detections = frozenset(each.name for each in library.content.detections)
        for each in library.content.described:
            tags = each.document.get("tags")
            if each.kind != "baseline" or not isinstance(tags, dict):
                continue
            known = {"detections": ("detection", detections), "analytic_story": ("analytic story", library.stories)}
            for key, (kind, names) in known.items():
                values = tags.get(key)
                for name in map(str, values if isinstance(values, list) and names else ()):
                    if name not in names:
                        message = f"there is no {kind} {name!r} for the baseline {each.name!r}"
                        yield self.problem(each.file, message, nearest(name, names), line=each.lines.get("tags", 1))
