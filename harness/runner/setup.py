"""What the tests of a run work with, said in a way that another process can make it anew."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from harness import __version__
from harness.backends.choice import EMBEDDED, load_knowledge, make_backend
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

    @cached_property
    def knowledge(self) -> Knowledge:
        return load_knowledge(self.apps, self.content)

    @cached_property
    def locator(self) -> Locator:
        return Locator(self.content.root, self.downloads, self.data_root, read_pins(self.content.root))

    def tools(self) -> Tools:
        """Nothing is started or read yet."""
        rules = StaticRules(self.content, lambda: self.knowledge, own_engine=self.backend == EMBEDDED)
        backend = make_backend(self.backend, lambda: self.knowledge, self.apps, self.indexes)
        return Tools(backend, self.locator, rules.verdict)

    def journal(self, *, resume: bool) -> Journal:
        """The journal of runs over this content. Raises UsageError while another run writes it."""
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
        files = [path for app in (*shipped_apps(), *self.apps) for path in files_of(app)]
        return "\n".join([__version__, fidelity_hash(), self.backend, *(f"{sha256_of(path)} {path}" for path in files)])

    def __getstate__(self) -> dict[str, object]:
        return {name: value for name, value in self.__dict__.items() if name not in {"knowledge", "locator"}}
