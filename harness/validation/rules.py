"""What a static rule is, and where all of them are found.

A rule looks at one detection, with the rest of the content and the engine's knowledge at hand, and says what is wrong
with it and where. Each has an id that never changes its meaning. A detection may switch one off, with a reason::

    harness:
      ignore:
        risk-field: the field is filled by the asset lookup of our own Splunk

and the content's ``harness.yml`` for all of it or for some paths, with ``ignore:`` at its top.
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
import re
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final, TypeVar

from harness.content.loader import KINDS, yaml_files
from harness.content.models import Content, DataSource, Detection, Problem
from harness.errors import HarnessError, SplPlace, UnsupportedSPL
from harness.registry import Registry

if TYPE_CHECKING:
    from harness.engine.plan import Plan, Step
    from harness.knowledge.knowledge import Knowledge
    from harness.validation.flow import FieldSet


@dataclass
class Library:
    """What rules may ask: the content, the knowledge that searches will meet, and today."""

    content: Content
    knowledge: Knowledge
    today: date
    plans: dict[str, Plan | HarnessError] = field(default_factory=dict)
    """What searches were planned to: drilldowns are much alike."""

    @cached_property
    def names(self) -> Counter[str]:
        """How many files of any kind have a name, those included that were not asked for."""
        return Counter(each["name"] for each in self._headers(*_DESCRIBED))

    @cached_property
    def ids(self) -> Counter[str]:
        """How many files of any kind have an id."""
        return Counter(each["id"].lower() for each in self._headers(*_DESCRIBED) if each["id"])

    @cached_property
    def data_sources(self) -> dict[str, DataSource]:
        return {source.name: source for source in self.content.data_sources}

    @cached_property
    def stories(self) -> frozenset[str]:
        """The analytic stories that the content describes."""
        headers = map(read_header, yaml_files(self.content.root / "stories"))
        return frozenset(header["name"] for header in headers if header is not None)

    @cached_property
    def is_built(self) -> bool:
        """Whether contentctl 5.x builds the content: it has its settings, and detections in its dialect."""
        settings = self.content.app.file.name == "contentctl.yml"
        return settings and any("rba" in each.document for each in self.content.detections)

    @cached_property
    def written_lookups(self) -> frozenset[str]:
        """The lookups that some baseline or detection of the content fills, which may be made by that only."""
        searches = [each.search for each in self.content.baselines]
        searches += [each.search for each in self.content.detections]
        return frozenset(found for search in searches for found in _WRITTEN.findall(search))

    def _headers(self, *folders: str) -> list[dict[str, str]]:
        read = [{"name": each.name, "id": each.id} for each in self.content.detections]
        files = {each.file.resolve() for each in self.content.detections}
        if self.content.whole:
            return read + [{"name": each.name, "id": each.id} for each in self.content.described]
        paths = [path for folder in folders for path in yaml_files(self.content.root / folder)]
        others = [path for path in paths if path.resolve() not in files]
        return read + [header for path in others if (header := read_header(path)) is not None]


_DESCRIBED: Final = ("detections", *KINDS)
_WRITTEN: Final = re.compile(r"\|\s*outputlookup\s+(?:\w+\s*=\s*\S+\s+)*([\w.\-]+)")
_HEADER: Final = {key: re.compile(rf"^{key}:[ \t].*(?:\n[ \t]+.*)*", re.MULTILINE) for key in ("name", "id")}


def read_header(path: Path) -> dict[str, str] | None:
    """Name and id of content that is not under judgement, without reading all of its YAML."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return {key: _scalar(pattern.search(text)) for key, pattern in _HEADER.items()}


def _scalar(entry: re.Match[str] | None) -> str:
    """The value of an entry of a mapping as text; it may go on for some lines."""
    import yaml

    if entry is None:
        return ""
    try:
        (value,) = yaml.safe_load(entry[0]).values()
    except (yaml.YAMLError, ValueError):  # a date that is none is a ValueError
        return ""
    return "" if value is None else str(value)


