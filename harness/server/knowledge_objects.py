"""Collections whose entities are stanzas of a conf file: macros, event types, lookups, extractions, conf files as such.

What such collections share, beside what all collections share: namespaces and hiding, enabling, sharing and moving.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from harness.server.accounts import as_list
from harness.server.answers import Answer, Refusal, could_not_find
from harness.server.atom import Entry, Fields
from harness.server.call import Call
from harness.server.capabilities import Json
from harness.server.confs import Sharing, Stanza
from harness.server.eai import Collection, check_arguments, require, unsupported_argument

LINKS: Final = ("alternate", "list", "_reload", "edit")
_SHARING: Final[Mapping[str, Sharing]] = {"user": "user", "app": "app", "global": "global"}


@dataclass(slots=True)
class StanzaCollection(Collection):
    """Entities of one kind, each a stanza of ``file``. ``content`` shows its settings; ``settings`` names what may be
    set, None being anything."""

    file: str = ""
    content: Callable[[Stanza], dict[str, Json]] = field(default=lambda stanza: dict(stanza.settings))
    settings: frozenset[str] | None = None
    required: Sequence[str] = ()
    removable: bool = True
    rewrites: bool = False
    """An edit forgets the settings that it does not send."""
    relations: Sequence[str] = LINKS
    wanted: Callable[[Stanza], bool] = field(default=lambda _: True)
    """Which stanzas of the file are entities here."""

    def serve(self) -> StanzaCollection:
        """Register the endpoints of the collection."""
        self.new = lambda: Fields(required=["name", *self.required], optional=sorted(self.settings or ()))
        self.alone_function = self.of_name
        self.entries(self.listed)
        self.creator(self.create)
        self.editor(self.edit)
        self.remover(self.remove)
        self.switch(self.flip)
        serve_sharing(self, self.find, self.entry)
        return self

    # --- one entity ---------------------------------------------------------------------------------------------------

    def entry(self, call: Call, stanza: Stanza) -> Entry:  # noqa: ARG002 - as every maker of entries has it
        """A stanza as an entity (M8.31)."""
        content: dict[str, Json] = {
            "disabled": is_disabled(stanza),
            "eai:acl": None,
            "eai:appName": stanza.app,
            "eai:userName": stanza.owner,
            **{name: value for name, value in self.content(stanza).items() if name != "disabled"},
        }
        links = [*self.relations, "enable" if content["disabled"] else "disable"]
        if not stanza.in_app:
            links += ["remove", "move"] if self.removable else ["move"]
        return Entry(
            name=stanza.name,
            content=dict(sorted(content.items())),
            acl=stanza.acl,
            links=links,
            updated=stanza.updated,
            fields=Fields(required=self.required, optional=sorted({"disabled", *(self.settings or ())})),
        )

    def find(self, call: Call, name: str) -> Stanza:
        return call.instance.confs.get(self.file, name, call.namespace, call.viewer)

    def of_name(self, call: Call, name: str) -> list[Entry]:
        """Those of one name, without looking at the others."""
        named = call.instance.confs.named(self.file, name, call.namespace, call.viewer)
        found = [self.entry(call, stanza) for stanza in named if self.wanted(stanza)]
        if not found:
            raise could_not_find(name)
        return found

    def listed(self, call: Call) -> Iterable[Entry]:
        """Those that the caller sees in the namespace."""
        stanzas = call.instance.confs.all(self.file, call.namespace, call.viewer)
        return [self.entry(call, stanza) for stanza in stanzas if stanza.name != "default" and self.wanted(stanza)]

    # --- changing -----------------------------------------------------------------------------------------------------

    def create(self, call: Call, name: str, settings: dict[str, str]) -> Entry:
        """Private under a user's namespace, shared in the app under ``nobody``."""
        self._check(settings)
        missing = [each for each in self.required if not settings.get(each)]
        if missing:
            raise missing_arguments(missing)
        stanza = call.instance.confs.create(self.file, name, self._plain(settings), call.namespace, call.viewer)
        return self.entry(call, stanza)

    def edit(self, call: Call, name: str, settings: dict[str, str]) -> Entry:
        """Changes what is sent, and keeps the rest unless the collection rewrites its stanzas (N8.25)."""
        self._check(settings)
        stanza, confs = self._to_change(call, name), call.instance.confs
        change = confs.replace if self.rewrites else confs.edit
        return self.entry(call, change(stanza, self._plain(settings), call.viewer))

    def remove(self, call: Call, name: str) -> None:
        """What a client has made can be removed."""
        call.instance.confs.remove(self._to_change(call, name), call.viewer)

    def flip(self, call: Call, name: str, on: bool) -> Entry:
        """Switch it on or off."""
        found = self._to_change(call, name)
        stanza = call.instance.confs.edit(found, {"disabled": "0" if on else "1"}, call.viewer)
        return self.entry(call, stanza)

    def _to_change(self, call: Call, name: str) -> Stanza:
        call.namespace.check_write()
        return self.find(call, name)

    def _plain(self, settings: Mapping[str, str]) -> dict[str, str]:
        """Switches as 1 and 0, however they are written."""
        switches = {name: settings[name].strip().lower() for name in ("disabled", "iseval") if name in settings}
        return {**settings, **{name: "1" if word in {"1", "true"} else "0" for name, word in switches.items()}}

    def _check(self, settings: Mapping[str, str]) -> None:
        if self.settings is not None:
            check_arguments(settings, {*self.settings, *self.required, "disabled"})


