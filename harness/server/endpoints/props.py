"""What a source type, source or host says about its fields: single settings of ``props.conf``, each an entity.

An entity is named ``<stanza> : <setting>`` (N8.22). What is made in a namespace is a setting of its stanza there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from harness.server.answers import Refusal, could_not_find
from harness.server.atom import Entry, Fields
from harness.server.call import Call
from harness.server.capabilities import Json
from harness.server.confs import Stanza
from harness.server.eai import Collection, check_arguments
from harness.server.knowledge_objects import missing_arguments

FILE: Final = "props"
_BETWEEN: Final = " : "
_LINKS: Final = ("alternate", "list", "_reload", "edit")
_PAIR: Final = re.compile(r"""("[^"]+"|[^\s,]+)(?:\s+AS(NEW)?\s+("[^"]+"|[^\s,]+))?""", re.IGNORECASE)
_OUTPUT: Final = re.compile(r"\s+(OUTPUT(?:NEW)?)\s+", re.IGNORECASE)
_INPUT: Final = "lookup.field.input."
_RESULT: Final = "lookup.field.output."

Settings = dict[str, str]


@dataclass(frozen=True, slots=True)
class Kind:
    """Settings with one of the ``prefixes``: ``read`` shows a value as content, ``write`` makes one of arguments."""

    path: str
    handler: str
    prefixes: tuple[str, ...]
    required: tuple[str, ...]
    read: Callable[[str, str], dict[str, Json]]
    write: Callable[[Settings], str]
    prefix_of: Callable[[Settings], str]
    open: tuple[str, ...] = ()
    """Arguments are also taken whose names begin so."""
    optional: tuple[str, ...] = ()

    def serve(self) -> None:
        """Register the endpoints."""
        collection = Collection(
            self.path,
            self.handler,
            capability=None,
            new=lambda: Fields(required=["name", "stanza", *self.required], optional=self.optional),
        )

        @collection.entries
        def listed(call: Call) -> Iterable[Entry]:
            """Those that the caller sees in the namespace."""
            stanzas = call.instance.confs.all(FILE, call.namespace, call.viewer)
            return [self.entry(stanza, key) for stanza in stanzas for key in self.keys(stanza)]

        @collection.creator
        def create(call: Call, name: str, settings: Settings) -> Entry:
            """Private under a user's namespace, shared in the app under ``nobody``."""
            self.check(settings, "stanza")
            missing = [each for each in ("stanza", *self.required) if not settings.get(each)]
            if missing:
                raise missing_arguments(missing)
            key, value = f"{self.prefix_of(settings)}{name}", self.write(settings)
            confs, stanza = call.instance.confs, settings["stanza"]
            found = confs.here(FILE, stanza, call.namespace, call.viewer)
            if found is not None and key in found.settings:
                raise Refusal(409, "ERROR", f"An object with name={stanza}{_BETWEEN}{key} already exists")
            if found is None:
                changed = confs.create(FILE, stanza, {key: value}, call.namespace, call.viewer)
            else:
                changed = confs.edit(found, {key: value}, call.viewer)
            return self.entry(changed, key)

        @collection.editor
        def edit(call: Call, name: str, settings: Settings) -> Entry:
            """The value is written anew from what is sent (N8.23)."""
            self.check(settings)
            missing = [each for each in self.required if each != "type" and not settings.get(each)]
            if missing:
                raise missing_arguments(missing)
            stanza, key = self.find(call, name)
            return self.entry(call.instance.confs.edit(stanza, {key: self.write(settings)}, call.viewer), key)

        @collection.remover
        def remove(call: Call, name: str) -> None:
            """What a client has written can be removed."""
            stanza, key = self.find(call, name)
            if key in stanza.base:
                raise Refusal(400, "ERROR", f"Object id={name} cannot be deleted in config=props.")
            left = {other: value for other, value in stanza.own.items() if other != key}
            if left or stanza.in_app:
                call.instance.confs.replace(stanza, left, call.viewer)
            else:
                call.instance.confs.remove(stanza, call.viewer)

    def check(self, settings: Settings, *more: str) -> None:
        closed = {name: value for name, value in settings.items() if not name.startswith(self.open or ("\0",))}
        check_arguments(closed, {*self.required, *self.optional, *more})

    def keys(self, stanza: Stanza) -> list[str]:
        return sorted(key for key in stanza.settings if key.startswith(self.prefixes))

    def find(self, call: Call, name: str) -> tuple[Stanza, str]:
        stanza, between, key = name.rpartition(_BETWEEN)
        found = call.instance.confs.find(FILE, stanza, call.namespace, call.viewer) if between else None
        if found is None or key not in self.keys(found):
            raise could_not_find(name)
        return found, key

    def entry(self, stanza: Stanza, key: str) -> Entry:
        value = stanza.settings[key]
        content: dict[str, Json] = {
            "attribute": key,
            "eai:acl": None,
            "eai:appName": stanza.app,
            "eai:userName": stanza.owner,
            "stanza": stanza.name,
            "value": value,
            **self.read(key, value),
        }
        removable = key not in stanza.base
        return Entry(
            name=f"{stanza.name}{_BETWEEN}{key}",
            content=dict(sorted(content.items())),
            acl=stanza.acl,
            links=(*_LINKS, *(("remove",) if removable else ())),
            updated=stanza.updated,
            fields=Fields(required=[each for each in self.required if each != "type"], optional=self.optional),
        )


