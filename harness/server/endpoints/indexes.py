"""Indexes: listing, making, editing, switching and removing them."""

from __future__ import annotations

from dataclasses import replace

from harness.server.answers import Answer
from harness.server.atom import Entry, Fields
from harness.server.call import Call
from harness.server.eai import Collection
from harness.server.indexes import creatable

indexes = Collection(
    "data/indexes",
    "indexes",
    links=("create", "_reload", "_acl", "_validate"),
    arguments=frozenset(("datatype", "summarize")),
    cached=True,
    new=lambda: Fields(required=["name"], optional=creatable()),
)


@indexes.entries
def listed(call: Call) -> list[Entry]:
    """Event indexes; metric ones on demand."""
    wanted = call.one("datatype", "event")
    return [entry for entry in call.instance.indexes.entries() if wanted in {"all", str(entry.content["datatype"])}]


@indexes.creator
def create(call: Call, name: str, settings: dict[str, str]) -> Entry:
    """Keeps the settings that are sent, typed (M8.5); the answer has no field list (M8.7)."""
    own = call.instance.indexes
    entry = own.entry(own.create(name, settings))
    links = [link for link in entry.links if link != "disable"]
    return replace(entry, fields=None, links=links)


@indexes.editor
def edit(call: Call, name: str, settings: dict[str, str]) -> Entry:
    """Changes settings (M8.9)."""
    own = call.instance.indexes
    return replace(own.entry(own.edit(name, settings)), fields=None)


@indexes.remover
def remove(call: Call, name: str) -> None:
    """Removes the index with its events."""
    call.instance.indexes.remove(name)


@indexes.switch
def switch(call: Call, name: str, on: bool) -> Entry:
    """A disabled index takes no events (M8.11)."""
    own = call.instance.indexes
    return own.entry(own.switch(name, on=on))


@indexes.action("roll-hot-buckets", "POST")
def roll(call: Call, name: str) -> Answer:
    """What is older than the ``frozenTimePeriodInSecs`` that a client has set goes then: this is how clients clean."""
    own = call.instance.indexes
    return indexes.answer(call, [replace(own.entry(own.roll(name)), fields=None)])