def is_disabled(stanza: Stanza) -> bool:
    return stanza.settings.get("disabled", "0").strip().lower() in {"1", "true"}


def missing_arguments(names: Sequence[str]) -> Refusal:
    return Refusal(400, "ERROR", f"The following required arguments are missing: {', '.join(names)}.")


Maker = Callable[[Call, Stanza], Entry]


def serve_sharing(collection: Collection, find: Callable[[Call, str], Stanza], entry: Maker) -> None:
    """``acl`` and ``move`` below every entity of a collection of stanzas."""

    def acl(call: Call, name: str) -> Answer:
        """Who owns it and who may do what with it; a ``POST`` replaces all of that."""
        return acl_answer(call, collection, find(call, name), entry)

    def move(call: Call, name: str) -> Answer:
        """To another app."""
        return move_answer(call, collection, find(call, name), entry)

    collection.action("acl", "GET", "POST")(acl)
    collection.action("move", "POST")(move)


def acl_answer(call: Call, collection: Collection, stanza: Stanza, entry: Maker) -> Answer:
    """The ACL of a stanza, changed if it is a ``POST``."""
    if call.method == "POST":
        call.namespace.check_write()
        stanza = _share(call, stanza)
    shown = entry(call, stanza)
    shown.content = {"eai:acl": None}
    return collection.answer(call, [shown])


def move_answer(call: Call, collection: Collection, stanza: Stanza, entry: Maker) -> Answer:
    """The stanza in another app; ``app`` and ``user`` are both needed (N9.21)."""
    call.namespace.check_write()
    missing = [argument for argument in ("app", "user") if not call.one(argument)]
    if missing:
        raise missing_arguments(missing)
    moved = call.instance.confs.move(stanza, call.viewer, app=call.one("app"), user=call.one("user"))
    return collection.answer(call, [entry(call, moved)])


def _share(call: Call, stanza: Stanza) -> Stanza:
    """N9.11-N9.15."""
    settings = call.settings()
    unknown = sorted(set(settings) - {"owner", "sharing", "perms.read", "perms.write", "app"})
    if unknown:
        raise unsupported_argument(unknown[0])
    missing = [name for name in ("owner", "sharing") if not settings.get(name)]
    if missing:
        raise missing_arguments(missing)
    owner = settings["owner"]
    if owner != stanza.owner:
        require(call, "admin_all_objects")
        if owner != "nobody" and call.instance.accounts.user(owner) is None:
            raise Refusal(400, "ERROR", f"User '{owner}' does not exist.")
    sharing = _SHARING.get(settings["sharing"])
    if sharing is None:
        raise Refusal(400, "ERROR", f"Invalid sharing: {settings['sharing']}")

    def people(name: str) -> tuple[str, ...] | None:
        values = call.arguments.get(name)
        if values is None:
            return None
        return tuple(as_list(values)) or ("",)  # N9.13

    return call.instance.confs.share(
        stanza, call.viewer, owner=owner, sharing=sharing, read=people("perms.read"), write=people("perms.write")
    )
