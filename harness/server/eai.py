"""Collections of configuration entities: what all of them have in common.

Listing with paging, sorting and filters, reading one, creating, editing, removing, enabling and disabling: Splunk's
"endpoint access and interface" behaves alike for indexes, saved searches, users and all the others. A family says what
its entities are; everything here is measured once for all (M2.36-M2.60).
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from email.utils import formatdate
from fnmatch import fnmatchcase
from typing import Any, Final

from harness.server.answers import Answer, Message, Refusal, could_not_find
from harness.server.atom import Acl, Entry, Feed, Fields, entity_path, feed_answer
from harness.server.call import Call, quote_name
from harness.server.capabilities import Json
from harness.server.routing import Style, endpoint, without_target

EVERYWHERE: Final = frozenset(
    ("count", "offset", "search", "sort_key", "sort_dir", "sort_mode", "f", "output_mode", "listDefaultActionArgs")
)
"""Query arguments that every collection takes (M2.45)."""
UNLIMITED: Final = 10_000_000
"""What ``count=0`` is reported as (M2.37)."""
UNSIGNED: Final = 18446744073709552000
"""What ``count=-1`` is reported as: the number read as unsigned 64-bit (M2.38)."""
DEFAULT_COUNT: Final = 30
CACHE_SECONDS: Final = 1800


@dataclass(slots=True)
class Collection:
    """A collection at ``path``. ``handler`` is its name in messages and its feed's title.

    ``arguments`` are further query arguments of the listing, or None if any is taken. ``capability`` is needed to
    change anything. The functions are set by the decorators below, one per thing that can be done.
    """

    path: str
    handler: str
    links: Sequence[str] = ("create", "_reload", "_acl")
    arguments: frozenset[str] | None = frozenset()
    capability: str | None = "admin_all_objects"
    new: Callable[[], Fields] = Fields
    """What a new entity may be given, shown by ``_new``."""
    default_count: int = DEFAULT_COUNT
    cached: bool = False
    """Readers may keep what they read for half an hour (M2.63)."""
    alone_function: Callable[[Call, str], list[Entry]] | None = None
    """Finds the entities of one name where that is cheaper, or other, than looking through all."""
    _lister: Callable[[Call], Iterable[Entry]] | None = None

    # --- what a family provides ---------------------------------------------------------------------------------------

    def entries(self, function: Callable[[Call], Iterable[Entry]]) -> Callable[[Call], Iterable[Entry]]:
        """The function that gives every entity the caller may see; it makes the collection listable."""
        self.lists(function)

        def listed(call: Call) -> Answer:
            return self._kept(call, self.list_answer(call))

        def new(call: Call) -> Answer:
            entry = Entry("_new", {}, links=("alternate", "list"), fields=self.new())
            return self.answer(call, [entry])

        def reload(call: Call) -> Answer:
            return self.answer(call, [])

        def one(call: Call, name: str) -> Answer:
            return self._kept(call, self.answer(call, _chosen(call, self.alone(call, name))))

        listed.__doc__ = function.__doc__
        new.__doc__ = "What a new entity may be given."
        reload.__doc__ = "Nothing is read anew: what is written counts at once."
        one.__doc__ = "One entity, with the settings that it takes."
        self._register("", "GET")(listed)
        self._register("/{name}", "GET")(one)
        self._register("/_reload", "GET", "POST")(reload)
        if "create" in self.links:
            self._register("/_new", "GET")(new)
        return function

    def lists(self, function: Callable[[Call], Iterable[Entry]]) -> None:
        """As :meth:`entries`, for a collection whose endpoints are registered elsewhere."""
        self._lister = function

    def creator(self, function: Callable[[Call, str, dict[str, str]], Entry]) -> Callable[..., Entry]:
        """``POST`` to the collection: makes the entity of that name and gives it back (201)."""

        def create(call: Call) -> Answer:
            self.require(call)
            name = call.one("name")
            if not name:
                raise without_target("POST")
            return self.answer(call, [function(call, name, call.settings("name"))], status=201)

        create.__doc__ = function.__doc__
        self._register("", "POST")(create)
        return function

    def editor(self, function: Callable[[Call, str, dict[str, str]], Entry]) -> Callable[..., Entry]:
        """``POST`` to an entity: changes the settings that are sent and gives it back."""

        def edit(call: Call, name: str) -> Answer:
            self.require(call)
            return self.answer(call, [function(call, name, call.settings())])

        edit.__doc__ = function.__doc__
        self._register("/{name}", "POST")(edit)
        return function

    def remover(self, function: Callable[[Call, str], None]) -> Callable[[Call, str], None]:
        """``DELETE`` of an entity; what is left of the collection answers (M8.10, N2.31)."""

        def remove(call: Call, name: str) -> Answer:
            self.require(call)
            function(call, name)
            return self.list_answer(call, check=False)

        remove.__doc__ = function.__doc__
        self._register("/{name}", "DELETE")(remove)
        return function

    def action(
        self, name: str, *methods: str, capability: str | None = ""
    ) -> Callable[[Callable[[Call, str], Answer]], Callable[[Call, str], Answer]]:
        """A custom action below an entity (``dispatch``); without a capability of its own the collection's counts."""

        def register(function: Callable[[Call, str], Answer]) -> Callable[[Call, str], Answer]:
            action = name

            def act(call: Call, name: str) -> Answer:
                if call.method != "GET":
                    self.require(call, self.capability if capability == "" else capability)
                return function(call, name)

            act.__doc__ = function.__doc__
            self._register("/{name}/" + action, *(methods or ("POST",)))(act)
            return function

        return register

    def switch(self, function: Callable[[Call, str, bool], Entry]) -> Callable[[Call, str, bool], Entry]:
        """``POST .../enable`` and ``.../disable``; the answer offers neither link (M8.11)."""

        def flip(call: Call, name: str, *, on: bool) -> Answer:
            self.require(call)
            entry = function(call, name, on)
            links = tuple(link for link in entry.links if link not in {"enable", "disable"})
            return self.answer(call, [replace(entry, links=links, fields=None)])

        def enable(call: Call, name: str) -> Answer:
            return flip(call, name, on=True)

        def disable(call: Call, name: str) -> Answer:
            return flip(call, name, on=False)

        enable.__doc__ = disable.__doc__ = function.__doc__
        self._register("/{name}/enable", "POST")(enable)
        self._register("/{name}/disable", "POST")(disable)
        return function

    def _register(self, below: str, *methods: str) -> Callable[..., Any]:
        return endpoint(f"{self.path}{below}", *methods, style=Style.OBJECTS, handler=self.handler)

    # --- answering ----------------------------------------------------------------------------------------------------

    def require(self, call: Call, capability: str | None = "") -> None:
        """Whether the caller may change things here."""
        needed = self.capability if capability == "" else capability
        if needed is not None:
            require(call, needed)

    def visible(self, call: Call) -> list[Entry]:
        """Every entity that the caller sees, each with its path."""
        assert self._lister is not None
        return [self._placed(entry) for entry in self._lister(call)]

    def alone(self, call: Call, name: str) -> list[Entry]:
        """The entities of that name (two under a wildcard namespace, N9.4). 404 without any."""
        if self.alone_function is not None:
            return [self._placed(entry) for entry in self.alone_function(call, name)]
        found = [entry for entry in self.visible(call) if entry.name == name]
        if not found:
            raise could_not_find(name)
        return found

    def answer(
        self, call: Call, entries: Sequence[Entry], *, status: int = 200, messages: Sequence[Message] = ()
    ) -> Answer:
        """Some entities as a feed, as they are."""
        placed = [entry if entry.path else self._placed(entry) for entry in entries]
        return self._feed(call, placed, len(placed), DEFAULT_COUNT, 0, status, messages)

    def list_answer(self, call: Call, *, check: bool = True) -> Answer:
        """The listing, filtered, sorted and paged as the arguments say."""
        if check:
            self.check_arguments(call)
        entries = [replace(entry, fields=None) for entry in self.visible(call)]
        entries = _sorted(call, _searched(call, entries))
        count, offset = _number(call, "count", self.default_count), _number(call, "offset", 0)
        per_page = UNLIMITED if count == 0 else UNSIGNED if count < 0 else count
        start = min(max(offset, 0), len(entries))
        page = _chosen(call, entries[start : start + per_page])
        return self._feed(call, page, len(entries), per_page, offset, 200, ())

    def _kept(self, call: Call, answer: Answer) -> Answer:
        """With what lets a reader keep it: an ETag of the user and the text, 304 for one that is sent back (M2.63)."""
        if not self.cached:
            return answer
        user = base64.b64encode(call.user.name.encode()).decode()
        digest = hashlib.blake2b(b"".join(answer.chunks), digest_size=16).hexdigest()
        tag = f'W/"{user}-{digest}"'
        expires = formatdate(call.instance.wall() + CACHE_SECONDS, usegmt=True)
        kept = f"must-revalidate, private, max-age={CACHE_SECONDS}"
        answer.headers = {"Cache-Control": kept, "Expires": expires, "ETag": tag}
        if call.headers.get("if-none-match") == tag:
            return Answer(status=304, headers=answer.headers)
        return answer

    def _feed(
        self,
        call: Call,
        entries: Sequence[Entry],
        total: int,
        per_page: int,
        offset: int,
        status: int,
        messages: Sequence[Message],
    ) -> Answer:
        feed = Feed(
            title=self.handler,
            path=f"{call.namespace.prefix}/{'/'.join(map(quote_name, self.path.split('/')))}",
            entries=entries,
            total=total,
            per_page=per_page,
            offset=offset,
            links=self.links,
            messages=messages,
        )
        return feed_answer(feed, json=call.json, base_url=call.base_url, now=call.instance.wall(), status=status)

    def _placed(self, entry: Entry) -> Entry:
        if entry.path:
            return entry
        namespace = entry.acl.namespace if isinstance(entry.acl, Acl) else Acl().namespace
        return replace(entry, path=entity_path(namespace, self.path, entry.name))

    def check_arguments(self, call: Call) -> None:
        direction = call.one("sort_dir", "asc")
        if direction not in {"asc", "desc"}:
            raise Refusal(400, "ERROR", f'Unknown sort order "{direction}".')
        if self.arguments is None:
            return
        unknown = sorted(set(call.query) - EVERYWHERE - self.arguments)
        if unknown:
            raise unsupported_argument(unknown[0])


