"""Configuration over the apps: what they define, and what clients have written over REST on top of it.

Everything that is a stanza of a ``.conf`` file lives here, whichever endpoint shows it: saved searches, macros, event
types, lookups, field extractions. What is written is an overlay kept in memory; searches see it as one more app that
wins over all others.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from harness.knowledge.apps import App
from harness.server.answers import Refusal, could_not_find
from harness.server.atom import Acl
from harness.server.call import Namespace
from harness.server.data_dir import Memory
from harness.server.stock import FILES, STANZAS, SYSTEM

Sharing = Literal["user", "app", "global"]

KNOWLEDGE: Final = frozenset(("props", "transforms", "macros", "eventtypes", "tags", "fields", "collections"))
"""Files that change what searches find; a write to any other leaves their knowledge as it is."""
OVERLAY: Final = "rest"


@dataclass(frozen=True, slots=True)
class Stanza:
    """One stanza of one file in one app, as it is now. ``base`` are the settings of the app's own files."""

    file: str
    name: str
    app: str
    owner: str = "nobody"
    sharing: Sharing = "global"
    base: Mapping[str, str] = field(default_factory=dict)
    own: Mapping[str, str] = field(default_factory=dict)
    read: tuple[str, ...] | None = ("*",)
    write: tuple[str, ...] | None = ("admin",)
    updated: float = 0.0
    in_app: bool = False
    """An app's files define it, so that it cannot be removed."""

    @property
    def settings(self) -> dict[str, str]:
        return {**self.base, **self.own}

    @property
    def acl(self) -> Acl:
        return Acl(
            app=self.app,
            owner=self.owner,
            sharing=SYSTEM if self.app == SYSTEM else self.sharing,  # M9.10
            read=self.read,
            write=self.write,
            removable=not self.in_app,
            shareable=True,
        )


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who reads or writes: a user, the names of all its roles, and whether it may do ``everything``."""

    user: str
    roles: frozenset[str] = frozenset()
    everything: bool = False

    def sees(self, stanza: Stanza) -> bool:
        """Others' private objects are not there for those who may not see them (N9.8), nor shared ones that none of
        their roles may read (N9.9). An empty list of readers is nobody, no list is everybody (N9.13)."""
        if self.everything or stanza.owner == self.user:
            return True
        if stanza.sharing == "user":
            return False
        return stanza.read is None or "*" in stanza.read or bool(self.roles & set(stanza.read))

    def check_write(self, stanza: Stanza) -> None:
        """Raises the 403 of those who may not change it."""
        own = stanza.sharing == "user" and stanza.owner == self.user
        if not (self.everything or own or self.roles & set(stanza.write or ())):
            raise Refusal(
                403,
                "ERROR",
                f"You (user={self.user}) do not have permission to perform this operation "
                "(requires capability: admin_all_objects).",
            )


EVERYBODY: Final = Viewer("-", everything=True)
"""The server itself."""

_Key = tuple[str, str, str]  # name, app, owner if it is private


class Confs:
    """Thread-safe. ``version`` grows whenever searches might see something else."""

    def __init__(self, apps: Iterable[App], kept: Memory | None = None) -> None:
        self._lock = threading.RLock()
        self._kept = kept if kept is not None else Memory()
        self._stanzas: dict[str, dict[_Key, Stanza]] = {}
        self._files: set[str] = set(FILES)
        self._data_models: dict[str, bytes] = {}
        self.version = 0
        for app_name, stanzas in STANZAS.items():
            self._load(app_name, stanzas)
        for app in apps:
            self._load(app.name, app.confs)
        self._restore()

    def _restore(self) -> None:
        """What was written in an earlier run, over what the apps' files say now."""
        self._files.update(key[0] for key, _ in self._kept.items("conf file", bool))
        self._data_models.update({key[0]: data for key, data in self._kept.items("data model", bytes)})
        self.version += bool(self._data_models)
        for (file, *key), stanza in self._kept.items("stanza", _stanza_of):
            stanzas = self._stanzas.setdefault(file, {})
            found = stanzas.pop((key[0], key[1], key[2]), None)
            if stanza is not None:
                base = stanza.base if found is None else found.base
                in_app = stanza.in_app if found is None else found.in_app
                self._stanzas[file][_key(stanza)] = replace(stanza, base=base, in_app=in_app)
            self._files.add(file)
            self._changed(file)

    def _load(self, app: str, confs: Mapping[str, Mapping[str, Mapping[str, str]]]) -> None:
        for file, stanzas in confs.items():
            self._files.add(file)
            default = stanzas.get("default", {})
            for name, settings in stanzas.items():
                stanza = Stanza(file, name, app, base={**default, **settings}, in_app=True)
                self._stanzas.setdefault(file, {})[_key(stanza)] = stanza

    # --- reading ------------------------------------------------------------------------------------------------------

    def files(self) -> list[str]:
        with self._lock:
            return sorted(self._files)

    def has_file(self, file: str) -> bool:
        with self._lock:
            return file in self._files

    def add_file(self, file: str) -> None:
        """An empty file; one that is there stays as it is."""
        with self._lock:
            self._kept.put("conf file", (file,), True)
            self._files.add(file)

    def all(self, file: str, namespace: Namespace, viewer: Viewer) -> list[Stanza]:
        """The stanzas that somebody sees in a namespace, by name: those of the app, shared ones of all apps, and the
        user's own private ones, which hide shared ones of the same name (N9.3). ``-`` sees all (N9.4)."""
        with self._lock:
            found = list(self._stanzas.get(file, {}).values())
        visible = [stanza for stanza in found if viewer.sees(stanza) and _visible(stanza, namespace, viewer.user)]
        if namespace.is_wildcard:
            return sorted(visible, key=lambda stanza: (stanza.name, stanza.app))
        return _best(visible, namespace)

    def named(self, file: str, name: str, namespace: Namespace, viewer: Viewer) -> list[Stanza]:
        """As :meth:`all`, those of one name: one, or under a wildcard namespace several. 404 without any (M5.9)."""
        with self._lock:
            found = [stanza for stanza in self._stanzas.get(file, {}).values() if stanza.name == name]
        visible = [stanza for stanza in found if viewer.sees(stanza) and _visible(stanza, namespace, viewer.user)]
        if not visible:
            raise could_not_find(name)
        return visible if namespace.is_wildcard else _best(visible, namespace)

    def find(self, file: str, name: str, namespace: Namespace, viewer: Viewer) -> Stanza | None:
        """The one that wins, if there is any."""
        try:
            return self.get(file, name, namespace, viewer)
        except Refusal:
            return None

    def get(self, file: str, name: str, namespace: Namespace, viewer: Viewer) -> Stanza:
        """404 if there is none (M5.9)."""
        return max(self.named(file, name, namespace, viewer), key=lambda stanza: _rank(stanza, namespace))

    def here(self, file: str, name: str, namespace: Namespace, viewer: Viewer) -> Stanza | None:
        """The stanza that :meth:`create` would make in the namespace, if it is there already."""
        owner = namespace.owner or viewer.user
        with self._lock:
            return self._stanzas.get(file, {}).get(
                (name, namespace.app or "search", "" if owner == "nobody" else owner)
            )

    def merged(self, file: str) -> dict[str, dict[str, str]]:
        """The file as searches see it: all apps, the overlay on top."""
        with self._lock:
            stanzas = list(self._stanzas.get(file, {}).values())
        found: dict[str, dict[str, str]] = {}
        for part in ("base", "own"):
            for stanza in stanzas:
                found.setdefault(stanza.name, {}).update(getattr(stanza, part))
        return found

    def owns(self, user: str) -> bool:
        """Whether a user has private knowledge of its own."""
        with self._lock:
            return any(
                stanza.sharing == "user" and stanza.owner == user
                for file in KNOWLEDGE
                for stanza in self._stanzas.get(file, {}).values()
            )

    def overlay(self, user: str = "") -> App:
        """What was written, as an app: all that is shared, and over it what is private to the user."""
        app = App(OVERLAY, Path(OVERLAY))
        with self._lock:
            app.data_models = dict(self._data_models)
            written = [each for stanzas in self._stanzas.values() for each in stanzas.values()]
        for stanza in sorted(written, key=lambda stanza: stanza.sharing == "user"):
            if (stanza.own or not stanza.in_app) and (stanza.sharing != "user" or stanza.owner == user):
                app.confs.setdefault(stanza.file, {}).setdefault(stanza.name, {}).update(stanza.own)
        return app

    # --- writing ------------------------------------------------------------------------------------------------------

    def create(
        self,
        file: str,
        name: str,
        settings: Mapping[str, str],
        namespace: Namespace,
        viewer: Viewer,
        *,
        what: str = "an object",
    ) -> Stanza:
        """A new stanza: private under a user's namespace, shared in the app under ``nobody`` (N5.3). 409 if there is
        one of that name already."""
        namespace.check_write(what)
        owner = namespace.owner or viewer.user
        private = owner != "nobody"
        stanza = Stanza(
            file,
            name,
            namespace.app or "search",
            owner=owner,
            sharing="user" if private else "app",
            own=dict(settings),
            read=None if private else ("*",),
            write=None if private else ("admin", "power"),
            updated=time.time(),
        )
        viewer.check_write(stanza)
        with self._lock:
            if _key(stanza) in self._stanzas.get(file, {}):
                raise Refusal(409, "ERROR", _exists(what, name))
            self._put(stanza)
        return stanza

    def edit(self, stanza: Stanza, settings: Mapping[str, str], viewer: Viewer) -> Stanza:
        """The stanza with some settings changed."""
        return self.replace(stanza, {**stanza.own, **settings}, viewer)

    def replace(self, stanza: Stanza, own: Mapping[str, str], viewer: Viewer) -> Stanza:
        """The stanza with exactly these settings over its app's."""
        viewer.check_write(stanza)
        changed = replace(stanza, own=dict(own), updated=time.time())
        with self._lock:
            self._put(changed)
        return changed

    def remove(self, stanza: Stanza, viewer: Viewer) -> None:
        """Forget what was written. What an app's files define cannot be removed."""
        viewer.check_write(stanza)
        if stanza.in_app:
            raise Refusal(400, "ERROR", f"Object id={stanza.name} cannot be deleted in config={stanza.file}.")
        with self._lock:
            self._drop(stanza)

    def share(
        self,
        stanza: Stanza,
        viewer: Viewer,
        *,
        owner: str,
        sharing: Sharing,
        read: tuple[str, ...] | None,
        write: tuple[str, ...] | None,
    ) -> Stanza:
        """Another owner, scope or permissions; what is left out is erased (N9.12)."""
        viewer.check_write(stanza)
        changed = replace(stanza, owner=owner, sharing=sharing, read=read, write=write, updated=time.time())
        with self._lock:
            self._drop(stanza)
            self._put(changed)
        return changed

    def move(self, stanza: Stanza, viewer: Viewer, *, app: str, user: str) -> Stanza:
        """To another app."""
        viewer.check_write(stanza)
        changed = replace(stanza, app=app, owner=user, sharing="app" if user == "nobody" else stanza.sharing)
        with self._lock:
            if _key(changed) in self._stanzas[stanza.file]:
                raise Refusal(409, "ERROR", _exists("", stanza.name))
            self._drop(stanza)
            self._put(changed)
        return changed

    # --- data models and lookup files ---------------------------------------------------------------------------------

    def has_data_model(self, name: str) -> bool:
        """Whether a client has written it."""
        with self._lock:
            return name in self._data_models

    def put_data_model(self, name: str, data: bytes) -> None:
        with self._lock:
            self._kept.put("data model", (name,), data)
            self._data_models[name] = data
            self.version += 1

    def remove_data_model(self, name: str) -> bool:
        """False if no client has written it."""
        with self._lock:
            found = self._data_models.pop(name, None) is not None
            if found:
                self._kept.drop("data model", (name,))
            self.version += found
            return found

    def lookups_changed(self) -> None:
        """A lookup file was written behind the searches' back."""
        with self._lock:
            self.version += 1

    # --- inside the lock

    def _put(self, stanza: Stanza) -> None:
        self._kept.put("stanza", (stanza.file, *_key(stanza)), asdict(stanza))
        self._files.add(stanza.file)
        self._stanzas.setdefault(stanza.file, {})[_key(stanza)] = stanza
        self._changed(stanza.file)

    def _drop(self, stanza: Stanza) -> None:
        key = (stanza.file, *_key(stanza))
        if stanza.in_app:  # its app will bring it back; it is known then that it is gone from here
            self._kept.put("stanza", key, False)
        else:
            self._kept.drop("stanza", key)
        del self._stanzas[stanza.file][_key(stanza)]
        self._changed(stanza.file)

    def _changed(self, file: str) -> None:
        if file in KNOWLEDGE:
            self.version += 1


