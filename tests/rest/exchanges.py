"""Recorded exchanges: Markdown pages of requests and the answers that a real Splunk gave, held against our server.

A ``##`` heading is one test with a server of its own; its blocks are carried out from top to bottom:

* ``request`` – the verb and path, then headers, then an empty line and the body as it is. ``request form`` has
  ``name=value`` lines as its body, which are URL-encoded; ``request hec`` goes to the event collector. Requests carry
  the administrator's credentials unless they name an ``Authorization`` themselves (``Authorization: none`` sends no
  header, ``Authorization: Basic name:password`` is encoded).
* ``answer`` – the status, then headers that the answer has (``Vary: none``: has not), then, after an empty line, the
  body: text for text, or value for value where it is JSON.
* ``values`` – facts about the JSON of the answer, one per line: a JSON pointer, ``=``, and the value as JSON
  (``/entry/0/content/eai:acl = null``). ``keys(pointer)`` are the sorted members of an object, ``count(pointer)`` is
  how many members or items there are, ``names`` are the names of the entries; the value ``absent`` says that there is
  none, and ``has``/``lacks`` in the place of ``=`` that a list, an object or a text has that part or lacks it.
* ``contains`` – lines that stand in the body, each as it is.

A page says its ``Evidence:`` as pages of :mod:`tests.conformance` do.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from tests.conformance.runner import Block, Case, Form, cases
from tests.server.wire import Reply, Rest

PAGES: Final = Path(__file__).resolve().parent
EXCHANGE: Final = Form(frozenset(), "request", frozenset(("answer", "values", "contains")), repeats=True)

_FACT: Final = re.compile(
    r"(?:(?P<of>keys|count)\((?P<inner>[^)]*)\)|(?P<path>\S*)) (?P<how>=|has|lacks) (?P<value>.+)"
)


def exchanges(folder: Path = PAGES) -> Iterator[Case]:
    """Every exchange of every page."""
    return cases(folder, EXCHANGE)


def check(case: Case, rest: Rest) -> None:
    """Raises AssertionError where an answer is not the recorded one."""
    reply: Reply | None = None
    for block in case.blocks:
        if block.name == "request":
            reply = send(rest, block)
            continue
        assert reply is not None, f"{case.page}:{block.line}: nothing was asked yet"
        _CHECKS[block.name](block, reply)


def send(rest: Rest, block: Block) -> Reply:
    head, _, body = block.body.partition("\n\n")
    first, *lines = head.splitlines()
    method, path = first.split(" ", 1)
    headers = dict(line.split(": ", 1) for line in lines)
    headers = {**_credentials(rest, headers.pop("Authorization", None), "hec" in block.argument), **headers}
    if block.argument == "form":
        pairs = [tuple(line.split("=", 1)) for line in body.splitlines() if line]
        return rest(method, path, urlencode(pairs).encode(), headers=headers)
    data = body.encode() if body or method in ("POST", "PUT") else None
    return rest(method, path, data, headers=headers, hec="hec" in block.argument)


def _credentials(rest: Rest, said: str | None, hec: bool) -> dict[str, str]:
    if said == "none":
        return {}
    if said is None:
        return {"Authorization": f"Splunk {rest.server.hec_token}"} if hec else rest.basic()
    named = re.fullmatch(r"Basic (\w+):(.*)", said)
    return rest.basic(named[1], named[2]) if named is not None else {"Authorization": said}


def _check_answer(block: Block, reply: Reply) -> None:
    head, separator, body = (block.body + "\n").partition("\n\n")
    first, *lines = head.strip().splitlines()
    assert reply.status == int(first), reply.text
    for line in lines:
        name, value = line.split(": ", 1)
        assert reply.headers.get(name.lower()) == (None if value == "none" else value), (name, reply.headers)
    if not separator:
        return
    if reply.headers.get("content-type", "").startswith("application/json"):
        assert reply.json == json.loads(body)
    else:
        assert reply.text in (body, body.removesuffix("\n"))


def _check_values(block: Block, reply: Reply) -> None:
    document = reply.json
    for line in filter(None, block.body.splitlines()):
        fact = _FACT.fullmatch(line)
        assert fact is not None, f"no fact: {line}"
        found = _measure(document, fact)
        wanted = ... if fact["value"] == "absent" else json.loads(fact["value"])
        if fact["how"] == "=":
            assert (found, type(found)) == (wanted, type(wanted)), line
        else:
            assert (wanted in found) == (fact["how"] == "has"), (line, found)


def _measure(document: Any, fact: re.Match[str]) -> Any:
    if fact["path"] == "names":
        return [entry["name"] for entry in document["entry"]]
    found = pointed(document, fact["inner"] if fact["of"] else fact["path"])
    if fact["of"] == "keys":
        return sorted(found)
    return len(found) if fact["of"] == "count" else found


def pointed(document: Any, pointer: str) -> Any:
    """What a JSON pointer shows; ``...`` where there is nothing."""
    for step in pointer.split("/")[1:]:
        key: Any = int(step) if isinstance(document, list) else step.replace("~1", "/").replace("~0", "~")
        try:
            document = document[key]
        except (KeyError, IndexError):
            return ...
    return document


def _check_contains(block: Block, reply: Reply) -> None:
    for line in filter(None, block.body.splitlines()):
        assert line in reply.text, (line, reply.text[:2000])


_CHECKS: Final = {"answer": _check_answer, "values": _check_values, "contains": _check_contains}