def require(call: Call, capability: str) -> None:
    """Raises the 403 that names the capability which the caller lacks."""
    if not call.instance.accounts.may(call.user, capability):
        raise Refusal(
            403,
            "ERROR",
            f"You (user={call.user.name}) do not have permission to perform this operation "
            f"(requires capability: {capability}).",
        )


def unsupported_argument(name: str) -> Refusal:
    """M2.44, M8.6."""
    return Refusal(400, "ERROR", f'Argument "{name}" is not supported by this handler.')


def check_arguments(settings: Mapping[str, str], known: Iterable[str]) -> None:
    """Refuse the alphabetically first setting that is not known."""
    unknown = sorted(set(settings) - set(known))
    if unknown:
        raise unsupported_argument(unknown[0])


def _number(call: Call, name: str, default: int) -> int:
    """A paging argument; what is no number is the default, without complaint (M2.39)."""
    try:
        return int(call.one(name, str(default)))
    except ValueError:
        return default


def _searched(call: Call, entries: list[Entry]) -> list[Entry]:
    """``search=field=value`` is exact on one field, bare words are looked for anywhere (M2.48-M2.50)."""
    for term in call.arguments.get("search", []):
        for word in term.split():
            name, equals, value = word.partition("=")
            if equals:
                wanted = value.strip('"')
                entries = [entry for entry in entries if _matches(_field(entry, name), wanted)]
            else:
                needle = f"*{word.strip(chr(34)).lower()}*"
                entries = [entry for entry in entries if any(fnmatchcase(t.lower(), needle) for t in _texts(entry))]
    return entries


