"""The root of the management port: what lies below it."""

from __future__ import annotations

from harness.server.answers import Answer
from harness.server.atom import Entry, Feed, feed_answer
from harness.server.call import Call
from harness.server.instance import SplunkInstance
from harness.server.routing import Style, all_paths, endpoint, not_found


@endpoint("", "GET", style=Style.PLAIN)
def root(call: Call) -> Answer:
    """The families of endpoints, as Atom only: in JSON there is nothing here (M2.69)."""
    if call.json:
        raise not_found(call.target)
    names = sorted({path.pattern.partition("/")[0] for path in all_paths() if path.pattern})
    entries = [Entry(name=name, content={}, links=("alternate",), path=f"/services/{name}") for name in names]
    feed = Feed(title="services", path=call.namespace.prefix, entries=entries, total=len(entries))
    return feed_answer(feed, json=False, base_url=call.base_url, now=call.instance.wall())


def top(instance: SplunkInstance, base_url: str) -> Answer:
    """``/`` itself, which answers without a login: the health check of a container asks it (checkstate.sh)."""
    entries = [
        Entry(name=name, content={}, links=("alternate",), path=f"/{name}")
        for name in ("rpc", "services", "servicesNS", "static")
    ]
    feed = Feed(title="splunkd", path="/", entries=entries, total=len(entries))
    return feed_answer(feed, json=False, base_url=base_url, now=instance.wall())
