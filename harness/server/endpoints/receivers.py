"""Events over the management port."""

from __future__ import annotations

from harness.server.answers import NO_STORE, Answer, Refusal, json_answer, xml_answer
from harness.server.atom import xml_text
from harness.server.call import Call
from harness.server.ingest import Origin
from harness.server.routing import endpoint
from harness.server.streaming import origin_of


@endpoint("receivers/simple", "POST", raw_body=True)
def simple(call: Call) -> Answer:
    """The body is data of one source (M8.16-M8.18, N8.5)."""
    origin = _receive(call)
    index = call.one("index", "default")
    found: dict[str, str | int] = {
        "index": index,
        "bytes": len(call.body),
        "host": origin.host,
        "source": origin.source,
        "sourcetype": origin.sourcetype,
    }
    return json_answer(found) if call.json else _xml(found)


@endpoint("receivers/stream", "POST", raw_body=True)
def stream(call: Call) -> Answer:
    """As ``simple``, without an answer (N8.6). Without a length, the body ends with the connection."""
    _receive(call)
    return Answer(status=204, headers=NO_STORE)


def _receive(call: Call) -> Origin:
    if not call.instance.accounts.may(call.user, "edit_tcp") and "power" not in _roles(call):
        raise Refusal(403, "WARN", "insufficient permission to access this resource")  # M1.15
    if not call.body:
        raise Refusal(400, "WARN", "empty body")
    origin = origin_of(call.instance, call.arguments)
    if not call.instance.indexes.writable(origin.index):
        raise Refusal(400, "WARN", f"supplied index '{call.one('index')}' missing")
    call.instance.ingest.raw(call.body, origin)
    return origin


def _roles(call: Call) -> set[str]:
    return {role.name for role in call.instance.accounts.lineage(call.user.roles)}


def _xml(found: dict[str, str | int]) -> Answer:
    lines = ["  <results>", "    <result>"]
    for name, value in found.items():
        key = "_index" if name == "index" else name
        lines += [
            f'      <field k="{key}">',
            "        <value>",
            f"          <text>{xml_text(str(value))}</text>",
            "        </value>",
            "      </field>",
        ]
    return xml_answer("\n".join([*lines, "    </result>", "  </results>"]))
