"""Splunk apps, from folders and from packages (``.tgz``, ``.tar.gz``, ``.spl``).

An app is its ``default`` and ``local`` conf files, lookups and data models; ``local`` wins over ``default``. Of several
apps the later one wins. Nothing of a package is executed, and nothing is written outside a folder of our own.
"""

from __future__ import annotations

import io
import tarfile
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from harness.errors import FilePlace, KnowledgeError
from harness.knowledge.conf import Stanzas, merge, parse_conf

MAX_PACKAGE_BYTES = 512 * 1024 * 1024
MAX_MEMBERS = 50_000


@dataclass(slots=True)
class App:
    """One app, wholly in memory: conf files merged, lookup files and data models as bytes by name."""

    name: str
    path: Path
    version: str = ""
    label: str = ""
    confs: dict[str, Stanzas] = field(default_factory=dict)
    lookups: dict[str, bytes] = field(default_factory=dict)
    data_models: dict[str, bytes] = field(default_factory=dict)
    warnings: list[KnowledgeError] = field(default_factory=list)


def load_app(path: Path) -> App:
    """Read an app's folder or package. Raises KnowledgeError if there is no app in it."""
    if path.is_dir():
        name, files = path.name, _folder_files(path)
    elif path.is_file():
        name, files = _package_files(path)
    else:
        raise KnowledgeError("no such app", where=FilePlace(path), hint="Name the app's folder or its .tgz or .spl.")
    if not any(name.endswith((".conf", ".csv", ".json")) for name in files):
        raise KnowledgeError(
            "holds no Splunk app", where=FilePlace(path), hint="An app has default/*.conf, lookups/ or data models."
        )
    return _build(name, path, files)


def _wanted(name: str) -> bool:
    parts = PurePosixPath(name).parts
    if len(parts) < 2:
        return False
    if parts[0] in ("default", "local"):
        return (len(parts) == 2 and parts[1].endswith(".conf")) or parts[1:3] == ("data", "models")
    return parts[0] == "lookups" and len(parts) == 2


def _folder_files(root: Path) -> dict[str, bytes]:
    files = {}
    for top in ("default", "local", "lookups"):
        folder = root / top
        for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
            name = path.relative_to(root).as_posix()
            if path.is_file() and _wanted(name):
                files[name] = path.read_bytes()
    return files


def _package_files(path: Path) -> tuple[str, dict[str, bytes]]:
    """The files of a package, read in place: names with ``..``, links and devices are never followed."""
    files: dict[str, bytes] = {}
    name = ""
    total = 0
    try:
        with tarfile.open(path, "r:*") as archive:
            for count, member in enumerate(archive):
                if count > MAX_MEMBERS:
                    raise KnowledgeError(f"more than {MAX_MEMBERS} files", where=FilePlace(path))
                parts = PurePosixPath(member.name.removeprefix("./")).parts
                if not member.isfile() or len(parts) < 2 or ".." in parts or member.name.startswith("/"):
                    continue
                name = name or parts[0]
                inside = "/".join(parts[1:])
                if parts[0] != name or not _wanted(inside):
                    continue
                total += member.size
                if total > MAX_PACKAGE_BYTES:
                    raise KnowledgeError(f"unpacks to more than {MAX_PACKAGE_BYTES} bytes", where=FilePlace(path))
                stream = archive.extractfile(member)
                files[inside] = stream.read() if stream is not None else b""
    except (tarfile.TarError, OSError, EOFError) as problem:
        raise KnowledgeError(f"not an app package: {problem}", where=FilePlace(path)) from problem
    return name or path.name.split(".")[0], files


def _build(name: str, path: Path, files: dict[str, bytes]) -> App:
    app = App(name, path)
    layers: dict[str, list[Stanzas]] = {}
    for inside, data in sorted(files.items()):  # default/ sorts before local/
        place = path / inside
        if inside.endswith(".conf"):
            parsed = parse_conf(data.decode("utf-8", "replace"), place)
            app.warnings.extend(parsed.warnings)
            layers.setdefault(PurePosixPath(inside).stem, []).append(parsed.stanzas)
        elif inside.startswith("lookups/"):
            app.lookups[inside.removeprefix("lookups/")] = data
        elif inside.endswith(".json"):
            app.data_models[PurePosixPath(inside).stem] = data
    app.confs = {conf: merge(stanzas) for conf, stanzas in layers.items()}
    info = app.confs.get("app", {})
    app.version = info.get("launcher", {}).get("version", "") or info.get("id", {}).get("version", "")
    app.label = info.get("ui", {}).get("label", "")
    return app


def text_stream(data: bytes) -> io.StringIO:
    """A lookup file as text: UTF-8 with or without a byte order mark."""
    return io.StringIO(data.decode("utf-8-sig", "replace"), newline="")
