"""Runs a conformance test in the engine, and compares what comes out with what the page says."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from harness.content.pages import (
    PAGE_NOW,
    Block,
    Case,
    event_rows,
    expected_rows,
    is_asked,
    macro_lines,
    row_as_text,
    value_as_text,
)
from harness.engine.plan import plan
from harness.engine.search import Searcher, SearchRequest, SearchResult
from harness.engine.store import Store
from harness.errors import SPLError, UnsupportedSPL
from harness.knowledge.knowledge import Knowledge, Metadata, shipped_apps
from harness.values.column import Column, Value
from harness.values.frame import Frame
from harness.values.values import members, to_text
from tests.locations import write_locations


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
        now=float(spl.options.get("now", PAGE_NOW)),
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
    expected = expected_rows(results)
    mentioned = {name for row in expected for name in row}
    got = [_shown(row, mentioned) for row in result.frame.to_rows()]
    wanted = [row_as_text(row) for row in expected]
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
        if not is_asked(name, mentioned):
            continue
        texts = [to_text(member) for member in members(row[name])]
        shown[name] = texts[0] if len(texts) == 1 else texts
    return shown


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
    for macro in macro_lines(block, "macros"):
        lines.append(f"[{macro.stanza}]")
        if macro.arguments:
            lines.append(f"args = {','.join(macro.arguments)}")
        lines.append(f"definition = {macro.definition}")
    return lines


def _event_rows(block: Block) -> list[dict[str, Value]]:
    return [{name: _event_value(name, value) for name, value in row.items()} for row in event_rows(block)]


def _event_value(name: str, value: Any) -> Value:
    if name == "_time":
        return float(value)
    if isinstance(value, list):
        return tuple(str(value_as_text(item)) for item in value)
    return None if value is None else str(value_as_text(value))


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
        columns["_time"] = Column.from_values([PAGE_NOW - 1 - position for position in range(len(rows))])
    store.append(index, frame.with_columns(columns))


def _append_raw(store: Store, knowledge: Knowledge, block: Block) -> None:
    metadata = Metadata(
        host=block.options.get("host", "page"),
        source=block.options.get("source", "page"),
        sourcetype=block.options.get("sourcetype", "page"),
        index=block.options.get("index", "main"),
    )
    store.create_index(metadata.index)
    indexed = knowledge.index_time((block.body + "\n").encode(), metadata, PAGE_NOW)
    store.append(metadata.index, indexed.frame)
