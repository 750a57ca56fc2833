"""The content in a container's Splunk: installed over REST as one app, and known by its hash.

Macros, lookups, collections and saved searches go into an app of their own. What is there already and equal stays, what
differs is written, what the content has no more is deleted; then everything is read back. The hash is a macro of the
app, taken away first and written last: a container that has it has all of this content and nothing else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Final, Protocol
from urllib.parse import quote

import msgspec

from harness.client.rest import SplunkClient
from harness.containers.contract import STAGING
from harness.containers.engine import Report
from harness.errors import BackendError
from harness.knowledge.apps import App
from harness.knowledge.conf import Stanzas

APP: Final = "harness_content"
"""The namespace that tests search in."""
DIGEST: Final = "harness_content_digest"
_CONFS: Final = ("macros", "transforms", "collections", "savedsearches")
_OWNED: Final = {"owner": "nobody", "app": APP}


class Files(Protocol):
    """How a file gets next to the Splunk: lookups are taken from its staging area."""

    def put(self, files: Mapping[str, bytes]) -> None:
        """Write files by their path."""


def digest_of(content: App) -> str:
    said = {
        "confs": {name: content.confs.get(name, {}) for name in _CONFS},
        "lookups": {name: hashlib.sha256(data).hexdigest() for name, data in content.lookups.items()},
    }
    return hashlib.sha256(msgspec.json.encode(said, order="sorted")).hexdigest()


def install(client: SplunkClient, files: Files, content: App, report: Report) -> None:
    """Make the Splunk hold exactly this content. Raises BackendError if it does not hold it afterwards."""
    wanted = digest_of(content)
    there = {conf: _stanzas(client, conf) for conf in _CONFS}
    found = there["macros"].pop(DIGEST, {}).get("definition")
    if found == wanted and all(_equal(there[conf], content.confs.get(conf, {})) for conf in _CONFS):
        report("the content is installed already")
        return
    _make_app(client)
    if found is not None:
        _delete(client, "macros", DIGEST)
    _write_lookups(client, files, content.lookups)
    written = sum(_write(client, conf, there[conf], content.confs.get(conf, {})) for conf in _CONFS)
    for conf in _CONFS:
        _check(conf, _stanzas(client, conf), content.confs.get(conf, {}))
    _create(client, "macros", DIGEST, {"definition": wanted})
    report(f"the content is installed: {written} settings written, {len(content.lookups)} lookup files")


def _make_app(client: SplunkClient) -> None:
    if any(app.name == APP for app in client.apps()):
        return
    with client.service() as service:
        service.post("apps/local", owner="nobody", app="system", name=APP, label="Content under test", visible="0")


def _stanzas(client: SplunkClient, conf: str) -> Stanzas:
    """What our app itself has in a conf file."""
    return {
        entry.name: {key: _text(value) for key, value in entry.content.items() if not key.startswith("eai:")}
        for entry in client.get(f"configs/conf-{conf}", count=0)
        if entry.content.get("eai:appName") == APP
    }


def _write(client: SplunkClient, conf: str, there: Stanzas, wanted: Stanzas) -> int:
    """How many stanzas were written or deleted."""
    stale = [name for name in there if name not in wanted]
    changed = [name for name, settings in wanted.items() if not _has(there.get(name), settings)]
    for name in stale + [name for name in changed if name in there]:
        # A setting that is gone cannot be taken back one by one over REST: the stanza is made anew.
        _delete(client, conf, name)
    for name in changed:
        _create(client, conf, name, wanted[name])
    return len(stale) + len(changed)


def _create(client: SplunkClient, conf: str, name: str, settings: Mapping[str, str]) -> None:
    with client.service() as service:
        service.post(f"configs/conf-{conf}", **_OWNED, name=name, **settings)


def _delete(client: SplunkClient, conf: str, name: str) -> None:
    from splunklib.binding import UrlEncoded

    with client.service() as service:
        service.delete(UrlEncoded(f"configs/conf-{conf}/{quote(name, safe='')}", skip_encode=True), **_OWNED)


def _write_lookups(client: SplunkClient, files: Files, lookups: Mapping[str, bytes]) -> None:
    if not lookups:
        return
    names = {entry.name for entry in client.get("data/lookup-table-files", count=0)}
    files.put({f"{STAGING}/{name}": data for name, data in lookups.items()})
    for name in lookups:
        staged = {"eai:data": f"{STAGING}/{name}"}
        with client.service() as service:
            if name in names:
                service.post(f"data/lookup-table-files/{name}", **_OWNED, **staged)
            else:
                service.post("data/lookup-table-files", **_OWNED, name=name, **staged)


def _has(there: Mapping[str, str] | None, wanted: Mapping[str, str]) -> bool:
    """Whether a stanza says what is wanted; a Splunk adds defaults to what it shows."""
    return there is not None and all(_text(there.get(key)) == _text(value) for key, value in wanted.items())


def _text(value: object) -> str:
    """A setting so that two spellings of one value are equal: a Splunk shows booleans as such, and trims."""
    text = str(value).strip()
    return {"true": "1", "false": "0"}.get(text.lower(), text)


def _equal(there: Stanzas, wanted: Stanzas) -> bool:
    return there.keys() == wanted.keys() and all(_has(there[name], settings) for name, settings in wanted.items())


def _check(conf: str, there: Stanzas, wanted: Stanzas) -> None:
    if _equal(there, wanted):
        return
    for name in sorted(wanted.keys() | there.keys()):
        if not (name in there and name in wanted and _has(there[name], wanted[name])):
            raise BackendError(
                f"the Splunk in the container does not hold the content that was installed: {conf}.conf [{name}] is "
                f"{there.get(name)!r}, not {wanted.get(name)!r}"
            )
