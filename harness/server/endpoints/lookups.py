"""Lookups: their definitions, their files, and what is in these."""

from __future__ import annotations

import csv
import dataclasses
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import msgspec

from harness.errors import HarnessError, SPLError
from harness.knowledge.lookups import Table
from harness.server.answers import NO_STORE, Answer, Refusal, could_not_find
from harness.server.atom import Acl, Entry, Fields
from harness.server.call import Call
from harness.server.capabilities import Json
from harness.server.confs import Stanza
from harness.server.eai import Collection
from harness.server.knowledge_objects import StanzaCollection
from harness.server.routing import endpoint
from harness.values.values import texts

_KINDS: Final = frozenset(("filename", "collection", "external_type", "external_cmd"))
_SETTINGS: Final = """
batch_index_query case_sensitive_match check_permission collection default_match external_cmd external_type fields_list
filename filter match_type max_matches max_offset_secs min_matches min_offset_secs time_field time_format
"""


def _content(stanza: Stanza) -> dict[str, Json]:
    """What a definition says, with its type and its fields one by one (N8.26)."""
    settings = stanza.settings
    kind = settings.get("external_type", "external") if "filename" not in settings else "file"
    fields: list[Json] = [name for name in settings.get("fields_list", "").replace(" ", ",").split(",") if name]
    return {**settings, "type": kind, **({"fields_array": fields} if fields else {})}


class _Definitions(StanzaCollection):
    def entry(self, call: Call, stanza: Stanza) -> Entry:
        """With the columns of the file where the definition lists none, nothing for a file that is not there, and with
        ``getsize`` the bytes of one that is (N8.26)."""
        shown = StanzaCollection.entry(self, call, stanza)
        file = stanza.settings.get("filename")
        if file is None:
            return shown
        rows = _rows(call, file)
        more: dict[str, Json] = {}
        if "fields_array" not in shown.content:
            more["fields_array"] = None if rows is None else [*rows[0]]
        if rows is not None and call.flag("getsize"):
            more["size"] = len(_csv(rows).encode())
        return dataclasses.replace(shown, content=dict(sorted({**shown.content, **more}.items())))


definitions = _Definitions(
    "data/transforms/lookups",
    "transforms-lookup",
    arguments=frozenset(("getsize",)),
    capability=None,
    file="transforms",
    content=_content,
    settings=frozenset(_SETTINGS.split()),
    wanted=lambda stanza: bool(_KINDS & stanza.settings.keys()),
).serve()


def _extraction(stanza: Stanza) -> dict[str, Json]:
    """Settings with their defaults (N8.25)."""
    return {
        "CAN_OPTIMIZE": "True",
        "CLEAN_KEYS": "True",
        "KEEP_EMPTY_VALS": "False",
        "MV_ADD": "False",
        "SOURCE_KEY": "_raw",
        **stanza.settings,
    }


extractions = StanzaCollection(
    "data/transforms/extractions",
    "transforms-extract",
    capability=None,
    file="transforms",
    content=_extraction,
    rewrites=True,
    settings=frozenset(
        ("REGEX", "FORMAT", "SOURCE_KEY", "DELIMS", "FIELDS", "MV_ADD", "CLEAN_KEYS", "KEEP_EMPTY_VALS", "CAN_OPTIMIZE")
    ),
    wanted=lambda stanza: bool({"REGEX", "DELIMS"} & stanza.settings.keys()),
).serve()


# --- files ------------------------------------------------------------------------------------------------------------

files = Collection(
    "data/lookup-table-files",
    "lookup-table-files",
    capability=None,
    new=lambda: Fields(required=["name", "eai:data"]),
)


@files.entries
def listed(call: Call) -> list[Entry]:
    """Files that apps have, and those that searches or clients have written."""
    return [_entry(call, name, app) for name, app in sorted(_owners(call).items())]


def _owners(call: Call) -> dict[str, str]:
    """The app of each lookup file."""
    apps = {name: app.name for app in call.instance.knowledge.apps for name in app.lookups}
    written = dict.fromkeys(call.instance.knowledge.tables.file_names(), "search")
    return {**written, **apps}


@files.creator
def create(call: Call, name: str, settings: dict[str, str]) -> Entry:
    """Splunk takes a file that lies in its staging area, and takes it away from there (N8.27). A server in a container
    has such an area; others have none."""
    data = settings.get("eai:data", "")
    _check_name(name)
    if name in _owners(call):
        raise Refusal(409, "ERROR", f"A lookup table file named '{name}' already exists.")
    return _take_staged(call, name, data)


