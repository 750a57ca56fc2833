"""Entities as Splunk writes them: Atom XML, in which every value is text, and JSON, in which values keep their types.

The layout follows the recorded feeds (N2.2-N2.14) and the measured JSON (M2.27, M2.53-M2.60).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from xml.sax.saxutils import escape, quoteattr

from harness.server.answers import NO_STORE, XML, Answer, Message, json_answer
from harness.server.call import Namespace, quote_name
from harness.server.capabilities import Json

VERSION: Final = "10.4.2"
"""The Splunk that we speak like: most measured answers are of it."""
BUILD: Final = "f798d4d49089"

_NAMESPACES: Final = (
    'xmlns="http://www.w3.org/2005/Atom" xmlns:s="http://dev.splunk.com/ns/rest"'
    ' xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/"'
)
_COMMENT: Final = (
    "<!--This is to override browser formatting; see server.conf[httpServer] to disable" + " ." * 100 + "-->"
)
"""Long enough that browsers take the document as it is (N2.1)."""
_ENTITY_LINKS: Final = frozenset({"alternate", "list", "edit", "remove"})
_SHARE: Final = ("can_change_perms", "can_share_app", "can_share_global", "can_share_user")


@dataclass(frozen=True, slots=True)
class Acl:
    """Who owns an entity, in which app it lives and who may do what with it. ``perms`` None: nothing of its own."""

    app: str = ""
    owner: str = "system"
    sharing: str = "system"
    read: tuple[str, ...] | None = ("*",)
    write: tuple[str, ...] | None = ("admin",)
    modifiable: bool = True
    removable: bool = False
    shareable: bool = False
    """A knowledge object: it shows how it may be shared (M9.9)."""
    can_share_user: bool = False

    @property
    def namespace(self) -> Namespace:
        """Where the entity's id stands: shared objects under ``nobody``, whoever owns them (M9.1, N9.1)."""
        if not self.app:
            return Namespace()
        return Namespace(self.owner if self.sharing == "user" else "nobody", self.app)

    def content(self) -> dict[str, Json]:
        perms: Json = None
        if self.read is not None or self.write is not None:
            perms = {"read": [*(self.read or ())], "write": [*(self.write or ())]}
        share: dict[str, Json] = {}
        if self.shareable:
            share = dict.fromkeys(_SHARE, True)
            share["can_share_user"] = self.can_share_user
        found: dict[str, Json] = {
            "app": self.app,
            "can_list": True,
            "can_write": True,
            "modifiable": self.modifiable,
            "owner": self.owner,
            "perms": perms,
            "removable": self.removable,
            "sharing": self.sharing,
            **share,
        }
        return dict(sorted(found.items()))


@dataclass(frozen=True, slots=True)
class Fields:
    """Which settings an entity takes, shown when it is read alone (M2.57)."""

    required: Sequence[str] = ()
    optional: Sequence[str] = ()
    wildcard: Sequence[str] = ()


@dataclass(slots=True)
class Entry:
    """One entity. ``links`` are relations; ``path`` its own path, computed from the ACL by the collection."""

    name: str
    content: Mapping[str, Json]
    acl: Acl | Mapping[str, Json] = field(default_factory=Acl)
    links: Sequence[str] = ("alternate", "list")
    updated: float | str = 0.0
    published: str | None = None
    fields: Fields | None = None
    path: str = ""
    author: str | None = None
    job: bool = False
    """Search jobs have their parts in an order of their own (N2.8)."""

    def acl_content(self) -> Mapping[str, Json]:
        return self.acl.content() if isinstance(self.acl, Acl) else self.acl

    def author_name(self) -> str:
        return self.author if self.author is not None else str(self.acl_content().get("owner") or "system")

    def link_paths(self) -> dict[str, str]:
        """Sub-paths are named like their relation, apart from those that are the entity itself (M2.60)."""
        return {rel: self.path if rel in _ENTITY_LINKS else f"{self.path}/{rel}" for rel in self.links}


