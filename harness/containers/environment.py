"""What the environment and ``default.yml`` of a container ask of the Splunk in it, as splunk/splunk reads them.

The environment wins over the file. What we cannot do as asked is refused, never left out in silence.
"""

from __future__ import annotations

import os
import shutil
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final

import yaml

from harness.containers.contract import APPS, DEFAULTS, HEC_PORT, REST_PORT, SHORTEST_PASSWORD, STAGING, WEB_PORT
from harness.errors import FilePlace, UsageError
from harness.knowledge.apps import App, load_app

_BEYOND: Final = (
    "SPLUNK_ADD",
    "SPLUNK_ANSIBLE_POST_TASKS",
    "SPLUNK_ANSIBLE_PRE_TASKS",
    "SPLUNK_APPS_URL_LOCAL",
    "SPLUNK_BEFORE_START_CMD",
    "SPLUNK_CMD",
    "SPLUNK_DEFAULTS_URL",
    "SPLUNK_HTTP_ENABLESSL",
    "SPLUNK_INDEXER_URL",
    "SPLUNK_ROOT_ENDPOINT",
)
_ROLE: Final = "splunk_standalone"
_MAX_FILE_BYTES: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Asked:
    """``apps`` are paths or URLs in the order asked for; ``settings`` is an app made of the file's ``conf``."""

    password: str
    hec_token: str
    tls: bool = True
    hec_tls: bool = True
    port: int = REST_PORT
    hec_port: int = HEC_PORT
    web_port: int = WEB_PORT
    """0 is no web page."""
    server_name: str = ""
    apps: tuple[str, ...] = ()
    settings: App | None = None


def read_environment(environment: Mapping[str, str], defaults: Path = Path(DEFAULTS)) -> Asked:
    """Raises UsageError for what is missing, malformed or beyond us."""
    _refuse_what_we_cannot(environment)
    file = _read_file(defaults)
    hec = _mapping(file.get("hec"), "splunk.hec", defaults)
    tls = _mapping(file.get("ssl"), "splunk.ssl", defaults)
    if not _true(hec.get("enable", True)):
        raise UsageError("splunk.hec.enable is off; tests need the event collector", where=FilePlace(defaults))
    return Asked(
        password=_password(environment.get("SPLUNK_PASSWORD") or str(file.get("password") or "")),
        hec_token=environment.get("SPLUNK_HEC_TOKEN") or str(hec.get("token") or ""),
        tls=_tls("SPLUNKD_SSL_ENABLE", environment, tls.get("enable", True)),
        hec_tls=_tls("SPLUNK_HEC_SSL", environment, hec.get("ssl", True)),
        port=_port("SPLUNK_SVC_PORT", environment, file.get("svc_port"), REST_PORT),
        hec_port=_port("SPLUNK_HEC_PORT", environment, hec.get("port"), HEC_PORT),
        web_port=_port("SPLUNK_HTTP_PORT", environment, file.get("http_port"), WEB_PORT),
        server_name=environment.get("SPLUNK_HOSTNAME", ""),
        apps=_apps(environment.get("SPLUNK_APPS_URL", ""), file.get("apps_location"), defaults),
        settings=_settings(file.get("conf"), defaults),
    )


def install_apps(asked: Sequence[Path], folder: Path = Path(APPS)) -> list[Path]:
    """Unpack what is asked for into the container's folder of apps, where a volume may have put others, and give back
    all that is in it. Outside of a container nothing is unpacked."""
    if not folder.is_dir():
        return list(asked)
    for path in asked:
        app = load_app(path)
        if path.is_dir():
            shutil.copytree(path, folder / app.name, dirs_exist_ok=True)
            continue
        _unpack(path, folder)
    return sorted(path for path in folder.iterdir() if (path / "default").is_dir() or (path / "local").is_dir())


def _unpack(package: Path, folder: Path) -> None:
    """Its files, and nothing that would lie outside of the folder. What it may hold was bounded when it was read."""
    with tarfile.open(package, "r:*") as archive:
        for member in archive:
            name = PurePosixPath(member.name)
            stream = archive.extractfile(member) if member.isfile() else None
            if stream is None or name.is_absolute() or ".." in name.parts:
                continue
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("wb") as file:
                shutil.copyfileobj(stream, file)


