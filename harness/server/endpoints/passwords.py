"""Stored credentials."""

from __future__ import annotations

import base64
import secrets

from harness.server.answers import Refusal, could_not_find
from harness.server.atom import Acl, Entry, Fields
from harness.server.call import Call
from harness.server.eai import Collection, check_arguments
from harness.server.knowledge_objects import missing_arguments
from harness.server.passwords import StoredPassword

passwords = Collection(
    "storage/passwords",
    "passwords",
    capability="edit_storage_passwords",
    new=lambda: Fields(required=["name", "password"], optional=["realm"]),
)


@passwords.entries
def listed(call: Call) -> list[Entry]:
    """Named ``realm:user:`` (N8.37)."""
    return [_entry(call, each) for each in call.instance.passwords.all()]


def alone(call: Call, name: str) -> list[Entry]:
    """By either form of its name."""
    stored = call.instance.passwords.get(name)
    if stored is None:
        raise could_not_find(name)
    return [_entry(call, stored)]


passwords.alone_function = alone


@passwords.creator
def create(call: Call, name: str, settings: dict[str, str]) -> Entry:
    """For a user ``name`` of a ``realm``, which may be none (N8.37-N8.40)."""
    check_arguments(settings, ("password", "realm"))
    if not settings.get("password"):
        raise missing_arguments(["password"])
    stored = StoredPassword(settings.get("realm", ""), name, settings["password"], call.user.name, call.app)
    if not call.instance.passwords.add(stored):
        raise Refusal(409, "ERROR", f"Cannot create object with id={stored.name}: it exists already.")
    return _entry(call, stored)


@passwords.editor
def edit(call: Call, name: str, settings: dict[str, str]) -> Entry:
    """Another password."""
    check_arguments(settings, ("password",))
    stored = call.instance.passwords.get(name)
    if stored is None:
        raise could_not_find(name)
    stored.password = settings.get("password", stored.password)
    return _entry(call, stored)


@passwords.remover
def remove(call: Call, name: str) -> None:
    """Forget it."""
    if not call.instance.passwords.remove(name):
        raise could_not_find(name)


def _entry(call: Call, stored: StoredPassword) -> Entry:
    """The clear text is for those who may read it."""
    clear = call.instance.accounts.may(call.user, "list_storage_passwords")
    return Entry(
        name=stored.name,
        content={
            "clear_password": stored.password if clear else "",
            "eai:acl": None,
            # Nothing is written anywhere; what stands here tells nothing about the password.
            "encr_password": f"$7${base64.b64encode(secrets.token_bytes(24)).decode()}",
            "password": "********",
            "realm": stored.realm,
            "username": stored.username,
        },
        acl=Acl(app=stored.app, owner=stored.owner, sharing="app", removable=True, shareable=True),
        links=("alternate", "list", "_reload", "edit", "remove"),
        fields=Fields(required=["password"]),
    )