@dataclass
class Subject:
    """One detection under judgement; its search is planned once for all rules."""

    detection: Detection
    library: Library
    kind: str = "detection"
    """A word for what is judged: rules about searches and headers are asked about other content, too."""

    def place_of(self, annotation: str) -> str:
        """The key at which an annotation stands: at the top, or among the tags."""
        return annotation if annotation in self.detection.lines else "tags"

    @cached_property
    def planned(self) -> Plan | HarnessError:
        """The search's plan, or why there is none."""
        return self.plan_of(self.detection.search)

    def plan_of(self, search: str) -> Plan | HarnessError:
        """The plan of another search than the detection's own, or why there is none."""
        from harness.engine.plan import plan

        found = self.library.plans.get(search)
        if found is None:
            try:
                found = plan(search, self.library.knowledge)
            except HarnessError as error:
                found = error
            except RecursionError:
                found = UnsupportedSPL("The search is nested too deeply.")
            self.library.plans[search] = found
        return found

    @property
    def steps(self) -> tuple[Step, ...]:
        """The commands of the search; none if it has no plan."""
        return () if isinstance(self.planned, HarnessError) else self.planned.steps

    @cached_property
    def fields(self) -> list[FieldSet]:
        """The fields that rows can have before each step; the last are those of the results."""
        from harness.validation.flow import fields_before

        return fields_before(self.steps, self.library.knowledge)

    @property
    def results(self) -> FieldSet:
        """The fields that the results can have; any, if the search has no plan."""
        from harness.validation.flow import ANYTHING

        return ANYTHING if isinstance(self.planned, HarnessError) else self.fields[-1]

    @property
    def in_use(self) -> bool:
        return self.detection.status == "production"

    def line_in_search(self, place: SplPlace | None) -> int:
        """The line of the file on which a place of the search stands; of ``search:`` where it cannot be told."""
        from harness.validation.places import line_in_search

        return line_in_search(self.detection, self.library.knowledge, place)


class Rule(ABC):
    """One static rule over a detection: subclass it, name it, and say what :meth:`check` finds.

    A docstring of the subclass goes on the rule's page: why it is asked for, and what to do.
    """

    id: ClassVar[str]
    severity: ClassVar[str] = "error"
    summary: ClassVar[str]
    searches: ClassVar[bool] = False
    """It is about the search alone, so that it holds for that of a baseline as well."""
    headers: ClassVar[bool] = False
    """It is about what all content says of itself: its name, id, dates, where that is said."""
    by_apps: ClassVar[bool] = False
    """It judges by the apps that are loaded here; a Splunk elsewhere may have others."""

    @abstractmethod
    def check(self, subject: Subject) -> Iterator[Problem]:
        """What is wrong with the detection."""

    def problem(
        self, subject: Subject, key: str, message: str, hint: str = "", *, line: int = 0, severity: str = ""
    ) -> Problem:
        """A problem with a top-level key of the detection, or with a line of it."""
        detection = subject.detection
        where = line or detection.line(key)
        return Problem(self.id, detection.file, where, message, severity or self.severity, hint)


class ContentRule(ABC):
    """One static rule over all of the content; it is asked only where all of it was read."""

    id: ClassVar[str]
    severity: ClassVar[str] = "error"
    summary: ClassVar[str]

    by_apps: ClassVar[bool] = False

    @abstractmethod
    def check(self, library: Library) -> Iterator[Problem]:
        """What is wrong with the content."""

    def problem(self, file: Path, message: str, hint: str = "", *, line: int = 1) -> Problem:
        return Problem(self.id, file, line, message, self.severity, hint)


@lru_cache(maxsize=1024)
def nearest(name: str, known: frozenset[str]) -> str:
    """A hint at the known name that is most like this one; empty if none is."""
    near = difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.7)
    return f"Is {near[0]} meant?" if near else ""


def switches(detection: Detection) -> dict[str, str]:
    """The rules that a detection wants off, each with its reason, which may be empty."""
    own = detection.document.get("harness")
    ignore = own.get("ignore") if isinstance(own, dict) else None
    if not isinstance(ignore, dict):
        return {}
    return {str(name): reason.strip() if isinstance(reason, str) else "" for name, reason in ignore.items()}


RULES: Final[Registry[Rule | ContentRule]] = Registry("validation rule")

K = TypeVar("K", bound=Rule | ContentRule)


def rule(kind: type[K]) -> type[K]:
    """Decorator: make the rule known under its id."""
    RULES.add(kind.id, kind())
    return kind


@cache
def all_rules() -> tuple[Rule | ContentRule, ...]:
    """Every rule, the families imported on first use."""
    import harness.validation as families

    for module in pkgutil.iter_modules(families.__path__):
        importlib.import_module(f"{families.__name__}.{module.name}")
    return tuple(each for _, each in RULES)