def _stanza_of(value: Any) -> Stanza | None:
    """A stanza as it was kept; None for one that has left its app's place."""
    return msgspec.convert(value, Stanza) if value else None


def _key(stanza: Stanza) -> _Key:
    return (stanza.name, stanza.app, stanza.owner if stanza.sharing == "user" else "")


def _visible(stanza: Stanza, namespace: Namespace, user: str) -> bool:
    owner, app = namespace.owner or user, namespace.app
    if stanza.sharing == "user" and owner not in {stanza.owner, "-"}:
        return False
    # Without an app (/services) searches and clients see everything that is shared, and their own.
    return app in {None, "-", stanza.app} or stanza.sharing == "global" or stanza.app == SYSTEM


def _best(visible: Iterable[Stanza], namespace: Namespace) -> list[Stanza]:
    """Of those of one name the one that counts."""
    best: dict[str, Stanza] = {}
    for stanza in visible:
        other = best.get(stanza.name)
        if other is None or _rank(stanza, namespace) >= _rank(other, namespace):
            best[stanza.name] = stanza
    return sorted(best.values(), key=lambda stanza: stanza.name)


def _rank(stanza: Stanza, namespace: Namespace) -> tuple[bool, bool]:
    """Which of several stanzas of one name counts: a private one, then one of the app that was asked for."""
    return (stanza.sharing == "user", stanza.app == (namespace.app or "search"))


def _exists(what: str, name: str) -> str:
    if what == "a saved search":  # N5.12
        return f"Unable to create saved search with name '{name}'. A saved search with that name already exists."
    return f"An object with name={name} already exists"
