"""Runs a conformance test in the engine, and compares what comes out with what the page says."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from harness.engine.plan import plan
from harness.engine.search import Searcher, SearchRequest, SearchResult
from harness.engine.store import Store
from harness.errors import SPLError, UnsupportedSPL
from harness.knowledge.knowledge import Knowledge, Metadata, shipped_apps
from harness.values.column import Column, Value
from harness.values.frame import Frame
from harness.values.values import members, to_text
from tests.conformance.runner import Block, Case
from tests.locations import write_locations

NOW: Final = 1_767_225_600.0
"""2026-01-01T00:00:00Z: what ``now()`` is in a page. Events that give no time lie a second apart before it."""

UNASKED: Final = frozenset(
    (
        *("host", "source", "sourcetype", "index", "linecount", "splunk_server"),
        *("punct", "timestartpos", "timeendpos", "eventtype"),
    )
)
"""Fields that events have anyway: compared only if the page mentions them, as are names that begin with ``_``."""

_PAIR: Final = re.compile(r'([^\s=]+)=(?:"((?:[^"\\]|\\.)*)"|(\S*))')


def check(case: Case, folder: Path) -> None:
    """Raises AssertionError where the engine does not do what the page says."""
    refusal = case.one("error") or case.one("unsupported")
    spl = case.one("spl")
    assert spl is not None
    searcher = _searcher(case, folder)
    request = SearchRequest(
        spl.body.strip(),
        earliest=spl.options.get("earliest"),
        latest=spl.options.get("latest"),
        now=float(spl.options.get("now", NOW)),
        default_indexes=("main",),
    )
    if refusal is not None:
        _check_refusal(searcher, request, refusal)
        return
    result = searcher.execute(plan(request.search, searcher.knowledge), request)
    _check_result(result, case)


def _check_refusal(searcher: Searcher, request: SearchRequest, refusal: Block) -> None:
    with pytest.raises(SPLError) as refused:
        searcher.run(request)
    error = refused.value
    assert isinstance(error, UnsupportedSPL) == (refusal.name == "unsupported"), f"{type(error).__name__}: {error}"
    assert refusal.body.strip() in error.message


def _check_result(result: SearchResult, case: Case) -> None:
    columns = case.one("columns")
    if columns is not None:
        assert result.frame.field_names() == re.split(r"[\s,]+", columns.body.strip())
    messages = case.one("messages")
    if messages is not None:
        assert [f"{m.severity} {m.text}" for m in result.messages] == messages.body.strip().splitlines()
    results = case.one("results")
    if results is None:
        return
    expected = [json.loads(line) for line in results.body.splitlines() if line.strip()]
    mentioned = {name for row in expected for name in row}
    got = [_shown(row, mentioned) for row in result.frame.to_rows()]
    wanted = [_written(row) for row in expected]
    if results.argument == "unordered":
        got.sort(key=repr)
        wanted.sort(key=repr)
    elif results.argument:
        raise AssertionError(f"`results {results.argument}` is not known")
    assert got == wanted


def _shown(row: Mapping[str, Value], mentioned: set[str]) -> dict[str, Any]:
    """A row as results show it: texts, and lists of texts."""
    shown: dict[str, Any] = {}
    for name in sorted(row):
        if name not in mentioned and (name in UNASKED or name.startswith("_") or name.startswith("date_")):
            continue
        texts = [to_text(member) for member in members(row[name])]
        shown[name] = texts[0] if len(texts) == 1 else texts
    return shown


def _written(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _text(row[name]) for name in sorted(row) if row[name] is not None}


def _text(value: Any) -> Any:
    if isinstance(value, list):
        return [_text(item) for item in value]
    return value if isinstance(value, str) else to_text(value)


# --- what the search sees


def _searcher(case: Case, folder: Path) -> Searcher:
    own = [block for block in case.blocks if block.name in ("lookup", "macros", "conf", "data-model", "locations")]
    knowledge = _knowledge(_write_app(own, folder)) if own else _shipped_knowledge()
    store = Store()
    for block in case.blocks:
        if block.name == "events":
            _append(store, _event_rows(block), block)
        elif block.name == "raw":
            _append_raw(store, knowledge, block)
    return Searcher(store, knowledge)


@functools.cache
def _shipped_knowledge() -> Knowledge:
    return Knowledge.load(shipped_apps())


def _knowledge(app: Path) -> Knowledge:
    return Knowledge.load([*shipped_apps(), app])


def _write_app(blocks: list[Block], folder: Path) -> Path:
    """The test's own app; ``folder`` is empty."""
    app = folder / "page"
    default, lookups, models = app / "default", app / "lookups", app / "default" / "data" / "models"
    for made in (default, lookups, models):
        made.mkdir(parents=True)
    files: dict[str, list[str]] = {}
    for block in blocks:
        if block.name == "lookup":
            (lookups / f"{block.argument}.csv").write_text(block.body + "\n", encoding="utf-8")
            settings = [f"{name} = {value}" for name, value in block.options.items()]
            stanza = [f"[{block.argument}]", f"filename = {block.argument}.csv", *settings]
            files.setdefault("transforms", []).extend(stanza)
        elif block.name == "macros":
            files.setdefault("macros", []).extend(_macro_stanzas(block))
        elif block.name == "data-model":
            (models / f"{block.argument}.json").write_text(block.body, encoding="utf-8")
            files.setdefault("datamodels", []).append(f"[{block.argument}]\nacceleration = 0")
        elif block.name == "locations":
            lines = [line.split(maxsplit=1) for line in block.body.splitlines() if line.strip()]
            path = write_locations(app / "cities.mmdb", {network: json.loads(record) for network, record in lines})
            files.setdefault("limits", []).append(f"[iplocation]\ndb_path = {path}")
        else:
            files.setdefault(block.argument, []).append(block.body)
    for name, lines in files.items():
        (default / f"{name}.conf").write_text("\n".join(lines) + "\n", encoding="utf-8")
    metadata = app / "metadata"
    metadata.mkdir()
    (metadata / "default.meta").write_text("[]\nexport = system\n", encoding="utf-8")
    return app