@files.editor
def replace(call: Call, name: str, settings: dict[str, str]) -> Entry:
    """A file that is staged takes the place of the one that is there."""
    if name not in _owners(call):
        raise could_not_find(name)
    return _take_staged(call, name, settings.get("eai:data", ""))


def _take_staged(call: Call, name: str, data: str) -> Entry:
    area = call.instance.config.staging
    staged = Path(data).resolve()
    if area is None or not staged.is_relative_to(area.resolve()):
        hint = "" if area is not None else " Send the contents with data/lookup_edit instead."
        raise Refusal(400, "ERROR", f"{data} is outside of staging area.{hint}")
    try:
        if staged.stat().st_size > call.instance.config.limits.upload_max_bytes:
            raise Refusal(400, "ERROR", f"{data} is too large.")
        table = Table.from_csv(staged.read_bytes(), Path(name))
        staged.unlink()
    except OSError as error:
        raise Refusal(400, "ERROR", f"Error reading file {data}: {error.strerror}") from error
    call.instance.write_lookup(name, table)
    app = call.namespace.app
    return _entry(call, name, "search" if app is None or app == "-" else app)


def _check_name(name: str) -> None:
    # The Machine Learning Toolkit puts its models here, too.
    if not name or Path(name).name != name or not name.endswith((".csv", ".mlmodel")):
        raise Refusal(400, "ERROR", f"'{name}' is not the name of a lookup file.")


def _entry(call: Call, name: str, app: str) -> Entry:
    """With the columns of the file, its bytes and when it was written (N8.27); a file of an app is as old as the server
    that read it."""
    written = call.instance.lookups_written.get(name)
    shipped = next((one.lookups[name] for one in call.instance.knowledge.apps if name in one.lookups), None)
    rows = _rows(call, name) if written is not None or shipped is None else None
    size = len(_csv(rows).encode()) if rows is not None else len(shipped or b"")
    return Entry(
        name=name,
        content={
            "disabled": False,
            "eai:acl": None,
            "eai:appName": app,
            "eai:data": f"/opt/splunk/etc/apps/{app}/lookups/{name}",
            "eai:userName": "nobody",
            "fields_array": list(_columns(call, name)),
            "lastModifiedTime": int(call.instance.started if written is None else written),
            "size": size,
        },
        acl=Acl(app=app, owner="nobody", sharing="global", shareable=True),
        links=("alternate", "list", "_reload", "edit", "move"),
    )


# --- contents ---------------------------------------------------------------------------------------------------------


@endpoint("data/lookup_edit/lookup_contents", "GET")
def read_contents(call: Call) -> Answer:
    """The rows of a lookup file, the header first, as the Lookup Editor app gives them."""
    name = call.one("lookup_file")
    if name not in _owners(call):
        raise could_not_find(name)
    return Answer([msgspec.json.encode(_rows(call, name))], 200, "application/json; charset=UTF-8", NO_STORE)


def _columns(call: Call, name: str) -> Sequence[str]:
    """The columns of a lookup file; none of one that is no CSV."""
    try:
        return call.instance.knowledge.lookup(name).table.fields
    except HarnessError:
        return ()


def _rows(call: Call, name: str) -> list[list[str]] | None:
    """A lookup file, the header first; None if there is none."""
    try:
        lookup = call.instance.knowledge.lookup(name)
    except SPLError:
        return None
    fields = list(lookup.table.fields)
    return [fields, *(["\n".join(texts(row.get(field))) for field in fields] for row in lookup.table.rows())]


def _csv(rows: Iterable[Iterable[str | int | float | None]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([["" if cell is None else cell for cell in row] for row in rows])
    return text.getvalue()


@endpoint("data/lookup_edit/lookup_contents", "POST")
def write_contents(call: Call) -> Answer:
    """Write a lookup file: ``contents`` is a JSON array of rows, the header first. A file that is not there is made."""
    name = call.one("lookup_file")
    _check_name(name)
    try:
        rows = msgspec.json.decode(call.one("contents", "null"), type=list[list[str | int | float | None]])
    except msgspec.DecodeError as error:
        raise Refusal(400, "ERROR", f"The contents are no JSON array of rows: {error}") from error
    table = Table.from_csv(_csv(row for row in rows if any(row)).encode(), Path(name))
    call.instance.write_lookup(name, table)
    return Answer(status=200, headers=NO_STORE)