def _matches(value: Any, wanted: str) -> bool:
    if isinstance(value, list):
        return any(_matches(member, wanted) for member in value)
    return fnmatchcase(_plain(value).lower(), wanted.lower()) if "*" in wanted else _plain(value) == wanted


def _field(entry: Entry, name: str) -> Any:
    own = {"name": entry.name, "title": entry.name, "author": entry.author_name()}
    acl = entry.acl_content()
    if name.startswith("eai:acl."):
        return acl.get(name.removeprefix("eai:acl."))
    return own.get(name, entry.content.get(name))


def _texts(entry: Entry) -> Iterable[str]:
    yield entry.name
    yield entry.author_name()
    for value in entry.content.values():
        yield from map(_plain, value) if isinstance(value, list) else (_plain(value),)


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    return "" if value is None else str(value)


def _sorted(call: Call, entries: list[Entry]) -> list[Entry]:
    """By name, or by ``sort_key``; a key that no entry has changes nothing (M2.36, M2.41, M2.42)."""
    key = call.one("sort_key", "name")
    mode = call.one("sort_mode", "auto")
    if key not in {"name", "title", "author"} and not any(key in entry.content for entry in entries):
        return entries
    return sorted(
        entries, key=lambda entry: _sort_value(_field(entry, key), mode), reverse=call.one("sort_dir", "asc") == "desc"
    )


def _sort_value(value: Any, mode: str) -> tuple[int, float, str]:
    text = _plain(value)
    if mode in {"auto", "num"}:
        try:
            return (0, float(text), "")
        except ValueError:
            return (1, 0.0, text.lower())
    return (1, 0.0, text if mode == "alpha_case" else text.lower())


def _chosen(call: Call, entries: list[Entry]) -> list[Entry]:
    """With the settings that ``f`` asks for, if it asks for any."""
    patterns = call.arguments.get("f", [])
    return [replace(entry, content=_selected(entry.content, patterns)) for entry in entries] if patterns else entries


def _selected(content: Mapping[str, Json], patterns: Sequence[str]) -> dict[str, Json]:
    """The content narrowed by ``f``; ``eai:acl`` always stays (M2.51)."""
    return {
        name: value
        for name, value in content.items()
        if name == "eai:acl" or any(fnmatchcase(name, pattern) for pattern in patterns)
    }
