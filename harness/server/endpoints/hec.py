"""Tokens of the HTTP Event Collector, as inputs."""

from __future__ import annotations

import uuid

from harness.server.answers import Answer, could_not_find
from harness.server.atom import Acl, Entry, Fields
from harness.server.call import Call
from harness.server.capabilities import Json
from harness.server.eai import Collection
from harness.server.hec_tokens import GLOBAL, PREFIX, SETTINGS, HecToken

inputs = Collection(
    "data/inputs/http",
    "http",
    arguments=None,
    capability="edit_token_http",
    new=lambda: Fields(required=["name"], optional=sorted(SETTINGS)),
)

_ACL = Acl(app="splunk_httpinput", owner="nobody", sharing="app", removable=True)
_LINKS = ("alternate", "list", "_reload", "edit", "remove")


@inputs.entries
def listed(call: Call) -> list[Entry]:
    """The global settings, which have no token, and every token as ``http://NAME`` (M6.25)."""
    return [_global(call), *map(_entry, call.instance.hec.all())]


@inputs.creator
def create(call: Call, name: str, settings: dict[str, str]) -> Entry:
    """A token with a GUID of its own (N6.9). It works at once."""
    return _entry(call.instance.hec.create(name, settings))


@inputs.editor
def edit(call: Call, name: str, settings: dict[str, str]) -> Entry:
    """A token by ``X`` or ``http://X``, or the global settings ``http`` (N6.10)."""
    if name == GLOBAL:
        call.instance.hec.switch(on=settings.get("disabled", "0").lower() not in {"1", "true"})
        return _global(call)
    token = call.instance.hec.get(name)
    token.apply(settings)
    call.instance.hec.keep(token)
    return _entry(token)


@inputs.remover
def remove(call: Call, name: str) -> None:
    """The token is unknown at once."""
    call.instance.hec.remove(name)


@inputs.switch
def switch(call: Call, name: str, on: bool) -> Entry:
    """A disabled token is answered with code 1."""
    if name == GLOBAL:
        call.instance.hec.switch(on=on)
        return _global(call)
    token = call.instance.hec.get(name)
    token.disabled = not on
    call.instance.hec.keep(token)
    return _entry(token)


@inputs.action("rotate", "POST")
def rotate(call: Call, name: str) -> Answer:
    """Give the token another value (N6.9)."""
    token = call.instance.hec.get(name)
    token.token = str(uuid.uuid4())
    call.instance.hec.keep(token)
    return inputs.answer(call, [_entry(token)])


def alone(call: Call, name: str) -> list[Entry]:
    """By either name."""
    if name == GLOBAL:
        return [_global(call)]
    if name.removeprefix(PREFIX) == GLOBAL:
        raise could_not_find(name)
    return [_entry(call.instance.hec.get(name))]


inputs.alone_function = alone


def _entry(token: HecToken) -> Entry:
    content: dict[str, Json] = {
        "_rcvbuf": 1572864,
        "description": token.description,
        "disabled": token.disabled,
        "eai:acl": None,
        "host": token.host,
        "index": token.index,
        "indexes": [*token.indexes],
        "source": token.source,
        "sourcetype": token.sourcetype,
        "token": token.token,
        "useACK": token.use_ack,
        "allowQueryStringAuth": token.query_auth,
    }
    return Entry(
        name=f"{PREFIX}{token.name}",
        content={name: value for name, value in sorted(content.items()) if value != ""},
        acl=_ACL,
        links=(*_LINKS, "enable" if token.disabled else "disable"),
        updated=token.created,
        fields=Fields(optional=sorted(SETTINGS)),
    )


def _global(call: Call) -> Entry:
    return Entry(
        name=GLOBAL,
        content={
            "_rcvbuf": 1572864,
            "dedicatedIoThreads": "2",
            "disabled": call.instance.hec.disabled,
            "eai:acl": None,
            "enableSSL": call.instance.config.collector_tls,
            "host": call.instance.name,
            "index": "default",
            "maxSockets": "0",
            "maxThreads": "0",
            "port": str(call.instance.hec_port),
            "useDeploymentServer": "0",
        },
        acl=Acl(app="splunk_httpinput", owner="nobody", sharing="app"),
        links=("alternate", "list", "_reload", "edit"),
    )
