"""Asks a Splunk what conformance pages ask, and writes the pages with its answers.

A case's data goes into an index made for it. Rows of ``events`` are sent as JSON text, from which a search extracts the
same fields; what would come out otherwise there, and what REST and HEC cannot give a server (lookup files, ``.conf``
files, data models, databases of locations, data points), makes the case one that is skipped, with its reason.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from urllib.parse import quote

from harness.backends.base import Backend, Mendable, Session
from harness.client.answers import Outcome, ServerInfo
from harness.client.hec import Target
from harness.client.rest import SplunkClient
from harness.content.pages import (
    PAGE_NOW,
    Block,
    Case,
    event_rows,
    expected_rows,
    is_asked,
    macro_lines,
    row_as_text,
    with_answers,
)
from harness.errors import BackendError, SPLError, UnsupportedSPL
from harness.values.values import to_text

APP: Final = "search"
"""The app whose knowledge a server's searches see, and where the macros of a case are while it runs."""

_NOT_OVER_REST: Final = {
    "lookup": "REST takes no lookup file from another machine",
    "conf": "its .conf file belongs to an app of its own",
    "data-model": "its data model belongs to an app of its own",
    "locations": "its database of locations lies on the server's disk",
}
_METADATA: Final = ("host", "source", "sourcetype")
_NAMES_AN_INDEX: Final = re.compile(r"\b(?:index|indexes)\s*(?:=|!=|::|\bIN\b)", re.IGNORECASE)
_WRITES: Final = re.compile(
    r"\b(?:collect|mcollect|meventcollect|outputlookup|outputcsv|delete|sendemail|sendalert|savedsearch|loadjob)\b"
)
_TELLS_WHEN: Final = re.compile(r"\brecentTime\b|\|\s*metadata\b[^|]*$")
_WORD: Final = re.compile(r"[\w.]+")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one case.

    ``skipped`` says why it was not asked; ``difference`` how the answer differs from the page, line by line. ``blocks``
    are the bodies of the blocks that must be written anew, by name; None where there is no answer to write.
    """

    case: Case
    skipped: str = ""
    difference: tuple[str, ...] = ()
    blocks: Mapping[str, str] | None = None


def record(cases: list[Case], backend: Backend, report: Callable[[Answer], None]) -> list[Answer]:
    """Ask every case of a started ``backend``. Raises :class:`~harness.errors.BackendError` if it is lost."""
    found: list[Answer] = []
    for case in cases:
        reason = why_not(case)
        found.append(Answer(case, reason) if reason else _ask_or_tell(case, backend))
        report(found[-1])
    return found


def rewrite(text: str, answers: list[Answer], evidence: str) -> str:
    """A page with these answers in place of what it expects; cases that were not asked stay as they are."""
    return with_answers(text, {a.case.line: (a.case, a.blocks) for a in answers if a.blocks is not None}, evidence)


def why_not(case: Case) -> str:
    """Why a server cannot be asked this case; empty if it can."""
    spl = case.one("spl")
    assert spl is not None, "the reader makes sure"
    if case.one("unsupported") is not None:
        return "it is about what the embedded engine does not carry out"
    for block in case.blocks:
        if block.name in _NOT_OVER_REST:
            return _NOT_OVER_REST[block.name]
        if block.options.get("datatype") == "metric":
            return "data points need an index for metrics"
        if block.name in {"events", "raw"} and block.options.get("index", "main") != "main":
            return f"its data lies in the index {block.options['index']}"
        if block.name == "events" and (reason := _unsendable(block)):
            return reason
    if _NAMES_AN_INDEX.search(spl.body):
        return "its search names an index, and the data is in one made for it"
    if _WRITES.search(spl.body):
        return "its search writes or reads what stays on the server"
    if _TELLS_WHEN.search(spl.body):
        return "it tells when its data was indexed, which is when it is recorded"
    if case.all("events") and re.search(r"\b_raw\b", spl.body + _body(case.one("results"))):
        return "its events have no text of their own, which its search looks at"
    return ""


def _body(block: Block | None) -> str:
    return block.body if block is not None else ""


def _unsendable(block: Block) -> str:
    for row in event_rows(block):
        for name, value in row.items():
            if name != "_time" and not is_asked(name, set(_METADATA)):
                return f"its events have {name}, which a server sets itself"
            if isinstance(value, list) or value == "":
                return f"its events have {name} with several values or an empty one, which JSON text does not give"
            if not re.fullmatch(r"_time|\w+", name):
                return f"its events have the field {name!r}, which is another one in JSON text"
    return ""


def _ask_or_tell(case: Case, backend: Backend) -> Answer:
    """A server that fails at one case and still answers is asked the others."""
    try:
        return _ask(case, backend)
    except BackendError as error:
        if not isinstance(backend, Mendable):
            raise
        lost = backend.mend()
        return Answer(case, difference=(f"not answered: {lost or error.message}",))


def _ask(case: Case, backend: Backend) -> Answer:
    spl = case.one("spl")
    assert spl is not None, "the reader makes sure"
    with backend.session() as session, ExitStack() as undo:
        taken = _define_macros(case, session.client, undo)
        if taken:
            return Answer(case, taken)
        _send(case, session)
        now = spl.options.get("now", str(int(PAGE_NOW)))
        try:
            outcome = session.client.search(
                spl.body.strip(), earliest=spl.options.get("earliest"), latest=spl.options.get("latest"), now=now
            )
        except UnsupportedSPL as error:
            return Answer(case, difference=(f"not carried out: {error.message}",))
        except SPLError as error:
            return _refused(case, error.message)
    return _answered(case, outcome)


def _define_macros(case: Case, client: SplunkClient, undo: ExitStack) -> str:
    """Make the case's macros for the while. Not empty: why they cannot be made."""
    macros = [macro for block in case.all("macros") for macro in macro_lines(block, case.page)]
    known = client.macros() if macros else {}
    for macro in macros:
        if (macro.name, len(macro.arguments)) in known:
            return f"the server has a macro {macro.stanza} of its own"
    for macro in macros:
        settings = {"args": ",".join(macro.arguments)} if macro.arguments else {}
        owned = {"owner": "nobody", "app": client.app or APP}
        with client.service() as service:
            service.post("configs/conf-macros", **owned, name=macro.stanza, definition=macro.definition, **settings)
        undo.callback(_delete_macro, client, macro.stanza, owned)
    return ""


