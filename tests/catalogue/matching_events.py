"""A store with events that searches find: for every search some that its own terms ask for, so that the commands after
the first see rows. What an event needs is read off the search expression and the constraints of its data model; every
other word of the search is a field of the event, too, now a number, now a text, now absent."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from itertools import count
from pathlib import Path
from typing import Any, Final

import numpy as np
import yaml

from harness.engine.commands.from_ import From
from harness.engine.commands.search import Search
from harness.engine.commands.tstats import TStats
from harness.engine.plan import Plan
from harness.engine.store import Store
from harness.knowledge.apps import App, load_app
from harness.knowledge.knowledge import Knowledge, Metadata
from harness.spl.macros import expand
from harness.spl.nodes import Comparison, Directive, InList, SearchAnd, SearchNode, SearchOr, Subsearch, Term
from harness.spl.search_expression import parse_search_expression
from harness.values.column import NULL, Codes, Column, Encoder, Value
from harness.values.frame import Frame
from tests.locations import city, write_locations

NOW: Final = 1_767_225_600.0
SAMPLES: Final = Path(__file__).parent.parent / "sources"
_WORD: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:[.:][A-Za-z_][A-Za-z0-9_]*)*(?:\{\})?")
_QUOTED: Final = re.compile(r'"(?:[^"\\]|\\.)*"')
_OWN: Final = frozenset(("_time", "_raw", "index", "source", "sourcetype", "host", "tag", "eventtype", "nodename"))
_WANTED: Final = "wanted_tag"

Needs = dict[str, list[str]]
"""Field -> the values that an event must have; ``""`` collects words of ``_raw``."""


def helping_app(tags: Iterable[str], folder: Path) -> App:
    """An app by which an event gets the tags that its field ``wanted_tag`` names, and every address a location."""
    default = folder / "helping" / "default"
    default.mkdir(parents=True)
    kinds = [f"[wanted_{tag}]\nsearch = {_WANTED}={tag}\n" for tag in tags]
    marks = [f"[eventtype=wanted_{tag}]\n{tag} = enabled\n" for tag in tags]
    (default / "eventtypes.conf").write_text("\n".join(kinds), encoding="utf-8")
    (default / "tags.conf").write_text("\n".join(marks), encoding="utf-8")
    (default / "app.conf").write_text("[install]\nis_configured = 1\n", encoding="utf-8")
    everywhere = dict.fromkeys(("0.0.0.0/1", "128.0.0.0/1"), city("Oslo", "Oslo", "Norway", 59.9, 10.7))
    database = write_locations(folder / "cities.mmdb", everywhere)
    (default / "limits.conf").write_text(f"[iplocation]\ndb_path = {database}\n", encoding="utf-8")
    metadata = folder / "helping" / "metadata"
    metadata.mkdir()
    (metadata / "default.meta").write_text("[]\nexport = system\n", encoding="utf-8")
    return load_app(folder / "helping")


def model_tags(knowledge: Knowledge) -> set[str]:
    """Every tag that a data model asks for."""
    found: set[str] = set()
    for name in knowledge.data_model_names():
        for dataset in knowledge.data_model(name).datasets.values():
            found.update(re.findall(r"\btag=\"?(\w+)", " ".join([dataset.base_search, *dataset.constraints])))
    return found


def store_for(plans: Iterable[Plan], knowledge: Knowledge) -> Store:
    """Events for all the searches, and the samples of the add-ons' tests."""
    store = Store()
    rows: dict[str, list[dict[str, Value]]] = defaultdict(list)
    for plan in plans:
        for needs in asked_for(plan, knowledge):
            for variant in range(2):
                index, row = event(needs, plan.text, variant)
                rows[index].append(row)
    for index, events in rows.items():
        store.create_index(index)
        by_type: dict[Value, list[dict[str, Value]]] = defaultdict(list)
        for row in events:
            by_type[row["sourcetype"]].append(row)
        for same in by_type.values():
            store.append(index, sparse_frame(same))
    for path in sorted(SAMPLES.glob("*/sample.yml")):
        sample = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        metadata = Metadata("collector", sample["source"], sample["sourcetype"])
        frame = knowledge.index_time(sample["raw"].encode(), metadata, NOW).frame
        times = Column.from_values([NOW - 60.0 - next(_moments) % 3000 for _ in range(frame.length)])
        store.append("main", frame.with_columns({"_time": times}))
    return store


def sparse_frame(rows: list[dict[str, Value]]) -> Frame:
    """As ``Frame.from_rows``, for rows of which few have the same fields."""
    columns: dict[str, tuple[Encoder, Codes]] = {}
    for position, row in enumerate(rows):
        for name, value in row.items():
            if name not in columns:
                columns[name] = Encoder(), np.full(len(rows), NULL, dtype=np.int32)
            encoder, codes = columns[name]
            codes[position] = encoder.code(value)
    return Frame({name: Column(encoder.values, codes) for name, (encoder, codes) in columns.items()}, len(rows))


