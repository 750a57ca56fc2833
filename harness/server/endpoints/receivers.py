"""Events over the management port."""

from __future__ import annotations

from harness.server.answers import Answer, Refusal, json_answer, xml_answer
from harness.server.atom import xml_text
from harness.server.call import Call
from harness.server.ingest import Origin
from harness.server.routing import endpoint


@endpoint("receivers/simple", "POST", raw_body=True)
def simple(call: Call) -> Answer:
    """The body is data of one source (M8.16-M8.18, N8.5)."""
    if not call.instance.accounts.may(call.user, "edit_tcp") and "power" not in _roles(call):
        raise Refusal(403, "WARN", "insufficient permission to access this resource")  # M1.15
    if not call.body:
        raise Refusal(400, "WARN", "empty body")
    index = call.one("index", "default")
    place = "main" if index == "default" else index
    if not call.instance.indexes.writable(place):
        raise Refusal(400, "WARN", f"supplied index '{index}' missing")
    origin = Origin(
        index=place,
        host=call.one("host", call.instance.name),
        source=call.one("source", "http-simple"),
        sourcetype=call.one("sourcetype", "unknown-too_small"),
    )
    call.instance.ingest.raw(call.body, origin)
    found: dict[str, str | int] = {
        "index": index,
        "bytes": len(call.body),
        "host": origin.host,
        "source": origin.source,
        "sourcetype": origin.sourcetype,
    }
    return json_answer(found) if call.json else _xml(found)


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
