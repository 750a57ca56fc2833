"""The KV store: collections of JSON records, asked with the query language of its REST API.

See "KV store" in the REST API Reference. A collection that a lookup names is the very same one that searches read and
write.
"""

from __future__ import annotations

import operator
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from harness.server.answers import Refusal
from harness.server.data_dir import Memory
from harness.values.column import Value
from harness.values.values import texts

Record = dict[str, Any]

MAX_ROWS: Final = 50_000
"""Records of one answer (``max_rows_per_query``)."""
MAX_DEPTH: Final = 64
RECORD: Final = "record"
"""The kind under which records are kept."""

_COMPARISONS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "$gt": operator.gt,
    "$gte": operator.ge,
    "$lt": operator.lt,
    "$lte": operator.le,
}


class QueryError(Exception):
    """The query is not one."""


# --- queries ----------------------------------------------------------------------------------------------------------


def parse(data: bytes | str) -> Any:
    """JSON of a client. Raises :class:`ValueError` for what is none, or is nested too deeply."""
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError(str(error)) from error


def matches(record: Mapping[str, Any], query: Any, depth: int = 0) -> bool:
    """Whether a record satisfies a query. Raises :class:`QueryError` for what is none."""
    if not isinstance(query, Mapping) or depth > MAX_DEPTH:
        raise QueryError
    # Every part is looked at, so that a wrong one is seen whatever the others say.
    found = [_satisfies(record, name, wanted, depth) for name, wanted in query.items()]
    return all(found)


def _satisfies(record: Mapping[str, Any], name: str, wanted: Any, depth: int) -> bool:
    if name in {"$and", "$or"}:
        if not isinstance(wanted, list):
            raise QueryError
        found = [matches(record, each, depth + 1) for each in wanted]
        return all(found) if name == "$and" else any(found)
    if name == "$not":
        return not matches(record, wanted, depth + 1)
    if name.startswith("$"):
        raise QueryError
    value = value_at(record, name)
    if isinstance(wanted, Mapping) and wanted and all(key.startswith("$") for key in wanted):
        found = [_compares(value, key, limit) for key, limit in wanted.items()]
        return all(found)
    return _equals(value, wanted)


def _compares(value: Any, symbol: str, limit: Any) -> bool:
    if symbol == "$ne":
        return not _equals(value, limit)
    if symbol == "$eq":
        return _equals(value, limit)
    if symbol in {"$in", "$nin"} and isinstance(limit, list):
        return any(_equals(value, each) for each in limit) == (symbol == "$in")
    if symbol == "$regex" and isinstance(limit, str):
        return _searches(limit, value)
    compare = _COMPARISONS.get(symbol)
    if compare is None:
        raise QueryError
    comparable = isinstance(value, str) == isinstance(limit, str) and value is not None and not isinstance(value, bool)
    try:
        return comparable and compare(value, limit)
    except TypeError:
        return False


def _searches(pattern: str, value: Any) -> bool:
    import regex

    if not isinstance(value, str):
        return False
    try:
        return regex.search(pattern, value, timeout=1.0) is not None
    except (regex.error, TimeoutError) as error:
        raise QueryError from error


def _equals(value: Any, wanted: Any) -> bool:
    """A list satisfies what one of its members does."""
    if isinstance(value, list) and not isinstance(wanted, list):
        return any(_equals(member, wanted) for member in value)
    return (type(value) is type(wanted) and value == wanted) or _numbers(value, wanted)


def _numbers(value: Any, wanted: Any) -> bool:
    plain = (int, float)
    are = isinstance(value, plain) and isinstance(wanted, plain)
    return are and not isinstance(value, bool) and not isinstance(wanted, bool) and value == wanted


def value_at(record: Mapping[str, Any], path: str) -> Any:
    """A member by its dotted path; None without one."""
    if path in record:
        return record[path]
    value: Any = record
    for part in path.split("."):
        if not isinstance(value, Mapping) or part not in value:
            return None
        value = value[part]
    return value


def ordered(records: list[Record], sort: Sequence[tuple[str, int]]) -> list[Record]:
    """Sorted by several members, the first one first; what lacks a member comes first when ascending."""
    for name, direction in reversed(sort):
        records = sorted(records, key=lambda record: _order(value_at(record, name)), reverse=direction < 0)
    return records


def _order(value: Any) -> tuple[int, float, str]:
    if value is None:
        return (0, 0.0, "")
    if isinstance(value, int | float):
        return (1, float(value), "")
    return (2, 0.0, value if isinstance(value, str) else msgspec.json.encode(value).decode())