# --- one kind each ----------------------------------------------------------------------------------------------------


def _extraction_prefix(settings: Settings) -> str:
    kind = settings["type"].upper()
    if kind not in {"EXTRACT", "REPORT"}:
        raise Refusal(400, "ERROR", f"Invalid type '{settings['type']}': it is EXTRACT or REPORT.")
    return f"{kind}-"


Kind(
    "data/props/extractions",
    "props-extract",
    ("EXTRACT-", "REPORT-"),
    ("type", "value"),
    read=lambda key, _: {"type": "Inline" if key.startswith("EXTRACT-") else "Uses transform"},
    write=lambda settings: settings["value"],
    prefix_of=_extraction_prefix,
).serve()

Kind(
    "data/props/calcfields",
    "props-calcfields",
    ("EVAL-",),
    ("value",),
    read=lambda key, _: {"field.name": key.removeprefix("EVAL-"), "type": "EVAL"},
    write=lambda settings: settings["value"],
    prefix_of=lambda _: "EVAL-",
).serve()


def _read_aliases(_: str, value: str) -> dict[str, Json]:
    pairs = [found for found in _PAIR.finditer(value) if found[3]]
    return {
        "type": "FIELDALIAS",
        "overwrite": not any(found[2] for found in pairs),
        **{f"alias.{found[1].strip(chr(34))}": found[3].strip('"') for found in pairs},
    }


def _write_aliases(settings: Settings) -> str:
    pairs = {name.removeprefix("alias."): value for name, value in settings.items() if name.startswith("alias.")}
    if not pairs:
        raise missing_arguments(["alias.*"])
    word = "AS" if settings.get("overwrite", "1").lower() in {"1", "true"} else "ASNEW"
    return " ".join(f"{_quoted(old)} {word} {_quoted(new)}" for old, new in pairs.items())


Kind(
    "data/props/fieldaliases",
    "fieldaliases",
    ("FIELDALIAS-",),
    (),
    read=_read_aliases,
    write=_write_aliases,
    prefix_of=lambda _: "FIELDALIAS-",
    open=("alias.",),
    optional=("overwrite",),
).serve()


def _read_lookup(_: str, value: str) -> dict[str, Json]:
    matched, *results = _OUTPUT.split(value.strip())
    transform, _, inputs = matched.partition(" ")
    found: dict[str, Json] = {
        "type": "LOOKUP",
        "transform": transform,
        "overwrite": not results or results[0].upper() == "OUTPUT",
        **{f"{_INPUT}{pair[1].strip(chr(34))}": (pair[3] or "").strip('"') for pair in _PAIR.finditer(inputs)},
    }
    if results:
        pairs = _PAIR.finditer(results[1])
        found |= {f"{_RESULT}{pair[1].strip(chr(34))}": (pair[3] or "").strip('"') for pair in pairs}
    return found