def _delete_macro(client: SplunkClient, stanza: str, owned: Mapping[str, str]) -> None:
    from splunklib.binding import UrlEncoded

    with client.service() as service:
        service.delete(UrlEncoded(f"configs/conf-macros/{quote(stanza, safe='')}", skip_encode=True), **owned)


def _send(case: Case, session: Session) -> None:
    for block in case.blocks:
        if block.name not in {"events", "raw"}:
            continue
        said = {name: block.options.get(name, "page") for name in _METADATA}
        target = Target(said["source"], said["sourcetype"], session.index, said["host"])
        if block.name == "raw":
            session.hec.send_raw((block.body + "\n").encode(), target)
            continue
        events = []
        for position, row in enumerate(event_rows(block)):
            known = {name: row[name] for name in _METADATA if row.get(name) is not None}
            fields = {n: row_as_text(row)[n] for n in row if n not in {"_time", *_METADATA} and row[n] is not None}
            events.append(
                {"time": float(row.get("_time", PAGE_NOW - 1 - position)), **known, "event": json.dumps(fields)}
            )
        session.hec.send_events(events, target)


def _refused(case: Case, message: str) -> Answer:
    expected = case.one("error")
    if expected is not None and expected.body.strip() in message:
        return Answer(case, blocks={})
    wanted = "rows" if expected is None else f"the error {expected.body.strip()}"
    told = (f"expected {wanted}", f"answered the error {message}")
    if case.one("columns") is not None or case.one("messages") is not None:
        return Answer(case, difference=told)  # blocks that an error has not: whoever minds the page writes it anew
    return Answer(case, difference=told, blocks={"error": message})


def _answered(case: Case, outcome: Outcome) -> Answer:
    """Blocks that agree are left as they are written."""
    blocks: dict[str, str] = {}
    difference: list[str] = []
    refusal, results = case.one("error"), case.one("results")
    if refusal is not None:
        difference += [f"expected the error {refusal.body.strip()}", f"answered {outcome.result_count} rows"]
    if refusal is not None or results is not None:
        wanted = [row_as_text(row) for row in expected_rows(results)] if results is not None else []
        rows = list(_rows(case, outcome, wanted))
        shuffled = results is not None and results.argument == "unordered"
        same = sorted(rows, key=repr) == sorted(wanted, key=repr) if shuffled else rows == wanted
        if refusal is not None or not same:
            blocks["results"] = "\n".join(_json(row) for row in rows)
        if refusal is None and not same:
            difference += _lines("rows", wanted, rows)
    columns = case.one("columns")
    if columns is not None and re.split(r"[\s,]+", columns.body.strip()) != outcome.fields:
        blocks["columns"] = " ".join(outcome.fields)
        difference += [f"expected the columns {columns.body.strip()}", f"answered the columns {blocks['columns']}"]
    messages = case.one("messages")
    said = [f"{message.type} {message.text}" for message in outcome.messages]
    if messages is not None and messages.body.strip().splitlines() != said:
        blocks["messages"] = "\n".join(said)
        difference += [f"expected the message {line}" for line in messages.body.strip().splitlines()]
        difference += [f"answered the message {line}" for line in said] or ["answered no message"]
    return Answer(case, difference=tuple(difference), blocks=blocks)


def _rows(case: Case, outcome: Outcome, wanted: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The rows as a page shows them: without the fields that events have anyway and that the case does not ask for."""
    mentioned = {name for row in wanted for name in row} or set(_WORD.findall(_body(case.one("spl"))))
    for row in outcome.rows:
        yield {name: _value(name, row[name]) for name in sorted(row) if is_asked(name, mentioned)}


def _value(name: str, value: str | list[str]) -> str | list[str]:
    """Pages have ``_time`` as epoch seconds, and JSON results as a date with its offset."""
    if name == "_time" and isinstance(value, str) and "T" in value:
        return to_text(datetime.fromisoformat(value).timestamp())
    return value


def _lines(what: str, wanted: list[dict[str, Any]], rows: list[dict[str, Any]]) -> Iterator[str]:
    if len(wanted) != len(rows):
        yield f"expected {len(wanted)} {what}, answered {len(rows)}"
    for position, (left, right) in enumerate(zip(wanted, rows, strict=False), 1):
        if left != right:
            yield f"expected row {position}: {_json(left)}"
            yield f"answered row {position}: {_json(right)}"


def _json(row: Mapping[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False, separators=(",", ":"))


@contextmanager
def started(backend: Backend) -> Iterator[ServerInfo]:
    """The backend while it runs; gives who answers."""
    try:
        backend.start()
        with backend.session() as session:
            info = session.client.info()
        yield info
    finally:
        backend.stop()


def evidence_of(info: ServerInfo, day: date) -> str:
    """What a page rests on that this server answered: what our own server says is no evidence of a Splunk."""
    if info.harness:
        return f"reasoned (harness {info.harness} answered so, {day})"
    return f"recorded Splunk {info.version} build {info.build}, server {info.name}, {day}"
