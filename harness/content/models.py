"""What a content repository holds: detections with their tests, macros, lookups, data sources, deployments.

The models are what the three YAML dialects have in common; :mod:`harness.content.loader` reads each dialect into them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from harness.content.expected import Expectation

QUOTING: Final = re.compile(r"\$([^$\s|]+)\|s\$")
"""A token whose value a drilldown puts into its search in quotes, its own quotes escaped."""


class Dialect(StrEnum):
    """Which tool's YAML a detection is written in."""

    OBSERVABLE = "security_content 4.x"  # tags.observable
    RBA = "contentctl 5.x"  # rba
    FINDING = "contentctl-ng"  # finding, intermediate_findings
    SIGMA = "Sigma"  # logsource, detection


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with a file, with its line. ``rule`` is a stable id; ``severity`` is error or warning."""

    rule: str
    file: Path
    line: int
    message: str
    severity: str = "error"
    hint: str = ""

    def __str__(self) -> str:
        text = f"{self.file}:{self.line}: {self.severity}: {self.message} [{self.rule}]"
        return f"{text}\n  {self.hint}" if self.hint else text


@dataclass(frozen=True, slots=True)
class RiskObject:
    """``type`` is system, user or other; ``score`` 1 to 100; ``message`` where it has one of its own."""

    field: str
    type: str
    score: int
    message: str = ""


@dataclass(frozen=True, slots=True)
class ThreatObject:
    field: str
    type: str


@dataclass(frozen=True, slots=True)
class Risk:
    """The risk that each result row raises. ``message`` holds ``$field$`` tokens."""

    message: str = ""
    objects: tuple[RiskObject, ...] = ()
    threats: tuple[ThreatObject, ...] = ()


@dataclass(frozen=True, slots=True)
class Notable:
    """The notable event of each result row; ``None`` in a detection that makes none."""

    title: str
    description: str
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ScheduleConfig:
    """When and over what a detection runs in production."""

    cron: str = "0 * * * *"
    earliest: str = "-70m@m"
    latest: str = "-10m@m"
    window: str = "auto"


@dataclass(frozen=True, slots=True)
class Drilldown:
    name: str
    search: str
    earliest: str
    latest: str

    @property
    def plain_search(self) -> str:
        """The search with ``"$field$"`` for ``$field|s$``, the token filter that puts a value in quotes."""
        return QUOTING.sub(r'"$\1$"', self.search)


@dataclass(frozen=True, slots=True)
class AttackData:
    """One file to replay. ``data`` is a URL or a path. ``retime`` is where its newest event is moved in time, as a time
    modifier seen from when the test begins; empty for data that keeps its time."""

    data: str
    source: str
    sourcetype: str
    index: str = ""
    host: str = ""
    retime: str = ""
    line: int = 1


@dataclass(frozen=True, slots=True)
class TestBaseline:
    """A baseline that is run before the search, over ``attack_data`` of its own or, without any, over the test's."""

    __test__ = False  # not a pytest class

    name: str
    attack_data: tuple[AttackData, ...] = ()
    earliest: str = ""
    latest: str = ""
    line: int = 1


@dataclass(frozen=True, slots=True)
class KnownFailure:
    """A failure that is known and borne, for ``reason``, up to and including the day ``until``."""

    reason: str
    until: date


@dataclass(frozen=True, slots=True)
class DetectionTest:
    """``earliest`` and ``latest`` bound the search; empty, it runs over all time. Relative times count from the data's
    end. ``risk_from`` names the detections that are run before the search, which rests on the risk that they leave.
    ``malformed`` tells what is wrong with the test, which then proves nothing.
    """

    name: str
    attack_data: tuple[AttackData, ...]
    expect: Expectation = field(default_factory=Expectation)
    earliest: str = ""
    latest: str = ""
    baselines: tuple[TestBaseline, ...] = ()
    risk_from: tuple[str, ...] = ()
    known_failure: KnownFailure | None = None
    malformed: tuple[str, ...] = ()
    line: int = 1

    def broken(self, problems: tuple[str, ...]) -> DetectionTest:
        return replace(self, malformed=(*self.malformed, *problems))


@dataclass(frozen=True, slots=True)
class Throttling:
    fields: tuple[str, ...]
    period: str