def _write_lookup(settings: Settings) -> str:
    def pairs(prefix: str) -> str:
        found = {name.removeprefix(prefix): value for name, value in settings.items() if name.startswith(prefix)}
        return " ".join(_quoted(name) + (f" AS {_quoted(as_)}" if as_ else "") for name, as_ in found.items())

    if not pairs(_INPUT):
        raise missing_arguments([f"{_INPUT}*"])
    text = f"{settings['transform']} {pairs(_INPUT)}"
    overwrite = settings.get("overwrite", "1").lower() in {"1", "true"}
    results = pairs(_RESULT)
    if not results:
        return text
    return f"{text} {'OUTPUT' if overwrite else 'OUTPUTNEW'} {results}"


Kind(
    "data/props/lookups",
    "props-lookup",
    ("LOOKUP-",),
    ("transform",),
    read=_read_lookup,
    write=_write_lookup,
    prefix_of=lambda _: "LOOKUP-",
    open=(_INPUT, _RESULT),
    optional=("overwrite",),
).serve()


def _quoted(name: str) -> str:
    return f'"{name}"' if re.search(r"[\s,]", name) else name


# --- renaming a source type -------------------------------------------------------------------------------------------

renames = Collection(
    "data/props/sourcetype-rename",
    "sourcetype-rename",
    capability=None,
    new=lambda: Fields(required=["name", "value"]),
)


def _rename(stanza: Stanza) -> Entry:
    """Named by its stanza (N8.24)."""
    content: dict[str, Json] = {
        "attribute": "rename",
        "eai:acl": None,
        "eai:appName": stanza.app,
        "eai:userName": stanza.owner,
        "stanza": stanza.name,
        "type": "rename",
        "value": stanza.settings["rename"],
    }
    links = (*_LINKS, *(() if "rename" in stanza.base else ("remove",)))
    return Entry(stanza.name, content, stanza.acl, links, stanza.updated, fields=Fields(required=["value"]))


def _renamed(call: Call, name: str) -> Stanza:
    found = call.instance.confs.find(FILE, name, call.namespace, call.viewer)
    if found is None or "rename" not in found.settings:
        raise could_not_find(name)
    return found


@renames.entries
def all_renames(call: Call) -> Iterable[Entry]:
    """Source types that searches see under another name."""
    stanzas = call.instance.confs.all(FILE, call.namespace, call.viewer)
    return [_rename(stanza) for stanza in stanzas if "rename" in stanza.settings]


@renames.creator
def make_rename(call: Call, name: str, settings: Settings) -> Entry:
    """``value`` is the other name."""
    check_arguments(settings, ("value",))
    if not settings.get("value"):
        raise missing_arguments(["value"])
    confs, own = call.instance.confs, {"rename": settings["value"]}
    found = confs.here(FILE, name, call.namespace, call.viewer)
    if found is not None and "rename" in found.settings:
        raise Refusal(409, "ERROR", f"An object with name={name} already exists")
    if found is None:
        return _rename(confs.create(FILE, name, own, call.namespace, call.viewer))
    return _rename(confs.edit(found, own, call.viewer))


@renames.editor
def change_rename(call: Call, name: str, settings: Settings) -> Entry:
    """Another name."""
    check_arguments(settings, ("value",))
    if not settings.get("value"):
        raise missing_arguments(["value"])
    return _rename(call.instance.confs.edit(_renamed(call, name), {"rename": settings["value"]}, call.viewer))


@renames.remover
def drop_rename(call: Call, name: str) -> None:
    """The source type has its own name again."""
    found = _renamed(call, name)
    if "rename" in found.base:
        raise Refusal(400, "ERROR", f"Object id={name} cannot be deleted in config=props.")
    left = {key: value for key, value in found.own.items() if key != "rename"}
    call.instance.confs.replace(found, left, call.viewer)
