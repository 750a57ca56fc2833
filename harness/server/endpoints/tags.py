"""Tags of field values: by tag, and by field (N8.29). In ``tags.conf`` a stanza is ``field=value``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from harness.server.answers import NO_STORE, Answer, Refusal, could_not_find, info
from harness.server.atom import Acl, Entry, Feed, feed_answer
from harness.server.call import Call, quote_name
from harness.server.eai import check_arguments
from harness.server.knowledge_objects import missing_arguments
from harness.server.routing import endpoint

FILE: Final = "tags"
_ON: Final = "enabled"


def _tagged(call: Call) -> list[tuple[str, str, str]]:
    """Field, value and tag of every tag that is on."""
    found = []
    for stanza in call.instance.confs.all(FILE, call.namespace, call.viewer):
        field, equals, value = stanza.name.partition("=")
        if equals:
            found += [(field, value, tag) for tag, state in stanza.settings.items() if state.strip().lower() == _ON]
    return sorted(set(found))


def _set(call: Call, field: str, value: str, tag: str, state: str) -> None:
    confs, name = call.instance.confs, f"{field}={value}"
    found = confs.here(FILE, name, call.namespace, call.viewer)
    if found is None:
        confs.create(FILE, name, {tag: state}, call.namespace, call.viewer)
    else:
        confs.edit(found, {tag: state}, call.viewer)


def _change(call: Call, added: Iterable[tuple[str, str, str]], removed: Iterable[tuple[str, str, str]]) -> None:
    for field, value, tag in removed:
        _set(call, field, value, tag, "disabled")
    for field, value, tag in added:
        _set(call, field, value, tag, _ON)


def _feed(call: Call, names: Iterable[str]) -> Answer:
    path = f"{call.namespace.prefix}/{'/'.join(map(quote_name, call.target.segments))}"
    entries = [
        Entry(name, {}, Acl(read=None, write=None), links=("alternate", "list"), path=f"{path}/{quote_name(name)}")
        for name in names
    ]
    feed = Feed(title=call.target.segments[-1], path=path, entries=entries)
    return feed_answer(feed, json=call.json, base_url=call.base_url, now=call.instance.wall())


def _pair(text: str) -> tuple[str, str]:
    field, colons, value = text.partition("::")
    if not colons or not field or not value:
        raise Refusal(400, "ERROR", f"'{text}' is not of the form field::value.")
    return field, value


# --- by tag -----------------------------------------------------------------------------------------------------------


@endpoint("search/tags", "GET")
def tags(call: Call) -> Answer:
    """Every tag that a value of a field has."""
    return _feed(call, sorted({tag for _, _, tag in _tagged(call)}))


@endpoint("search/tags/{tag}", "GET")
def members(call: Call, tag: str) -> Answer:
    """What has the tag, as ``field::value``."""
    return _feed(call, [f"{field}::{value}" for field, value, name in _members(call, tag)])


@endpoint("search/tags/{tag}", "POST")
def change_tag(call: Call, tag: str) -> Answer:
    """``add`` and ``delete`` name ``field::value`` pairs; both may be repeated."""
    check_arguments(call.settings(), ("add", "delete"))
    added = [(*_pair(text), tag) for text in call.arguments.get("add", [])]
    removed = [(*_pair(text), tag) for text in call.arguments.get("delete", [])]
    _change(call, added, removed)
    return info("Processed adds/deletes for tag", json=call.json)


@endpoint("search/tags/{tag}", "DELETE")
def remove_tag(call: Call, tag: str) -> Answer:
    """Nothing has the tag any more; 404 if nothing had it."""
    _change(call, (), _members(call, tag))
    return Answer(status=200, headers=NO_STORE)


def _members(call: Call, tag: str) -> list[tuple[str, str, str]]:
    found = [each for each in _tagged(call) if each[2] == tag]
    if not found:
        raise could_not_find(tag)
    return found


# --- by field ---------------------------------------------------------------------------------------------------------


@endpoint("search/fields/{field}/tags", "GET")
def tags_of_field(call: Call, field: str) -> Answer:
    """The tagged values of a field, as ``value::tag``."""
    return _feed(call, [f"{value}::{tag}" for name, value, tag in _tagged(call) if name == field])


@endpoint("search/fields/{field}/tags", "POST")
def change_field(call: Call, field: str) -> Answer:
    """``add`` and ``delete`` name tags of the field's ``value``; both may be repeated."""
    check_arguments(call.settings(), ("value", "add", "delete"))
    value = call.one("value")
    if not value:
        raise missing_arguments(["value"])
    added = [(field, value, tag) for tag in call.arguments.get("add", [])]
    removed = [(field, value, tag) for tag in call.arguments.get("delete", [])]
    _change(call, added, removed)
    return info(f"Successfully processed adds/deletes for field {field}", json=call.json)