@dataclass(frozen=True, slots=True)
class Detection:
    """One detection. ``document`` is the file as it was parsed; ``sha256`` that of its bytes."""

    name: str
    id: str
    version: int
    date: str
    author: str
    status: str
    type: str
    description: str
    search: str
    file: Path
    sha256: str
    dialect: Dialect
    data_sources: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    how_to_implement: str = ""
    known_false_positives: str = ""
    risk: Risk = field(default_factory=Risk)
    notable: Notable | None = None
    creates_risk: bool = False
    schedule: ScheduleConfig = field(default_factory=ScheduleConfig)
    throttling: Throttling | None = None
    drilldowns: tuple[Drilldown, ...] = ()
    analytic_stories: tuple[str, ...] = ()
    mitre_attack_ids: tuple[str, ...] = ()
    cves: tuple[str, ...] = ()
    asset_type: str = ""
    security_domain: str = ""
    manual_test: str = ""
    tests: tuple[DetectionTest, ...] = ()
    lines: Mapping[str, int] = field(default_factory=dict, hash=False, repr=False)
    document: Mapping[str, Any] = field(default_factory=dict, hash=False, repr=False)

    @property
    def filter_macro(self) -> str:
        """The macro that a user may fill to leave results out."""
        return f"{self.file.stem}_filter"

    def line(self, key: str) -> int:
        """Where a top-level key stands."""
        return self.lines.get(key, 1)


@dataclass(frozen=True, slots=True)
class MacroDefinition:
    name: str
    arguments: tuple[str, ...]
    definition: str
    file: Path
    description: str = ""


@dataclass(frozen=True, slots=True)
class LookupDefinition:
    """``kind`` is csv, kvstore or mlmodel; ``csv`` is the path of the file of rows: of a CSV, or of a model."""

    name: str
    kind: str
    file: Path
    settings: Mapping[str, str] = field(hash=False)
    csv: Path | None = None


@dataclass(frozen=True, slots=True)
class DataSource:
    """``fields``: those that its events were seen to have and those that its results are to have; none: not known."""

    name: str
    source: str
    sourcetype: str
    file: Path
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BaselineDefinition:
    """A search that puts down what is usual. ``detections`` are the names of those that build on it."""

    name: str
    id: str
    search: str
    file: Path
    detections: tuple[str, ...] = ()
    status: str = ""


@dataclass(frozen=True, slots=True)
class Deployment:
    """The default configuration for all detections of a type."""

    type: str
    schedule: ScheduleConfig
    creates_risk: bool
    notable: Notable | None
    file: Path


DEFAULT_LABEL = "ESCU"


@dataclass(frozen=True, slots=True)
class AppConfig:
    """The app that the content is built into. ``label`` begins the names of its saved searches.

    ``external`` are the names of macros and lookups that the content declares to come from other apps.
    """

    label: str = DEFAULT_LABEL
    id: str = ""
    version: str = ""
    file: Path = Path()
    id_line: int = 1
    version_line: int = 1
    external: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Described:
    """What content of any kind but detections says of itself; empty where it does not. ``kind`` is a word for it."""

    kind: str
    name: str
    id: str
    version: int
    date: str
    author: str
    status: str
    description: str
    references: tuple[str, ...]
    file: Path
    lines: Mapping[str, int] = field(default_factory=dict, hash=False, repr=False)
    document: Mapping[str, Any] = field(default_factory=dict, hash=False, repr=False)


@dataclass(frozen=True, slots=True)
class Ignored:
    """A static rule that ``harness.yml`` switches off for a reason, in or below ``path``; ``line`` is the file's."""

    rule: str
    reason: str
    path: Path
    line: int


@dataclass(frozen=True, slots=True)
class Content:
    """All of a content root, with every problem that reading it met."""

    root: Path
    detections: tuple[Detection, ...]
    macros: tuple[MacroDefinition, ...]
    lookups: tuple[LookupDefinition, ...]
    data_sources: tuple[DataSource, ...]
    deployments: tuple[Deployment, ...]
    problems: tuple[Problem, ...]
    ignored: tuple[Ignored, ...] = ()
    baselines: tuple[BaselineDefinition, ...] = ()
    app: AppConfig = field(default_factory=AppConfig)
    contributors: tuple[Detection, ...] = ()
    """The detections that tests name in ``risk_from``, whether they are among ``detections`` or not."""
    whole: bool = True
    """All detections of the root are here, not only some that were asked for."""
    described: tuple[Described, ...] = ()
    """All content but detections. That of kinds that no search uses is here only if all detections are."""
