"""The KV store's collections and their records."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

from harness.server.answers import NO_STORE, Answer, Refusal, json_answer
from harness.server.atom import Acl, Entry, Fields
from harness.server.call import Call
from harness.server.capabilities import Json
from harness.server.confs import Stanza
from harness.server.eai import Collection as EntityCollection
from harness.server.knowledge_objects import StanzaCollection
from harness.server.kvstore import MAX_ROWS, Collection, QueryError, Record, ordered, parse, value_at
from harness.server.routing import endpoint

DATA: Final = "storage/collections/data"


# --- configuration ----------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Config(StanzaCollection):
    """Collections as stanzas of ``collections.conf``; only for the user ``nobody`` (M7.1)."""

    def listed(self, call: Call) -> Iterable[Entry]:
        """The collections of the app."""
        _as_nobody(call)
        return [replace(self.entry(call, stanza), fields=_FIELDS) for stanza in self._stanzas(call)]

    def of_name(self, call: Call, name: str) -> list[Entry]:
        """The collection of that name."""
        _as_nobody(call)
        return [replace(entry, fields=_FIELDS) for entry in StanzaCollection.of_name(self, call, name)]

    def find(self, call: Call, name: str) -> Stanza:
        _as_nobody(call)
        return call.instance.confs.get(self.file, name, call.namespace, call.viewer)

    def create(self, call: Call, name: str, settings: dict[str, str]) -> Entry:
        """A collection with typed fields (``field.x=number``); lookups can name it at once."""
        _as_nobody(call)
        entry = StanzaCollection.create(self, call, name, settings)
        call.instance.define_collection(call.app, name, settings)
        return entry

    def edit(self, call: Call, name: str, settings: dict[str, str]) -> Entry:
        """Adds to the fields (N7.8)."""
        stanza = call.instance.confs.edit(self.find(call, name), settings, call.viewer)
        call.instance.define_collection(stanza.app, name, stanza.settings)
        return self.entry(call, stanza)

    def remove(self, call: Call, name: str) -> None:
        """The collection and its records go."""
        stanza = self.find(call, name)
        StanzaCollection.remove(self, call, name)
        call.instance.kvstore.forget(stanza.app, name)

    def _stanzas(self, call: Call) -> list[Stanza]:
        return call.instance.confs.all(self.file, call.namespace, call.viewer)


def _content(stanza: Stanza) -> dict[str, Json]:
    """Flat members (M7.6)."""
    return {
        "profilingEnabled": "false",
        "profilingThresholdMs": "1000",
        "replicate": "false",
        "replication_dump_maximum_file_size": "10240",
        "replication_dump_strategy": "auto",
        "type": "undefined",
        **stanza.settings,
    }


_FIELDS: Final = Fields(
    optional=("enforceTypes", "profilingEnabled", "profilingThresholdMs", "replicate", "type"),
    wildcard=(r"accelerated_fields\..*", r"field\..*"),
)

config = _Config(
    "storage/collections/config",
    "collections-conf",
    links=("create", "_reload", "_acl"),
    arguments=None,
    capability=None,
    file="collections",
    content=_content,
).serve()


def _as_nobody(call: Call) -> None:
    owner = call.namespace.owner or call.user.name
    if owner not in {"nobody", "-"}:
        raise Refusal(
            400,
            "ERROR",
            f"Must use user context of 'nobody' when interacting with collection configurations (used user='{owner}')",
        )


# --- records ----------------------------------------------------------------------------------------------------------


@endpoint(DATA + "/{collection}", "GET")
def find(call: Call, collection: str) -> Answer:
    """Records by ``query``, ``sort``, ``skip``, ``limit`` and ``fields`` (N7.3)."""
    found = _collection(call, collection)
    query = {
        "query": _query(call),
        "sort": call.one("sort"),
        "skip": call.one("skip", "0"),
        "limit": call.one("limit", "0"),
        "fields": call.one("fields"),
    }
    return json_answer(_select(call, found, query))


@endpoint(DATA + "/{collection}", "POST", raw_body=True)
def insert(call: Call, collection: str) -> Answer:
    """A new record: 201 with its key (M7.13)."""
    record = _record(_json(call))
    key = _collection(call, collection).insert(_user(call), record)
    return json_answer({"_key": key}, 201)


@endpoint(DATA + "/{collection}", "DELETE")
def remove_some(call: Call, collection: str) -> Answer:
    """The records that the query selects, without one all (M7.12, N7.6)."""
    found = _collection(call, collection)
    found.remove(_user(call), _found(call, found, _query(call)))
    return Answer(status=200, headers=NO_STORE)


@endpoint(DATA + "/{collection}/{key}", "GET")
def one(call: Call, collection: str, key: str) -> Answer:
    """The record of that key."""
    return json_answer(_one(call, _collection(call, collection), key))


@endpoint(DATA + "/{collection}/{key}", "POST", "PUT", raw_body=True)
def change(call: Call, collection: str, key: str) -> Answer:
    """The record anew; the answer is its key (N7.2)."""
    found = _collection(call, collection)
    record = _record(_json(call))
    _one(call, found, key)
    found.put(_user(call), key, record)
    return json_answer({"_key": key})


@endpoint(DATA + "/{collection}/{key}", "DELETE")
def remove(call: Call, collection: str, key: str) -> Answer:
    """The record is then unknown (N7.6)."""
    found = _collection(call, collection)
    found.remove(_user(call), [_one(call, found, key)])
    return Answer(status=200, headers=NO_STORE)


@endpoint(DATA + "/{collection}/batch_save", "POST", "PUT", raw_body=True)
def batch_save(call: Call, collection: str) -> Answer:
    """Many records at once, each new or anew; the answer is their keys, in order (M7.9, N7.2)."""
    found = _collection(call, collection)
    items = _json(call)
    if not isinstance(items, list):
        raise Refusal(400, "ERROR", "Must supply an array of documents.")
    keys = []
    for record in map(_record, items):
        key = str(record.get("_key") or "")
        if key:
            found.put(_user(call), key, record)
        else:
            key = found.insert(_user(call), record)
        keys.append(key)
    return json_answer(keys)


@endpoint(DATA + "/{collection}/batch_find", "POST", "PUT", raw_body=True)
def batch_find(call: Call, collection: str) -> Answer:
    """Many queries at once, one list of records for each (M7.10, N7.4)."""
    found = _collection(call, collection)
    queries = _json(call)
    if not isinstance(queries, list) or not all(isinstance(query, dict) for query in queries):
        raise _bad_query()
    return json_answer([_select(call, found, {"query": {}, **query}) for query in queries])


def _collection(call: Call, name: str) -> Collection:
    found = call.instance.kvstore.get(call.namespace.app, name)
    if found is None:
        raise Refusal(404, "ERROR", f"An object with name={name} does not exist")
    return found


def _user(call: Call) -> str:
    return call.namespace.owner or "nobody"


def _one(call: Call, found: Collection, key: str) -> Record:
    record = found.get(_user(call), key)
    if record is None:
        raise Refusal(404, "ERROR", "Could not find object.")
    return record


def _json(call: Call) -> Any:
    try:
        return parse(call.body)
    except ValueError as error:
        raise Refusal(400, "ERROR", f"JSON in the request is invalid. ( {error} )") from error


def _record(value: Any) -> Record:
    if not isinstance(value, dict):
        raise Refusal(400, "ERROR", "Must supply a document.")
    return value


def _query(call: Call) -> Any:
    text = call.one("query")
    if not text:
        return {}
    try:
        return parse(text)
    except ValueError as error:
        raise _bad_query() from error


def _bad_query() -> Refusal:
    return Refusal(400, "ERROR", "The provided query was invalid.")


def _found(call: Call, found: Collection, query: Any) -> list[Record]:
    try:
        return found.find(_user(call), query)
    except QueryError as error:
        raise _bad_query() from error


def _select(call: Call, found: Collection, query: dict[str, Any]) -> list[Record]:
    records = ordered(_found(call, found, query["query"]), _sort(query.get("sort")))
    skip, limit = _whole(query.get("skip")), _whole(query.get("limit"))
    records = records[skip : skip + min(limit or MAX_ROWS, MAX_ROWS)]
    return [_shown(record, query.get("fields")) for record in records]


def _whole(value: Any) -> int:
    text = str(value or "0")
    return int(text) if text.isdigit() else 0


def _sort(sort: Any) -> list[tuple[str, int]]:
    """``n:-1,name:1`` or a list of objects of one member each (N7.4)."""
    if isinstance(sort, str):
        parts = [part.strip().rpartition(":") for part in sort.split(",") if part.strip()]
        return [(name or direction, -1 if direction == "-1" else 1) for name, _, direction in parts]
    items = [sort] if isinstance(sort, dict) else sort if isinstance(sort, list) else []
    return [(str(name), -1 if way in (-1, "-1") else 1) for item in items for name, way in dict(item).items()]


def _shown(record: Record, fields: Any) -> Record:
    """``a,b`` shows these and the key; ``a:0`` hides one; ``_key:0`` or ``_id:0`` the key (N7.3)."""
    wanted = fields.split(",") if isinstance(fields, str) else fields if isinstance(fields, list) else []
    parts = [str(each).strip().partition(":") for each in wanted if str(each).strip()]
    hidden = {name for name, _, mark in parts if mark == "0"}
    chosen = [name for name, _, mark in parts if mark != "0"]
    if hidden & {"_id", "_key"}:
        hidden |= {"_key"}
    elif chosen:
        chosen.append("_key")
    if not chosen:
        return {name: value for name, value in record.items() if name not in hidden}
    return {
        name: value_at(record, name)
        for name in dict.fromkeys(chosen)
        if name not in hidden and value_at(record, name) is not None
    }


# --- status -----------------------------------------------------------------------------------------------------------

status = EntityCollection("kvstore/status", "kvstore-status", links=())


@status.entries
def kvstore_status(call: Call) -> list[Entry]:
    """M7.14."""
    instance = call.instance
    current: dict[str, Json] = {
        "backupRestoreStatus": "Ready",
        "disabled": False,
        "guid": instance.guid,
        "migrationStatus": "NotStarted",
        "port": 8191,
        "replicaSet": "splunkrs",
        "replicationStatus": "KV store captain",
        "standalone": True,
        "status": "ready",
        "storageEngine": "wiredTiger",
        "versionUpgradeInProgress": "0",
    }
    members: dict[str, Json] = {"0": {"configVersion": 1, "hostAndPort": "127.0.0.1:8191", "pingMs": None}}
    content: dict[str, Json] = {"current": current, "eai:acl": None, "members": members}
    return [Entry(name="status", content=content, acl=Acl())]