@dataclass(slots=True)
class Feed:
    """A collection as it answers. ``path`` is the collection as requested, namespace included (N2.5)."""

    title: str
    path: str
    entries: Sequence[Entry]
    total: int | None = None
    per_page: int = 30
    offset: int = 0
    links: Sequence[str] = ()
    messages: Sequence[Message] | None = ()
    paging: bool = True


def iso(epoch: float, *, millis: bool = False) -> str:
    """``2026-08-22T16:00:52+00:00``, with milliseconds where asked (N2.14)."""
    moment = datetime.fromtimestamp(epoch, UTC)
    return moment.isoformat(timespec="milliseconds" if millis else "seconds")


def feed_answer(feed: Feed, *, json: bool, base_url: str, now: float, status: int = 200) -> Answer:
    """A feed in the mode that was asked for."""
    if json:
        return json_answer(_feed_json(feed, base_url, now), status)
    return Answer([_feed_xml(feed, base_url, now).encode()], status, XML, NO_STORE)


def entry_answer(entry: Entry, *, base_url: str, status: int = 200) -> Answer:
    """A bare ``<entry>`` document, as a single job is (N3.8)."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>']
    lines += _entry_xml(entry, base_url, "", root=True)
    return Answer(["\n".join([*lines, ""]).encode()], status, XML, NO_STORE)


# --- JSON -------------------------------------------------------------------------------------------------------------


def _feed_json(feed: Feed, base_url: str, now: float) -> dict[str, Any]:
    found: dict[str, Any] = {
        "links": _feed_links(feed),
        "origin": f"{base_url}{feed.path}",
        "updated": iso(now),
        "generator": {"build": BUILD, "version": VERSION},
        "entry": [_entry_json(entry, base_url) for entry in feed.entries],
    }
    if feed.paging:
        total = len(feed.entries) if feed.total is None else feed.total
        found["paging"] = {"total": total, "perPage": feed.per_page, "offset": feed.offset}
    if feed.messages is not None:
        found["messages"] = [message.as_json() for message in feed.messages]
    return found


def _feed_links(feed: Feed) -> dict[str, str]:
    return {rel: f"{feed.path}/{'_new' if rel == 'create' else rel}" for rel in feed.links}


def _entry_json(entry: Entry, base_url: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": entry.name,
        "id": f"{base_url}{entry.path}",
        "updated": _updated(entry),
        "links": entry.link_paths(),
        "author": entry.author_name(),
        "acl": entry.acl_content(),
    }
    if entry.published is not None:
        found["published"] = entry.published
    if entry.fields is not None:
        own = entry.fields
        found["fields"] = {"required": [*own.required], "optional": [*own.optional], "wildcard": [*own.wildcard]}
    found["content"] = entry.content
    return found


def _updated(entry: Entry) -> str:
    return entry.updated if isinstance(entry.updated, str) else iso(entry.updated)


# --- XML --------------------------------------------------------------------------------------------------------------


def _feed_xml(feed: Feed, base_url: str, now: float) -> str:
    total = len(feed.entries) if feed.total is None else feed.total
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        _COMMENT,
        '<?xml-stylesheet type="text/xml" href="/static/atom.xsl"?>',
        f"<feed {_NAMESPACES}>",
        f"  <title>{_text(feed.title)}</title>",
        f"  <id>{_text(base_url + feed.path)}</id>",
        f"  <updated>{iso(now)}</updated>",
        f'  <generator build="{BUILD}" version="{VERSION}"/>',
        "  <author>",
        "    <name>Splunk</name>",
        "  </author>",
        *(f"  <link href={quoteattr(path)} rel={quoteattr(rel)}/>" for rel, path in _feed_links(feed).items()),
    ]
    if feed.paging:
        lines += [
            f"  <opensearch:totalResults>{total}</opensearch:totalResults>",
            f"  <opensearch:itemsPerPage>{feed.per_page}</opensearch:itemsPerPage>",
            f"  <opensearch:startIndex>{feed.offset}</opensearch:startIndex>",
        ]
    if feed.messages is not None:
        lines += _messages_xml(feed.messages)
    for entry in feed.entries:
        lines += _entry_xml(entry, base_url, "  ", root=False)
    return "\n".join([*lines, "</feed>", ""])


def _messages_xml(messages: Sequence[Message]) -> list[str]:
    if not messages:
        return ["  <s:messages/>"]
    said = [f"    <s:msg type={quoteattr(message.type)}>{_text(message.text)}</s:msg>" for message in messages]
    return ["  <s:messages>", *said, "  </s:messages>"]


def _entry_xml(entry: Entry, base_url: str, indent: str, *, root: bool) -> list[str]:
    links = [f"<link href={quoteattr(path)} rel={quoteattr(rel)}/>" for rel, path in entry.link_paths().items()]
    alternate = [link for link in links if link.endswith(' rel="alternate"/>')]
    author = ["<author>", f"  <name>{_text(entry.author_name())}</name>", "</author>"]
    published = [] if entry.published is None else [f"<published>{_text(entry.published)}</published>"]
    others = [link for link in links if link not in alternate]
    inside = [
        f"<title>{_text(entry.name)}</title>",
        f"<id>{_text(base_url + entry.path)}</id>",
        f"<updated>{_text(_updated(entry))}</updated>",
        *alternate,
        *([*published, *others, *author] if entry.job else [*author, *published, *others]),
        '<content type="text/xml">',
        *_dict_xml(_xml_content(entry), "  "),
        "</content>",
    ]
    opening = f"<entry {_NAMESPACES}>" if root else "<entry>"
    return [f"{indent}{opening}", *(f"{indent}  {line}" for line in inside), f"{indent}</entry>"]


def _xml_content(entry: Entry) -> dict[str, Any]:
    """In XML the ACL and the attributes stand inside the content (N2.13)."""
    found: dict[str, Any] = {**entry.content, "eai:acl": entry.acl_content()}
    if entry.fields is not None:
        own = entry.fields
        found["eai:attributes"] = {
            "optionalFields": [*own.optional],
            "requiredFields": [*own.required],
            "wildcardFields": [*own.wildcard],
        }
    return found


def _dict_xml(values: Mapping[str, Any], indent: str) -> list[str]:
    if not values:
        return [f"{indent}<s:dict/>"]
    lines = [f"{indent}<s:dict>"]
    for name, value in values.items():
        lines += _value_xml(f"s:key name={quoteattr(name)}", value, f"{indent}  ")
    return [*lines, f"{indent}</s:dict>"]


def _value_xml(tag: str, value: Any, indent: str) -> list[str]:
    """One value as text: booleans are 1 and 0, nothing is an empty element (N2.10)."""
    closing = tag.partition(" ")[0]
    if value is None:
        return [f"{indent}<{tag}/>"]
    if isinstance(value, Mapping):
        return [f"{indent}<{tag}>", *_dict_xml(value, f"{indent}  "), f"{indent}</{closing}>"]
    if isinstance(value, list):
        return [f"{indent}<{tag}>", *_list_xml(value, f"{indent}  "), f"{indent}</{closing}>"]
    text = ("1" if value else "0") if isinstance(value, bool) else str(value)
    return [f"{indent}<{tag}>{_text(text)}</{closing}>"]


def _list_xml(values: Sequence[Any], indent: str) -> list[str]:
    if not values:
        return [f"{indent}<s:list/>"]
    items = [line for value in values for line in _value_xml("s:item", value, f"{indent}  ")]
    return [f"{indent}<s:list>", *items, f"{indent}</s:list>"]


_FORBIDDEN: Final = dict.fromkeys([*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), 0xFFFE, 0xFFFF])
"""Control characters that no XML document may hold."""


def _text(text: str) -> str:
    return escape(text.translate(_FORBIDDEN))


xml_text = _text


def entity_path(namespace: Namespace, collection: str, name: str) -> str:
    """The path of an entity, its name encoded (M9.4)."""
    return f"{namespace.prefix}/{collection}/{quote_name(name)}"
