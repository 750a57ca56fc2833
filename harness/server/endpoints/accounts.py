"""Users, roles, capabilities and authentication tokens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from harness.server.accounts import Role, Secret, User, as_list, like
from harness.server.answers import Answer, Message, Refusal, could_not_find
from harness.server.atom import Entry, Fields
from harness.server.call import Call
from harness.server.capabilities import EVERY_CAPABILITY, Json
from harness.server.eai import Collection, check_arguments, require, unsupported_argument
from harness.server.knowledge_objects import missing_arguments
from harness.server.routing import Style, endpoint
from harness.server.shapes import shape

_USER_SETTINGS: Final = """
defaultApp display_new_search_banner email lang realname restart_background_jobs search_assistant search_auto_format
search_line_numbers search_syntax_highlighting search_use_advanced_editor theme tz
"""
_ROLE_LISTS: Final = (
    "srchIndexesAllowed",
    "srchIndexesDefault",
    "srchIndexesDisallowed",
    "deleteIndexesAllowed",
    "srchFederatedProvidersAllowed",
    "srchFederatedProvidersDefault",
    "grantable_roles",
)
_NOT_SHOWN: Final = "srchMaxTime"
"""Taken, but absent when read (N1.18)."""


# --- users ------------------------------------------------------------------------------------------------------------

users = Collection(
    "authentication/users",
    "users",
    links=("create",),
    capability="edit_user",
    new=lambda: Fields(required=["name", "password", "roles"], optional=_USER_SETTINGS.split()),
)


@users.entries
def list_users(call: Call) -> list[Entry]:
    """M8.25."""
    return [_user_entry(call, user) for user in call.instance.accounts.users()]


@users.creator
def create_user(call: Call, name: str, settings: dict[str, str]) -> Entry:
    """A password is needed (N1.9), and so are roles that exist. Names are folded to lower case (N1.11)."""
    check_arguments(settings, _user_arguments())
    missing = [each for each in ("password", "roles") if not settings.get(each)]
    if missing:
        raise missing_arguments(missing)
    accounts = call.instance.accounts
    if accounts.user(name) is not None:
        raise Refusal(409, "ERROR", f"User object with name {name} already exists.")
    user = accounts.add_user(name, settings["password"], _known_roles(call))
    user.settings |= _user_settings(settings)
    return _user_entry(call, user)


@users.editor
def edit_user(call: Call, name: str, settings: dict[str, str]) -> Entry:
    """``roles`` replaces the list (N1.10)."""
    check_arguments(settings, _user_arguments())
    user = _user(call, name)
    if "roles" in settings:
        user.roles = _known_roles(call)
    if settings.get("password"):
        user.password = Secret.of(settings["password"])
    user.settings |= _user_settings(settings)
    return _user_entry(call, user)


@users.remover
def remove_user(call: Call, name: str) -> None:
    """Everybody but the administrator that the server came with."""
    user = call.instance.accounts.user(name)
    if user is None:
        raise Refusal(400, "ERROR", f'Could not get info for non-existent user="{name}"')
    if user.built_in:
        raise Refusal(400, "ERROR", f"Cannot remove the user {name}.")
    call.instance.accounts.remove_user(name)


def _user(call: Call, name: str) -> User:
    user = call.instance.accounts.user(name)
    if user is None:
        raise could_not_find(name)
    return user


def _user_arguments() -> set[str]:
    return {
        *_USER_SETTINGS.split(),
        "password",
        "roles",
        "oldpassword",
        "force-change-pass",
        "createrole",
        "locked-out",
    }


def _user_settings(settings: Mapping[str, str]) -> dict[str, Json]:
    known = shape("user")
    return {name: like(known.get(name), settings[name]) for name in _USER_SETTINGS.split() if name in settings}


def _known_roles(call: Call) -> list[str]:
    roles = as_list(call.arguments.get("roles", []))
    unknown = [role for role in roles if call.instance.accounts.role(role) is None]
    if unknown:
        raise Refusal(400, "ERROR", f"Role={unknown[0]} does not exist")
    return roles


def _user_entry(call: Call, user: User) -> Entry:
    links = ("alternate", "list", "edit")
    return Entry(
        name=user.name,
        updated=call.instance.started,
        content=user_content(call, user),
        links=links if user.built_in else (*links, "remove"),
        fields=Fields(optional=sorted(_user_arguments())),
    )


def user_content(call: Call, user: User) -> dict[str, Json]:
    """The members of a user."""
    found: dict[str, Json] = {
        **shape("user"),
        **user.settings,
        "capabilities": [*call.instance.accounts.capabilities(user)],
        "defaultAppIsUserOverride": "defaultApp" in user.settings,
        "defaultAppSourceRole": user.name if "defaultApp" in user.settings else "system",
        "eai:acl": None,
        "last_successful_login": int(user.last_login),
        "locked-out": False,
        "password": "********",
        "roles": [*user.roles],
    }
    return dict(sorted(found.items()))


context = Collection("authentication/current-context", "current-context", links=())


@context.entries
def current_context(call: Call) -> list[Entry]:
    """The caller (M8.26, N1.8)."""
    return [Entry(name="context", content={**user_content(call, call.user), "username": call.user.name})]


# --- roles ------------------------------------------------------------------------------------------------------------

roles = Collection(
    "authorization/roles",
    "roles",
    links=("create",),
    capability="edit_roles",
    new=lambda: Fields(required=["name"], optional=sorted(_role_arguments())),
)


def _role_arguments() -> set[str]:
    own = {name for name in shape("role") if not name.startswith("imported_")}
    return {*own, "imported_roles", "capabilities", _NOT_SHOWN} - {"eai:acl"}


@roles.entries
def list_roles(call: Call) -> list[Entry]:
    """M8.27."""
    return [_role_entry(call, role) for role in call.instance.accounts.roles()]


@roles.creator
def create_role(call: Call, name: str, settings: dict[str, str]) -> Entry:
    """A role from nothing, or from those it imports."""
    if call.instance.accounts.role(name) is not None:
        raise Refusal(409, "ERROR", f"Role object with name {name} already exists.")
    changes = _role_changes(call, settings)
    role = call.instance.accounts.add_role(name)
    _apply(role, changes)
    return _role_entry(call, role)


@roles.editor
def edit_role(call: Call, name: str, settings: dict[str, str]) -> Entry:
    """Lists are replaced by what is sent. The ``imported_*`` values are computed (N1.12)."""
    role = _role(call, name)
    _apply(role, _role_changes(call, settings))
    return _role_entry(call, role)


@roles.remover
def remove_role(call: Call, name: str) -> None:
    """Roles that clients have made."""
    role = _role(call, name)
    if role.built_in:
        raise Refusal(400, "ERROR", f"Cannot remove the role {name}.")
    call.instance.accounts.remove_role(name)


def _role(call: Call, name: str) -> Role:
    role = call.instance.accounts.role(name)
    if role is None:
        raise could_not_find(name)
    return role


def _role_changes(call: Call, settings: Mapping[str, str]) -> dict[str, list[str] | Json]:
    """What is to change, checked as a whole before anything is changed."""
    unknown = sorted(set(settings) - _role_arguments())
    if unknown:
        raise unsupported_argument(unknown[0])
    known = shape("role")
    changes: dict[str, list[str] | Json] = {}
    for name in settings:
        values = call.arguments[name]
        if name in {"imported_roles", "capabilities", *_ROLE_LISTS}:
            changes[name] = as_list(values)
        elif name != _NOT_SHOWN:
            changes[name] = like(known.get(name), values[-1])
    for name in as_list(call.arguments.get("capabilities", [])):
        if name not in EVERY_CAPABILITY:
            raise Refusal(400, "ERROR", f"Unknown capability '{name}'.")  # N1.13
    for name in as_list(call.arguments.get("imported_roles", [])):
        if call.instance.accounts.role(name) is None and not name.startswith("ess_"):
            raise Refusal(400, "ERROR", f"Role={name} does not exist")
    return changes


def _apply(role: Role, changes: Mapping[str, list[str] | Json]) -> None:
    for name, value in changes.items():
        if name == "imported_roles" and isinstance(value, list):
            role.imported = [str(each) for each in value]
        elif name == "capabilities" and isinstance(value, list):
            role.capabilities = {str(each) for each in value}
        else:
            role.settings[name] = [*value] if isinstance(value, list) else value


def _role_entry(call: Call, role: Role) -> Entry:
    above = list(call.instance.accounts.lineage(role.imported))
    content: dict[str, Json] = {**shape("role"), **role.settings}
    content |= {
        "capabilities": [*sorted(role.capabilities)],
        "eai:acl": None,
        "imported_capabilities": [*sorted({name for each in above for name in each.capabilities})],
        "imported_roles": [*role.imported],
    }
    for name in ("srchJobsQuota", "rtSrchJobsQuota", "srchDiskQuota"):
        numbers = [value for each in above if isinstance(value := each.settings.get(name), int)]
        content[f"imported_{name}"] = max(numbers, default=0)
    for name in ("srchIndexesAllowed", "srchIndexesDefault"):
        listed = [value for each in above if isinstance(value := each.settings.get(name), list)]
        content[f"imported_{name}"] = [*dict.fromkeys(str(item) for value in listed for item in value)]
    return Entry(
        name=role.name,
        content=dict(sorted(content.items())),
        links=("alternate", "list", "edit", "remove"),
        fields=Fields(optional=sorted(_role_arguments())),
    )


# --- capabilities -----------------------------------------------------------------------------------------------------


def _capabilities_collection(path: str, name: str) -> Collection:
    """One entry that lists capabilities, with an empty field list (M8.28)."""
    found = Collection(path, name, links=())

    @found.entries
    def listed(_: Call) -> list[Entry]:
        """One entry with all of them."""
        known: list[Json] = [*sorted(EVERY_CAPABILITY)]
        return [Entry(name=name, content={name: known, "eai:acl": None}, fields=Fields())]

    return found


capabilities = _capabilities_collection("authorization/capabilities", "capabilities")
grantable = _capabilities_collection("authorization/grantable_capabilities", "grantable_capabilities")


# --- authentication tokens --------------------------------------------------------------------------------------------

tokens = Collection(
    "authorization/tokens",
    "tokens",
    links=("create",),
    arguments=frozenset(("username", "id", "status")),
    capability="edit_tokens_own",
)


@tokens.entries
def list_tokens(call: Call) -> list[Entry]:
    """By id, user or status if asked for (N1.2, N1.5)."""
    found = call.instance.tokens.all()
    for argument, of in (("id", "id"), ("username", "user"), ("status", "status")):
        wanted = call.one(argument)
        if wanted:
            found = [token for token in found if getattr(token, of) == wanted]
    if not call.instance.accounts.may(call.user, "list_tokens_all"):
        found = [token for token in found if token.user == call.user.name]
    return [
        Entry(
            name=token.id,
            content={
                "claims": {
                    "aud": token.audience,
                    "exp": int(token.expires),
                    "iat": int(token.created),
                    "sub": token.user,
                },
                "eai:acl": None,
                "headers": {"alg": "HS512", "kid": "splunk.secret", "ttyp": "static", "ver": "v2"},
                "lastUsed": 0,
                "status": token.status,
            },
            links=("alternate", "list", "remove"),
        )
        for token in found
    ]


@tokens.creator
def create_token(call: Call, name: str, settings: dict[str, str]) -> Entry:
    """A token for a user, which works as ``Bearer`` at once (N1.1). Its value is shown this once."""
    check_arguments(settings, ("audience", "expires_on", "not_before", "type"))
    user = call.instance.accounts.user(name)
    if user is None:
        raise Refusal(400, "ERROR", f"User '{name}' does not exist.")
    if user.name != call.user.name:
        require(call, "edit_tokens_all")
    if not settings.get("audience"):
        raise missing_arguments(["audience"])
    token, value = call.instance.tokens.create(user.name, settings["audience"], settings.get("expires_on", ""))
    return Entry(name="tokens", content={"eai:acl": None, "id": token.id, "token": value})


@endpoint("authorization/tokens/{name}", "POST", style=Style.OBJECTS, handler="tokens")
def edit_token(call: Call, name: str) -> Answer:
    """``id`` and ``status`` switch a token of the user off and on; a message says so (N1.3, N1.4)."""
    tokens.require(call)
    settings = call.settings()
    check_arguments(settings, ("id", "status"))
    status = settings.get("status", "")
    if status not in {"enabled", "disabled"}:
        raise Refusal(400, "ERROR", "Invalid status. Expected 'enabled' or 'disabled'.")
    token = call.instance.tokens.get(settings.get("id", ""))
    if token is None or token.user != name.lower():
        raise could_not_find(settings.get("id", ""))
    if token.user != call.user.name:
        require(call, "edit_tokens_all")
    token.status = status
    entry = Entry(name="tokens", content={"eai:acl": None, "id": token.id, "status": status})
    return tokens.answer(call, [entry], messages=[Message("INFO", f"The token {token.id} is {status}.")])


@tokens.remover
def remove_token(call: Call, name: str) -> None:
    """The token ``id`` of the user ``name``."""
    token = call.instance.tokens.get(call.one("id"))
    if token is None or token.user != name.lower():
        raise could_not_find(call.one("id"))
    if token.user != call.user.name:
        require(call, "edit_tokens_all")
    call.instance.tokens.remove(token.id)
