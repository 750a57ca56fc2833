"""What the tests of a run work with, said in a way that another process can make it anew."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from harness.backends.choice import EMBEDDED, load_knowledge, make_backend
from harness.content.models import Content
from harness.knowledge.knowledge import Knowledge
from harness.replay.download import Downloads
from harness.replay.locate import Locator
from harness.runner.draft import Tools
from harness.runner.rules import StaticRules


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

    @property
    def locator(self) -> Locator:
        return Locator(self.content.root, self.downloads, self.data_root)

    def tools(self) -> Tools:
        """Nothing is started or read yet."""
        rules = StaticRules(self.content, lambda: self.knowledge, own_engine=self.backend == EMBEDDED)
        backend = make_backend(self.backend, lambda: self.knowledge, self.apps, self.indexes)
        return Tools(backend, self.locator, rules.verdict)

    def __getstate__(self) -> dict[str, object]:
        return {name: value for name, value in self.__dict__.items() if name != "knowledge"}