def staging(folder: Path = Path(STAGING)) -> Path | None:
    return folder if folder.is_dir() else None


def _refuse_what_we_cannot(environment: Mapping[str, str]) -> None:
    for name in _BEYOND:
        if environment.get(name, "").lower() not in {"", "0", "false"}:
            raise UsageError(
                f"{name} is set, which this image cannot carry out", hint="leave it out, or use the image splunk/splunk"
            )
    role = environment.get("SPLUNK_ROLE", _ROLE)
    if role != _ROLE:
        raise UsageError(f"SPLUNK_ROLE={role} is not supported", hint=f"this image is a {_ROLE}")


def _read_file(path: Path) -> dict[str, Any]:
    """What stands under ``splunk``; nothing if there is no such file."""
    try:
        with path.open("rb") as file:
            text = file.read(_MAX_FILE_BYTES + 1)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}", where=FilePlace(path)) from error
    if len(text) > _MAX_FILE_BYTES:
        raise UsageError(f"is larger than {_MAX_FILE_BYTES} bytes", where=FilePlace(path))
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise UsageError(f"is not YAML: {error}", where=FilePlace(path)) from error
    return _mapping(_mapping(document, "the file", path).get("splunk"), "splunk", path)


def _mapping(value: Any, name: str, path: Path) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise UsageError(f"{name} is no mapping", where=FilePlace(path))
    return value


def _password(text: str) -> str:
    """What is given, or what is in the file that is given: a secret may be mounted."""
    if os.path.isfile(text):  # noqa: PTH113 - unlike Path.is_file it takes any text, however long, for no file
        try:
            text = Path(text).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise UsageError(f"the password cannot be read: {error.strerror}", where=FilePlace(Path(text))) from error
    if not text:
        raise UsageError(
            "no password for the administrator",
            hint=f"set SPLUNK_PASSWORD, or splunk.password in {DEFAULTS}",
        )
    if len(text) < SHORTEST_PASSWORD:
        raise UsageError(f"the password has fewer than {SHORTEST_PASSWORD} characters", hint="set SPLUNK_PASSWORD")
    return text


def _port(name: str, environment: Mapping[str, str], said: Any, default: int) -> int:
    text = environment.get(name) or (default if said is None else said)
    try:
        port = int(text)
    except (TypeError, ValueError):
        port = -1
    if not 0 <= port <= 65535:
        raise UsageError(f"{name}: {text!r} is no port")
    return port


def _apps(listed: str, said: Any, path: Path) -> tuple[str, ...]:
    """The file's first, then those that only the variable names."""
    if isinstance(said, str):
        said = said.split(",")
    if not isinstance(said or [], list):
        raise UsageError("splunk.apps_location is no list", where=FilePlace(path))
    named = [str(item).strip() for item in [*(said or []), *listed.split(",")]]
    return tuple(dict.fromkeys(filter(None, named)))


def _settings(said: Any, path: Path) -> App | None:
    """``conf`` is a list of ``{key, value}`` or a mapping; each value has the stanzas of one file as ``content``."""
    if not said:
        return None
    if isinstance(said, dict):
        said = [{"key": key, "value": value} for key, value in said.items()]
    if not isinstance(said, list):
        raise UsageError("splunk.conf is neither a list nor a mapping", where=FilePlace(path))
    app = App("default_yml", path)
    for item in said:
        entry = _mapping(item, "an entry of splunk.conf", path)
        name = str(entry.get("key") or "")
        content = _mapping(_mapping(entry.get("value"), name, path).get("content"), f"{name}: content", path)
        stanzas = app.confs.setdefault(name, {})
        for stanza, settings in content.items():
            written = _mapping(settings, f"{name}: [{stanza}]", path)
            stanzas.setdefault(str(stanza), {}).update({str(key): _text(value) for key, value in written.items()})
    return app


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _tls(name: str, environment: Mapping[str, str], said: Any) -> bool:
    """The variable can only switch it off."""
    return environment.get(name, "").lower() != "false" and _true(said)


def _true(value: Any) -> bool:
    return str(value).strip().lower() in {"1", "true", "yes", "on"}
