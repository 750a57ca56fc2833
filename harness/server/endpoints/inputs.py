"""The kinds of inputs. Data comes in by the event collector and the receivers; no other kind can be made here."""

from __future__ import annotations

from collections.abc import Iterable

from harness.server.answers import Answer, Refusal
from harness.server.atom import Acl, Entry, Feed, feed_answer
from harness.server.call import Call
from harness.server.eai import Collection
from harness.server.routing import Style, endpoint

Links = tuple[str, ...]

_CREATE: Links = ("alternate", "list", "create")
_KINDS: dict[str, Links] = {
    "http": _CREATE,
    "monitor": _CREATE,
    "oneshot": _CREATE,
    "script": _CREATE,
    "tcp": ("alternate", "list"),
    "udp": _CREATE,
}
_TCP: dict[str, Links] = {"cooked": _CREATE, "raw": _CREATE}
_SYSTEM = Acl(read=None, write=None)


@endpoint("data/inputs", "GET", style=Style.OBJECTS, handler="inputs")
def kinds(call: Call) -> Answer:
    """The kinds of inputs there are, each a collection below."""
    return _feed(call, "data/inputs", _KINDS)


@endpoint("data/inputs/tcp", "GET", style=Style.OBJECTS, handler="tcp")
def tcp_kinds(call: Call) -> Answer:
    """The kinds of inputs over TCP."""
    return _feed(call, "data/inputs/tcp", _TCP)


def _feed(call: Call, path: str, found: dict[str, Links]) -> Answer:
    entries = [
        Entry(name=name, content={}, acl=_SYSTEM, links=links, path=f"/services/{path}/{name}")
        for name, links in found.items()
    ]
    feed = Feed(title="inputs", path=f"{call.namespace.prefix}/{path}", entries=entries)
    return feed_answer(feed, json=call.json, base_url=call.base_url, now=call.instance.wall())


def _none_of(path: str, reads: str) -> None:
    inputs = Collection(path, path.removeprefix("data/inputs/"), arguments=None, capability="edit_tcp")

    @inputs.entries
    def listed(_: Call) -> Iterable[Entry]:
        """None: there cannot be one."""
        return ()

    @inputs.creator
    def create(call: Call, name: str, settings: dict[str, str]) -> Entry:  # noqa: ARG001
        """Refused: only the event collector and the receivers take data."""
        raise Refusal(
            400,
            "ERROR",
            f"{reads} is not supported by this server: send data to the event collector or to receivers/simple.",
        )


modular = Collection("data/modular-inputs", "modular-inputs", links=(), arguments=None)


@modular.entries
def modular_kinds(_: Call) -> Iterable[Entry]:
    """None: no app's scripts are run."""
    return ()


_none_of("data/inputs/monitor", "Watching files")
_none_of("data/inputs/oneshot", "Reading a file of the server")
_none_of("data/inputs/script", "Running a script")
_none_of("data/inputs/tcp/cooked", "Listening for forwarders")
_none_of("data/inputs/tcp/raw", "Listening on a TCP port")
_none_of("data/inputs/udp", "Listening on a UDP port")