# --- collections ------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Collection:
    """The records of one collection. Thread-safe. Searches see it as the rows of a lookup."""

    name: str
    types: dict[str, str] = field(default_factory=dict)
    enforce: bool = False
    app: str = ""
    kept: Memory = field(default_factory=Memory)
    _records: dict[tuple[str, str], Record] = field(default_factory=dict)
    _version: int = 0
    _lock: threading.RLock = field(default_factory=threading.RLock)

    # --- records

    def find(self, user: str, query: Any) -> list[Record]:
        """Records of a user (``-``: of all) that satisfy a query, in the order in which they came. Raises
        :class:`QueryError`."""
        matches({}, query)
        with self._lock:
            records = [record for (owner, _), record in self._records.items() if user in {"-", owner}]
        return [record for record in records if matches(record, query)]

    def get(self, user: str, key: str) -> Record | None:
        with self._lock:
            return self._records.get((user, key))

    def insert(self, user: str, record: Record) -> str:
        """A new record; 409 if its key is taken."""
        key = str(record.get("_key") or secrets.token_hex(12))
        with self._lock:
            if (user, key) in self._records:
                raise Refusal(409, "ERROR", "A document with the same key and user already exists.")
            self._put(user, key, record)
        return key

    def put(self, user: str, key: str, record: Record) -> None:
        """The record under a key, whether there was one or not."""
        with self._lock:
            self._put(user, key, record)

    def remove(self, user: str, records: Sequence[Record]) -> None:
        with self._lock:
            for record in records:
                self._drop(str(record["_user"]) if user == "-" else user, str(record["_key"]))
            self._version += 1

    def _put(self, user: str, key: str, record: Record) -> None:
        found = {**self._typed(record), "_user": user, "_key": key}
        self.kept.put(RECORD, (self.app, self.name, user, key), msgspec.json.encode(found))
        self._records[user, key] = found
        self._version += 1

    def _drop(self, user: str, key: str) -> None:
        if (user, key) in self._records:
            self.kept.drop(RECORD, (self.app, self.name, user, key))
            del self._records[user, key]

    def restore(self, user: str, key: str, record: Record) -> None:
        """A record as it was kept."""
        self._records[user, key] = record

    def clear(self) -> None:
        """Without any record."""
        with self._lock:
            for user, key in list(self._records):
                self._drop(user, key)
            self._version += 1

    def _typed(self, record: Record) -> Record:
        """Declared numbers and booleans are read from text (N7.5); enforced types refuse what does not fit."""
        found = dict(record)
        for name, kind in self.types.items():
            if name not in found:
                continue
            value = _as_type(found[name], kind)
            if value is None and self.enforce and found[name] is not None:
                raise Refusal(400, "ERROR", f"Value for field '{name}' is not of type {kind}.")
            found[name] = found[name] if value is None else value
        return found

    # --- as the rows of a lookup

    @property
    def fields(self) -> Sequence[str]:
        declared = dict.fromkeys(self.types)
        with self._lock:
            for record in self._records.values():
                declared.update(dict.fromkeys(name for name, _ in flat(record) if name not in {"_user", "_key"}))
        return ["_key", *declared]

    @property
    def version(self) -> int:
        return self._version

    def rows(self) -> Sequence[Mapping[str, Value]]:
        with self._lock:
            records = list(self._records.values())
        return [{name: value for name, value in flat(record) if name != "_user"} for record in records]

    def replace_rows(self, fields: Sequence[str], rows: Sequence[Mapping[str, Value]]) -> None:  # noqa: ARG002
        """What ``outputlookup`` writes: every record anew; a row with a ``_key`` keeps it."""
        with self._lock:
            self.clear()
            for row in rows:
                record = {name: _from_value(value) for name, value in row.items() if value is not None}
                self._put("nobody", str(record.pop("_key", None) or secrets.token_hex(12)), record)
            self._version += 1


def _from_value(value: Value) -> Any:
    found = texts(value)
    return found if len(found) > 1 else found[0]


def flat(record: Mapping[str, Any], prefix: str = "", depth: int = 0) -> Iterator[tuple[str, Value]]:
    """Members as a lookup shows them: nested ones by dotted names, lists as multivalues, everything as text."""
    for name, value in record.items():
        path = f"{prefix}{name}"
        if isinstance(value, Mapping) and depth < MAX_DEPTH:
            yield from flat(value, f"{path}.", depth + 1)
        elif isinstance(value, list):
            members = tuple(_text(each) for each in value)
            yield path, members if len(members) > 1 else members[0] if members else None
        elif value is not None:
            yield path, _text(value)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _as_type(value: Any, kind: str) -> Any:
    """The value as the declared type, None if it is not and cannot be read as one."""
    if kind == "number":
        if isinstance(value, int | float) and not isinstance(value, bool):
            return value
        try:
            number = float(value) if isinstance(value, str) else None
        except ValueError:
            return None
        return int(number) if number is not None and number.is_integer() else number
    if kind == "bool":
        words = {"true": True, "1": True, "false": False, "0": False}
        return value if isinstance(value, bool) else words.get(str(value).lower())
    if kind == "string":
        return value if isinstance(value, str) else None
    if kind == "array":
        return value if isinstance(value, list) else None
    return value


class KvStore:
    """All collections, by app and name. Thread-safe."""

    def __init__(self, kept: Memory | None = None) -> None:
        self._lock = threading.Lock()
        self._kept = kept if kept is not None else Memory()
        self._collections: dict[tuple[str, str], Collection] = {}

    def restore(self) -> None:
        """The records of the collections that are defined now; those of others stay where they are."""
        for (app, name, user, key), record in self._kept.items(RECORD, msgspec.json.decode):
            collection = self._collections.get((app, name))
            if collection is not None:
                collection.restore(user, key, record)

    def define(self, app: str, name: str, settings: Mapping[str, str]) -> Collection:
        """Make or change a collection as its stanza of ``collections.conf`` says."""
        types = {key[6:]: value for key, value in settings.items() if key.startswith("field.")}
        with self._lock:
            found = self._collections.setdefault((app, name), Collection(name, app=app, kept=self._kept))
            found.types = types
            found.enforce = settings.get("enforceTypes", "").lower() in {"1", "true"}
        return found

    def get(self, app: str | None, name: str) -> Collection | None:
        """The collection of an app; without an app, the first of that name."""
        with self._lock:
            if app is not None and (app, name) in self._collections:
                return self._collections[app, name]
            if app not in {None, "-"}:
                return None
            return next((each for (_, known), each in sorted(self._collections.items()) if known == name), None)

    def forget(self, app: str, name: str) -> None:
        with self._lock:
            found = self._collections.pop((app, name), None)
        if found is not None:
            found.clear()