def asked_for(plan: Plan, knowledge: Knowledge) -> Iterator[Needs]:
    """What an event must have to be found by each command of the plan, subsearches included, that reads events."""
    for command in _commands(plan):
        if isinstance(command, Search) or (isinstance(command, TStats) and command.model is None):
            yield needs_of(command.node, knowledge)
        elif isinstance(command, TStats | From):
            model, _, node = command.name.partition(".") if isinstance(command, From) else (command.model, "", "")
            dataset = node or (command.dataset if isinstance(command, TStats) else None)
            if isinstance(command, TStats) or command.kind == "datamodel":
                own = needs_of(command.node, knowledge) if isinstance(command, TStats) else {}
                yield _of_model(str(model), dataset, own, knowledge)


def _commands(thing: Any) -> Iterator[Any]:
    if isinstance(thing, Search | TStats | From):
        yield thing
    if is_dataclass(thing) and not isinstance(thing, type):
        for each in fields(thing):
            if each.name != "source":
                yield from _commands(getattr(thing, each.name))
    elif isinstance(thing, tuple | list):
        for item in thing:
            yield from _commands(item)
    elif isinstance(thing, Mapping):
        yield from _commands(list(thing.values()))


def _of_model(model: str, node: str | None, own: Needs, knowledge: Knowledge) -> Needs:
    if model not in knowledge.data_model_names():
        return own
    found = knowledge.data_model(model)
    name = node.split(".")[-1] if node else found.roots[0].name
    needs: Needs = defaultdict(list)
    for dataset in found.chain(name):
        for text in (dataset.base_search.split("|")[0], *dataset.constraints):
            text = expand(text, knowledge.macros).replace("()", " ")
            _merge(needs, needs_of(parse_search_expression(text), knowledge))
    datasets = set(found.datasets)
    for name, values in own.items():
        parts = name.split(".")
        while len(parts) > 1 and parts[0] in datasets:
            parts = parts[1:]
        if name != "nodename":
            needs[".".join(parts)] = values
    return needs


def needs_of(node: SearchNode | None, knowledge: Knowledge) -> Needs:
    """Of alternatives the first that can be had; what must not be is left to chance."""
    needs: Needs = defaultdict(list)
    if isinstance(node, SearchAnd):
        for item in node.items:
            _merge(needs, needs_of(item, knowledge))
    elif isinstance(node, SearchOr):
        easy = [item for item in node.items if not (isinstance(item, Comparison) and item.field == "eventtype")]
        return needs_of((easy or node.items)[0], knowledge)
    elif isinstance(node, Comparison) and node.field == "eventtype":
        known = knowledge.eventtypes.get(node.value.text)
        return needs_of(None if known is None else known.node, knowledge)
    elif isinstance(node, Comparison):
        if node.operator in ("=", "<=", ">="):
            needs[node.field].append(_plain(node.value.text))
    elif isinstance(node, InList):
        needs[node.field].append(_plain(node.values[0].text))
    elif isinstance(node, Term):
        needs[""].append(_plain(node.value.text))
    elif isinstance(node, Directive):
        needs[node.field or ""].append(_plain(node.text))
    else:
        assert node is None or not isinstance(node, Subsearch) or node.pipeline
    return needs


def _merge(into: Needs, other: Needs) -> None:
    for name, values in other.items():
        into[name] += [value for value in values if value not in into[name]]


def _plain(pattern: str) -> str:
    return pattern.replace("*", "") or "5"


_moments = count()
_OTHERS: Final = ("7", "some text")


def event(needs: Needs, text: str, variant: int) -> tuple[str, dict[str, Value]]:
    """One event and its index. Of the fields of which nothing is asked, ``variant`` 0 has all, with a number, and 1
    every second, with a text."""
    names = dict.fromkeys(name for name in _WORD.findall(_QUOTED.sub(" ", text)) if name not in _OWN)
    given = names if variant == 0 else list(names)[::2]
    row: dict[str, Value] = dict.fromkeys(given, _OTHERS[variant])
    row |= {name: " ".join(values) for name, values in needs.items() if name not in ("", "tag")}
    row[_WANTED] = tuple(needs.get("tag", ())) or None
    row.setdefault("sourcetype", "generated")
    row.setdefault("source", "generated")
    row.setdefault("host", f"host-{variant}")
    row["_time"] = NOW - 60.0 - next(_moments) % 3000
    row["_raw"] = " ".join(needs.get("", ())) or "nothing"
    index = row.pop("index", None)
    return (index if isinstance(index, str) else "main"), row
