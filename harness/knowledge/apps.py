"""Splunk apps, from folders and from packages (``.tgz``, ``.tar.gz``, ``.spl``).

An app is its conf files, lookup files and data models, and what it exports. ``local`` wins over ``default``. Nothing of
an app is executed, nothing is unpacked onto the disk, and everything is read under a bound.

Of several apps the later one wins. A Splunk goes by name instead: by ASCII order where data is indexed, by the reverse
of it where it is searched, the searching app first. Only settings that two apps give differently are touched by that,
and each of those is reported (:func:`conflicts`).
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Final
from urllib.parse import quote

from harness.errors import FilePlace, KnowledgeError
from harness.knowledge.conf import Stanzas, merge, names, parse_conf

MAX_APP_BYTES: Final = 512 * 1024 * 1024
MAX_MEMBERS: Final = 50_000

SHARED: Final = {
    "props": "props", "transforms": "transforms", "eventtypes": "eventtypes", "tags": "tags", "macros": "macros",
}  # fmt: skip
"""Conf files whose stanzas apply outside their app only where they are exported, and their kind in the metadata."""


@dataclass(slots=True)
class App:
    """One app, wholly in memory: conf files merged, lookup files and data models as bytes by name.

    ``metadata`` holds the stanzas of ``metadata/*.meta``; None for an app that was not read from files. ``places`` has
    the file and line of every setting, by conf, stanza and key.
    """

    name: str
    path: Path
    version: str = ""
    label: str = ""
    confs: dict[str, Stanzas] = field(default_factory=dict)
    lookups: dict[str, bytes] = field(default_factory=dict)
    data_models: dict[str, bytes] = field(default_factory=dict)
    metadata: Stanzas | None = None
    places: dict[tuple[str, str, str], FilePlace] = field(default_factory=dict, repr=False)
    warnings: list[KnowledgeError] = field(default_factory=list)

    @property
    def is_default(self) -> bool:
        """Whether it is what every Splunk has below its apps (``etc/system/default``): any of them wins over it."""
        return "system" in names(self.confs.get("app", {}).get("harness", {}).get("stands_in_for"))

    def exports(self, kind: str, name: str) -> bool:
        """Whether an object (a stanza of ``props``, a file of ``lookups``) applies outside the app (N10.28)."""
        if self.metadata is None:
            return True
        for stanza in (f"{kind}/{quote(name, safe='')}", f"{kind}/{name}", kind, "default"):
            export = self.metadata.get(stanza, {}).get("export")
            if export is not None:
                return export.strip().lower() == "system"
        return False


def load_app(path: Path) -> App:
    """Read an app's folder or package. Raises KnowledgeError if there is no app in it."""
    if path.is_dir():
        app = App(path.resolve().name, path)
        files = _folder_files(path, app.warnings)
    elif path.is_file():
        app = App(path.name.split(".")[0], path)
        files = _package_files(path, app)
    else:
        raise KnowledgeError("no such app", where=FilePlace(path), hint="Name the app's folder or its .tgz or .spl.")
    if not any(not name.startswith("metadata/") for name in files):
        raise KnowledgeError(
            "holds no Splunk app", where=FilePlace(path), hint="An app has default/*.conf, lookups/ or data models."
        )
    _fill(app, files)
    _report_unexported(app)
    return app


# --- files ------------------------------------------------------------------------------------------------------------


def _wanted(name: str) -> bool:
    """Whether a file of an app, by its path inside, is one that is read."""
    parts = PurePosixPath(name).parts
    if len(parts) == 2 and parts[0] in ("default", "local"):
        return parts[1].endswith(".conf")
    if len(parts) == 2 and parts[0] == "metadata":
        return parts[1] in ("default.meta", "local.meta")
    if len(parts) == 2 and parts[0] == "lookups":
        return True
    return len(parts) == 4 and parts[0] in ("default", "local") and parts[1:3] == ("data", "models")


def _folder_files(root: Path, warnings: list[KnowledgeError]) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    total = 0
    inside = root.resolve()
    for top in ("default", "local", "lookups", "metadata"):
        for path in sorted((root / top).rglob("*")):
            name = path.relative_to(root).as_posix()
            if not path.is_file() or not _wanted(name):
                continue
            if not path.resolve().is_relative_to(inside):
                warnings.append(_left_out(path, "a link that leaves the app"))
                continue
            total += path.stat().st_size
            if total > MAX_APP_BYTES:
                raise KnowledgeError(f"holds more than {MAX_APP_BYTES} bytes", where=FilePlace(root))
            files[name] = path.read_bytes()
    return files


def _package_files(path: Path, app: App) -> dict[str, bytes]:
    """The files of a package, read in place. The first folder in it is the app."""
    files: dict[str, bytes] = {}
    top = ""
    total = 0
    try:
        with tarfile.open(path, "r:*") as archive:
            for count, member in enumerate(archive):
                total += member.size
                if count > MAX_MEMBERS or total > MAX_APP_BYTES:
                    raise KnowledgeError(
                        f"holds more than {MAX_MEMBERS} files or {MAX_APP_BYTES} bytes", where=FilePlace(path)
                    )
                parts = PurePosixPath(member.name.removeprefix("./")).parts
                if member.isdir() or len(parts) < 2:
                    continue
                if not member.isfile() or ".." in parts or member.name.startswith("/"):
                    app.warnings.append(_left_out(path / member.name, "a link, a device or a path that leaves the app"))
                    continue
                top = top or parts[0]
                inside = "/".join(parts[1:])
                if parts[0] == top and _wanted(inside):
                    stream = archive.extractfile(member)
                    files[inside] = stream.read() if stream is not None else b""
    except (tarfile.TarError, OSError, EOFError) as problem:
        raise KnowledgeError(f"not an app package: {problem}", where=FilePlace(path)) from problem
    app.name = top or app.name
    return files


def _left_out(path: Path, what: str) -> KnowledgeError:
    return KnowledgeError(f"{what} is left out", where=FilePlace(path))


# --- what is in them --------------------------------------------------------------------------------------------------


def _fill(app: App, files: dict[str, bytes]) -> None:
    layers: dict[str, list[Stanzas]] = {}
    metadata: list[Stanzas] = []
    for inside, data in sorted(files.items()):  # default/ sorts before local/
        place, stem = app.path / inside, PurePosixPath(inside).stem
        if inside.endswith((".conf", ".meta")):
            parsed = parse_conf(data, place)
            app.warnings.extend(parsed.warnings)
            if inside.startswith("metadata/"):
                metadata.append(parsed.stanzas)
                continue
            layers.setdefault(stem, []).append(parsed.stanzas)
            app.places.update(
                {(stem, stanza, key): FilePlace(place, line) for (stanza, key), line in parsed.lines.items()}
            )
        elif inside.startswith("lookups/"):
            app.lookups[inside.removeprefix("lookups/")] = data
        elif inside.endswith(".json"):
            app.data_models[stem] = data
    app.confs = {conf: merge(stanzas) for conf, stanzas in layers.items()}
    app.metadata = merge(metadata)
    info = app.confs.get("app", {})
    app.version = info.get("launcher", {}).get("version", "") or info.get("id", {}).get("version", "")
    app.label = info.get("ui", {}).get("label", "")


def _report_unexported(app: App) -> None:
    """A Splunk would not apply these to a search of another app; which app a detection will live in is not known."""
    kinds = {
        kind
        for conf, kind in SHARED.items()
        for stanza in app.confs.get(conf, {})
        if stanza != "default" and not app.exports(kind, stanza)
    }
    kinds.update("lookups" for name in app.lookups if not app.exports("lookups", name))
    kinds.update("datamodels" for name in app.data_models if not app.exports("datamodels", name))
    if kinds:
        app.warnings.append(
            KnowledgeError(
                f"does not export all of its {', '.join(sorted(kinds))}: a Splunk applies those in this app only",
                where=FilePlace(app.path / "metadata" / "default.meta"),
                hint="They are applied everywhere here. Add 'export = system' if that is meant.",
            )
        )


def conflicts(apps: Sequence[App]) -> Iterator[KnowledgeError]:
    """Settings of props, transforms and event types that two apps give differently: a Splunk decides them by name."""
    for conf in ("props", "transforms", "eventtypes"):
        seen: dict[tuple[str, str], tuple[App, str]] = {}
        for app in apps:
            if app.metadata is None or app.is_default:  # made by us to win; to give way
                continue
            for stanza, settings in app.confs.get(conf, {}).items():
                for key, value in settings.items():
                    other = seen.get((stanza, key))
                    if other is not None and other[1] != value:
                        yield KnowledgeError(
                            f"[{stanza}] {key} is also set in the app {other[0].name}, differently; this one counts",
                            where=app.places.get((conf, stanza, key)),
                            hint="A Splunk decides by the names of the apps.",
                        )
                    seen[stanza, key] = (app, value)


def text_stream(data: bytes) -> io.StringIO:
    """A lookup file as text: UTF-8 with or without a byte order mark."""
    return io.StringIO(data.decode("utf-8-sig", "replace"), newline="")
