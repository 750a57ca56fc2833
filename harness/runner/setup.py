"""What the tests of a run work with, said in a way that another process can make it anew."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from harness import __version__
from harness.backends.choice import DOCKER, EMBEDDED, InContainer, load_knowledge, make_backend, urls_of
from harness.containers.settings import ContainerSettings
from harness.content.models import Content
from harness.errors import DatasetError
from harness.fidelity import fidelity_hash
from harness.knowledge.knowledge import Knowledge, shipped_apps
from harness.replay.download import Downloads
from harness.replay.locate import Locator
from harness.replay.pins import read_pins
from harness.replay.store import sha256_of
from harness.runner.dependencies import files_of
from harness.runner.draft import Tools
from harness.runner.journal import Journal, journal_of
from harness.runner.record import DatasetRecord
from harness.runner.rules import StaticRules
from harness.runner.subject import PlannedTest


@dataclass(frozen=True)
class Setup:
    """``backend`` is what ``--backend`` names; ``apps`` and the content are what an embedded one loads.

    ``indexes`` are made there beside the usual ones. It can be pickled: the apps are then read again.
    """

    content: Content
    backend: str = EMBEDDED
    apps: tuple[Path, ...] = ()
    indexes: tuple[str, ...] = ()
    downloads: Downloads = field(default_factory=Downloads)
    data_root: Path | None = None
    container: ContainerSettings | None = None
    """What ``--backend docker`` starts."""

    @cached_property
    def knowledge(self) -> Knowledge:
        return load_knowledge(self.apps, self.content)

    @cached_property
    def locator(self) -> Locator:
        return Locator(self.content.root, self.downloads, self.data_root, read_pins(self.content.root))

    def tools(self, member: int = 0, report: Callable[[str], None] = lambda line: None) -> Tools:
        """Nothing is started or read yet. ``member`` says which of several servers is meant; ``report`` is told how the
        start of a container goes."""
        rules = StaticRules(self.content, lambda: self.knowledge, own_engine=self.backend == EMBEDDED)
        name = self.backend if self.backend == DOCKER else urls_of(self.backend)[member]
        container = InContainer(self.container, self.content, report, member) if self.container is not None else None
        backend = make_backend(name, lambda: self.knowledge, self.apps, self.indexes, container)
        return Tools(backend, self.locator, rules.verdict, lambda: self.knowledge)

    def journal(self, *, resume: bool) -> Journal:
        """The journal of runs over this content. Raises UsageError while another run writes it, or none can."""
        here = replace(self.locator, downloads=replace(self.downloads, offline=True))

        def current(test: PlannedTest, dataset: DatasetRecord) -> bool:
            try:
                path = here.find(dataset.data, mentioned_in=test.subject.path)
            except DatasetError:
                return False
            return sha256_of(path) == dataset.sha256

        return Journal(journal_of(self.content.root), resume=resume, basis=self._basis(), current=current)

    def _basis(self) -> str:
        """Of all that verdicts rest on beside content, data and server: this tool, and the apps file by file."""
        apps = (*shipped_apps(), *self.apps)  # one that is not there is refused when it is loaded
        files = [path for app in apps for path in files_of(app) if path.is_file()]
        where = [self.backend, repr(self.container)]
        return "\n".join([__version__, fidelity_hash(), *where, *(f"{sha256_of(path)} {path}" for path in files)])

    def __getstate__(self) -> dict[str, object]:
        return {name: value for name, value in self.__dict__.items() if name not in {"knowledge", "locator"}}
