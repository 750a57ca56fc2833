"""One request to the management port, taken apart: who asks, in which namespace, for what, with which arguments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote, unquote

from harness.server.answers import Refusal

if TYPE_CHECKING:
    from harness.server.accounts import User
    from harness.server.confs import Viewer
    from harness.server.instance import SplunkInstance

MAX_ARGUMENTS = 10_000

Arguments = Mapping[str, list[str]]


@dataclass(frozen=True, slots=True)
class Namespace:
    """``/servicesNS/{owner}/{app}``; ``-`` is "all". ``/services`` is the caller's own: no owner, no app."""

    owner: str | None = None
    app: str | None = None

    @property
    def prefix(self) -> str:
        if self.owner is None or self.app is None:
            return "/services"
        return f"/servicesNS/{quote(self.owner, safe='-')}/{quote(self.app, safe='-')}"

    @property
    def is_wildcard(self) -> bool:
        return self.owner == "-" or self.app == "-"

    def check_write(self, what: str = "an object") -> None:
        """Nothing is written under a wildcard (N5.8, N9.4)."""
        if self.is_wildcard:
            raise Refusal(400, "ERROR", f"Cannot edit/create {what} for wildcarded users or applications")


@dataclass(frozen=True, slots=True)
class Target:
    """A path, read: its namespace and the decoded segments behind it."""

    namespace: Namespace
    segments: tuple[str, ...]

    @property
    def path(self) -> str:
        return "/".join(self.segments)


def read_path(raw_path: bytes) -> Target | None:
    """Take a raw (still encoded) path apart; None if it is under neither ``/services`` nor ``/servicesNS``.

    Trailing and doubled slashes are dropped (M2.67); ``%2F`` stays inside its segment and ``+`` is a plus (M2.68). A
    slash of a name may come encoded twice, as the names in ids are (N9.5).
    """
    parts = [unquote(part) for part in raw_path.decode("ascii", "replace").split("/") if part]
    segments = tuple(part.replace("%2F", "/").replace("%2f", "/") for part in parts)
    if segments[:1] == ("services",):
        return Target(Namespace(), segments[1:])
    if segments[:1] == ("servicesNS",) and len(segments) >= 3:
        return Target(Namespace(segments[1], segments[2]), segments[3:])
    return None


def quote_name(name: str) -> str:
    """A name as it stands in ids and links: everything encoded, a slash twice (M9.4, N9.5)."""
    return quote(name.replace("/", "%2F"), safe="")


def read_arguments(query: bytes, form: bytes) -> dict[str, list[str]]:
    """Arguments of the query string and of a form body, the body first (M2.3). The content type is ignored (M2.5)."""
    found: dict[str, list[str]] = {}
    for text in (form, query):
        try:
            pairs = parse_qs(
                text.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MAX_ARGUMENTS, errors="replace"
            )
        except ValueError as error:
            raise Refusal(400, "ERROR", f"More than {MAX_ARGUMENTS} arguments.") from error
        for name, values in pairs.items():
            found.setdefault(name, []).extend(values)
    return found


@dataclass(slots=True)
class Call:
    """What an endpoint function is given."""

    instance: SplunkInstance
    method: str
    target: Target
    arguments: Arguments
    body: bytes
    headers: Mapping[str, str]
    base_url: str
    """``https://host:port`` as the client addressed it."""
    user: User
    session: str | None = None
    mode: str = "xml"
    query: Arguments = field(default_factory=dict)

    @property
    def namespace(self) -> Namespace:
        return self.target.namespace

    @property
    def viewer(self) -> Viewer:
        """The caller, as configuration sees it."""
        from harness.server.confs import Viewer

        accounts = self.instance.accounts
        return Viewer(
            self.user.name,
            frozenset(role.name for role in accounts.lineage(self.user.roles)),
            accounts.may(self.user, "admin_all_objects"),
        )

    @property
    def json(self) -> bool:
        return self.mode.startswith("json")

    @property
    def owner(self) -> str:
        """Whose private objects this request sees and makes."""
        owner = self.namespace.owner
        return self.user.name if owner is None or owner == "-" else owner

    @property
    def app(self) -> str:
        """The app whose knowledge this request sees and adds to."""
        app = self.namespace.app
        return "search" if app is None or app == "-" else app

    def one(self, name: str, default: str = "") -> str:
        """The (first) value of an argument."""
        values = self.arguments.get(name)
        return values[0] if values else default

    def flag(self, name: str, *, default: bool = False) -> bool:
        text = self.one(name).strip().lower()
        return default if not text else text in {"1", "true", "t", "yes", "y"}

    def settings(self, *ignored: str) -> dict[str, str]:
        """The arguments as settings of an object: their last values, without those that steer the request."""
        steering = {"output_mode", *ignored}
        return {name: values[-1] for name, values in self.arguments.items() if name not in steering}
