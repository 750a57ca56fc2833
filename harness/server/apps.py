"""The apps that an instance shows: those of every Splunk, those it was started with, those that clients make."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Final

from harness.knowledge.apps import App
from harness.server.data_dir import Memory

VERSION_OF_CORE: Final = "10.4.2"


@dataclass(frozen=True, slots=True)
class InstalledApp:
    """``core``: it comes with Splunk. ``removable``: it was made over REST."""

    name: str
    label: str
    version: str = ""
    author: str = ""
    description: str = ""
    visible: bool = False
    core: bool = False
    disabled: bool = False
    removable: bool = False
    sharing: str = "app"


_CORE: Final = (
    InstalledApp("launcher", "Home", visible=True, core=True),
    InstalledApp("search", "Search & Reporting", VERSION_OF_CORE, "Splunk", visible=True, core=True),
    InstalledApp("splunk_httpinput", "splunk_httpinput", VERSION_OF_CORE, "Splunk", core=True),
)


class Apps:
    """By name. Thread-safe."""

    def __init__(self, loaded: Iterable[App], kept: Memory | None = None) -> None:
        self._lock = threading.Lock()
        self._kept = kept if kept is not None else Memory()
        self._apps = {app.name: app for app in _CORE}
        self._apps.update({key[0]: app for key, app in self._kept.items("app", _app_of)})
        for app in loaded:
            info = app.confs.get("app", {})
            launcher = info.get("launcher", {})
            self._apps[app.name] = InstalledApp(
                app.name,
                label=app.label or app.name,
                version=app.version,
                author=launcher.get("author", ""),
                description=launcher.get("description", ""),
                visible=info.get("ui", {}).get("is_visible", "0") in {"1", "true"},
            )

    def all(self) -> list[InstalledApp]:
        with self._lock:
            return sorted(self._apps.values(), key=lambda app: app.name)

    def get(self, name: str) -> InstalledApp | None:
        with self._lock:
            return self._apps.get(name)

    def add(self, app: InstalledApp) -> bool:
        """False if there is one of that name."""
        with self._lock:
            if app.name in self._apps:
                return False
            self._put(app)
            return True

    def put(self, app: InstalledApp) -> None:
        with self._lock:
            self._put(app)

    def remove(self, name: str) -> None:
        with self._lock:
            self._kept.drop("app", (name,))
            self._apps.pop(name, None)

    def _put(self, app: InstalledApp) -> None:
        if app.removable:  # what comes with files is what these say at the next start
            self._kept.put("app", (app.name,), asdict(app))
        self._apps[app.name] = app


def _app_of(value: Any) -> InstalledApp:
    return InstalledApp(**value)
