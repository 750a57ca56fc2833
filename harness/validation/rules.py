"""What a static rule is, and where all of them are found.

A rule looks at one detection, with the rest of the content and the engine's knowledge at hand, and says what is wrong
with it and where. Each has an id that never changes its meaning; a detection may switch one off with a reason::

    harness:
      ignore:
        risk-field: the field is filled by the asset lookup of our own Splunk
"""

from __future__ import annotations

import importlib
import pkgutil
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, Final

from harness.content.models import Content, Detection, Problem
from harness.registry import Registry

if TYPE_CHECKING:
    from harness.engine.plan import Plan
    from harness.knowledge.knowledge import Knowledge


@dataclass(slots=True)
class Library:
    """What rules may ask: the content, the knowledge that searches will meet, and today."""

    content: Content
    knowledge: Knowledge
    today: date

    names: Counter[str] = field(init=False)
    ids: Counter[str] = field(init=False)

    def __post_init__(self) -> None:
        self.names = Counter(detection.name for detection in self.content.detections)
        self.ids = Counter(detection.id.lower() for detection in self.content.detections if detection.id)


@dataclass
class Subject:
    """One detection under judgement; its search is planned once for all rules."""

    detection: Detection
    library: Library

    @cached_property
    def planned(self) -> Plan | Exception:
        """The search's plan, or why there is none."""
        from harness.engine.plan import plan
        from harness.errors import SPLError

        try:
            return plan(self.detection.search, self.library.knowledge)
        except SPLError as error:
            return error

    @property
    def in_use(self) -> bool:
        return self.detection.status == "production"


class Rule(ABC):
    """One static rule: subclass it, name it, and say what :meth:`check` finds."""

    id: ClassVar[str]
    severity: ClassVar[str] = "error"
    summary: ClassVar[str]

    @abstractmethod
    def check(self, subject: Subject) -> Iterator[Problem]:
        """What is wrong with the detection."""

    def problem(self, subject: Subject, key: str, message: str, hint: str = "") -> Problem:
        """A problem with a top-level key of the detection."""
        detection = subject.detection
        return Problem(self.id, detection.file, detection.line(key), message, self.severity, hint)


RULES: Final[Registry[Rule]] = Registry("validation rule")


def rule(kind: type[Rule]) -> type[Rule]:
    """Decorator: make the rule known under its id."""
    RULES.add(kind.id, kind())
    return kind


def all_rules() -> list[Rule]:
    """Every rule, the families imported on first use."""
    if not RULES.names():
        import harness.validation as families

        for module in pkgutil.iter_modules(families.__path__):
            importlib.import_module(f"{families.__name__}.{module.name}")
    return [each for _, each in RULES]