def _macro_stanzas(block: Block) -> list[str]:
    lines: list[str] = []
    for line in block.body.splitlines():
        if not line.strip():
            continue
        head, _, definition = line.partition("=")
        found = re.fullmatch(r"\s*([^\s(]+)\s*(?:\(([^)]*)\))?\s*", head)
        assert found is not None, f"no macro: {line!r}"
        arguments = [name.strip() for name in (found[2] or "").split(",") if name.strip()]
        lines.append(f"[{found[1]}({len(arguments)})]" if arguments else f"[{found[1]}]")
        if arguments:
            lines.append(f"args = {','.join(arguments)}")
        lines.append(f"definition = {definition.strip()}")
    return lines


def _event_rows(block: Block) -> list[dict[str, Value]]:
    rows: list[dict[str, Value]] = []
    for line in block.body.splitlines():
        if not line.strip():
            continue
        if line.lstrip().startswith("{"):
            rows.append({name: _event_value(name, value) for name, value in json.loads(line).items()})
        else:
            pairs = {m[1]: m[3] if m[2] is None else re.sub(r"\\(.)", r"\1", m[2]) for m in _PAIR.finditer(line)}
            rows.append({name: _event_value(name, value) for name, value in pairs.items()})
    return rows


def _event_value(name: str, value: Any) -> Value:
    if name == "_time":
        return float(value)
    if isinstance(value, list):
        return tuple(str(_text(item)) for item in value)
    return None if value is None else str(_text(value))


def _append(store: Store, rows: list[dict[str, Value]], block: Block) -> None:
    index = block.options.get("index", "main")
    store.create_index(index, metric=block.options.get("datatype") == "metric")
    frame = Frame.from_rows(rows)
    extra = {
        "sourcetype": block.options.get("sourcetype", "page"),
        "source": block.options.get("source", "page"),
        "host": block.options.get("host", "page"),
        "index": index,
    }
    columns = {name: Column.constant(value, len(rows)) for name, value in extra.items() if name not in frame.columns}
    if "_time" not in frame.columns:
        columns["_time"] = Column.from_values([NOW - 1 - position for position in range(len(rows))])
    store.append(index, frame.with_columns(columns))


def _append_raw(store: Store, knowledge: Knowledge, block: Block) -> None:
    metadata = Metadata(
        host=block.options.get("host", "page"),
        source=block.options.get("source", "page"),
        sourcetype=block.options.get("sourcetype", "page"),
        index=block.options.get("index", "main"),
    )
    store.create_index(metadata.index)
    indexed = knowledge.index_time((block.body + "\n").encode(), metadata, NOW)
    store.append(metadata.index, indexed.frame)
