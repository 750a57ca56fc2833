"""``harness fields``: what Splunk extracts from a dataset, which data models see it, what a detection misses in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli.backends import (
    app_option,
    load_content_if_any,
    load_knowledge,
    locator_options,
    read_content,
    root_option,
    tell_app_warnings,
    tell_data_warnings,
)
from harness.cli.datasets import Given, described
from harness.errors import ExitCode, FilePlace, UsageError
from harness.wording import counted

if TYPE_CHECKING:
    from harness.backends.base import Session
    from harness.client.answers import Row
    from harness.content import Content
    from harness.knowledge.knowledge import Knowledge

_BOOKKEEPING = frozenset(
    (
        *("_bkt", "_cd", "_serial", "_si", "_sourcetype", "_indextime", "_subsecond", "_raw", "_time"),
        *("host", "source", "sourcetype", "index", "linecount", "punct", "splunk_server", "timestartpos", "timeendpos"),
        *("eventtype", "tag"),
    )
)
"""Fields that every event has, or that stand above the table."""

_ENRICHED = ("_bunit", "_category", "_priority", "_requires_av", "_should_timesync", "_should_update", "_is_expected")
"""Fields that assets and identities fill, not the data."""

_SAMPLE = 60
_EVENTTYPE = "eventtype"

_ANY_EVENT = frozenset(("err0r",))
"""Event types that say nothing of what an event is: whatever speaks of an error has this one."""


@dataclass(slots=True)
class _Field:
    events: int = 0
    values: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class _Kind:
    """The events that are of the same event types."""

    sourcetype: str
    eventtypes: tuple[str, ...]
    rows: list[Row] = field(default_factory=list)

    def fields(self) -> dict[str, _Field]:
        found: dict[str, _Field] = {}
        for row in self.rows:
            for name, value in row.items():
                if name not in _BOOKKEEPING and not name.startswith(("date_", "tag::")):
                    entry = found.setdefault(name, _Field())
                    entry.events += 1
                    entry.values.update([value] if isinstance(value, str) else value)
        return dict(sorted(found.items()))


@click.command("fields")
@click.argument("dataset")
@click.option("--sourcetype", default="", help="The source type; Windows events of .evtx or JSON are XmlWinEventLog.")
@click.option("--source", default="", help="The source; the file's name unless said otherwise.")
@click.option(
    "--for",
    "detection",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="A detection: say which of the fields it asks for the data lacks.",
)
@app_option
@root_option
@locator_options
def command(
    dataset: str,
    sourcetype: str,
    source: str,
    detection: Path | None,
    apps: tuple[Path, ...],
    root: Path | None,
    data_root: Path | None,
    offline: bool,
) -> int:
    """Show what is extracted from a dataset, for each event type: the fields, and the data models that see them."""
    from harness.backends.embedded import EmbeddedBackend
    from harness.client.hec import Target
    from harness.replay.download import Downloads
    from harness.replay.locate import Locator
    from harness.replay.payload import read_payloads

    content = read_content([detection], root) if detection else load_content_if_any(root)
    path = Locator(Path.cwd(), Downloads(offline=offline), data_root).find(dataset)
    given = Given(dataset, sourcetype, source)
    read = read_payloads(path, sourcetype=sourcetype)
    payloads = [(described(given, path, payload), payload.data) for payload in read]
    knowledge = load_knowledge(apps, content)
    tell_app_warnings(knowledge, apps)
    backend = EmbeddedBackend(lambda: knowledge)
    backend.start()
    with backend.session() as session:
        for said, data in payloads:
            session.hec.send_raw(data, Target(said.source, said.sourcetype, session.index, session.host))
        refused = session.refused_fields()
        without = "".join(f' | fields - "{name}"' for name in refused)
        rows = session.client.search(f"search index=* | fields *{without}").rows
        tell_data_warnings(session)
        _tell_doubtful(session, knowledge, rows)
        models = _Models(session, knowledge)
        kinds = _kinds(rows)
        click.echo(f"{path.name}: {counted(len(rows), 'event')} of {counted(len(kinds), 'kind')}")
        for kind in kinds:
            _print_kind(kind, models)
        if refused:
            _print_refused(refused)
        if detection and content:
            _print_missing(content, detection, knowledge, rows, models, refused)
    return ExitCode.OK


def _tell_doubtful(session: Session, knowledge: Knowledge, rows: Sequence[Row]) -> None:
    """Source types that may not be those of the data."""
    from harness.runner.explanation import unknown
    from harness.values.frame import Frame

    strange = unknown(session)
    for name in strange:
        click.echo(f"warning: no app has settings for the source type {name}: is its add-on missing?", err=True)
    read = ("_raw", "host", "source", "sourcetype")
    events = Frame.from_rows([{name: " ".join(_values(row, name)) for name in read} for row in rows], columns=read)
    for name in knowledge.unread(events):
        if name not in strange:
            rules = f"the rules of the source type {name} find no field in any of its events"
            click.echo(f"warning: {rules}: is it that of the data?", err=True)


def _kinds(rows: Sequence[Row]) -> list[_Kind]:
    """Most frequent first."""
    kinds: dict[tuple[str, tuple[str, ...]], _Kind] = {}
    for row in rows:
        sourcetype = _values(row, "sourcetype")[0]
        key = (sourcetype, tuple(name for name in _values(row, _EVENTTYPE) if name not in _ANY_EVENT))
        kinds.setdefault(key, _Kind(*key)).rows.append(row)
    return sorted(kinds.values(), key=lambda kind: -len(kind.rows))


def _values(row: Row, name: str) -> tuple[str, ...]:
    value = row.get(name)
    return () if value is None else (value,) if isinstance(value, str) else tuple(value)


def _event(row: Row) -> tuple[str, ...]:
    """What tells events apart whose fields differ: the same text of the same source has the same fields."""
    return tuple(str(row.get(name, "")) for name in ("_raw", "source", "sourcetype"))


@dataclass(frozen=True, slots=True)
class _Seen:
    """A dataset of a data model with the events that it has.

    ``fields`` are those that it adds to its parent, ``calculated`` those among them that the model makes.
    """

    name: str
    label: str
    events: frozenset[tuple[str, ...]]
    fields: tuple[str, ...]
    calculated: frozenset[str]


class _Models:
    """The datasets of data models that have events."""

    def __init__(self, session: Session, knowledge: Knowledge) -> None:
        from harness.errors import SPLError

        self.seen: list[_Seen] = []
        for model in knowledge.data_model_names():
            for name, dataset in knowledge.data_model(model).datasets.items():
                root = knowledge.data_model(model).chain(name)[0]
                if root.base_search.lstrip().startswith("|"):
                    continue  # its rows are made of a lookup, not of events
                try:
                    answer = session.client.ask(f"| tstats count from datamodel={model}.{name}")
                    if not answer or answer[0]["count"] == "0":
                        continue
                    found = session.client.search(f"| datamodel {model} {name} search | table _raw source sourcetype")
                except SPLError as error:
                    click.echo(f"warning: {model}.{name}: {error.message}", err=True)
                    continue
                calculated = {output.name for each in dataset.calculations for output in each.outputs}
                own = sorted({*(item.name for item in dataset.fields), *calculated} - _BOOKKEEPING)
                events = frozenset(map(_event, found.rows))
                self.seen.append(_Seen(name, f"{model}.{name}", events, tuple(own), frozenset(calculated)))

    def of(self, rows: Sequence[Row]) -> list[tuple[_Seen, int]]:
        """Each dataset that has some of these events, and how many."""
        own = [_event(row) for row in rows]
        counts = [(each, sum(event in each.events for event in own)) for each in self.seen]
        return [(each, count) for each, count in counts if count]


def _print_kind(kind: _Kind, models: _Models) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    found = kind.fields()
    tags = sorted({tag for row in kind.rows for tag in _values(row, "tag")})
    click.echo(
        f"\n{', '.join(kind.eventtypes) or 'no event type'}: {counted(len(kind.rows), 'event')} of {kind.sourcetype}"
    )
    if tags:
        click.echo(f"  tags: {', '.join(tags)}")
    seen = models.of(kind.rows)
    if not seen:
        click.echo("  in no data model")
    for dataset, count in seen:
        click.echo(f"  data model {dataset.label}: {counted(count, 'event')}")
        missing = [name for name in dataset.fields if name not in found]
        for title, names in (
            ("filled:", [name for name in dataset.fields if name in found]),
            ("made by the model:", [name for name in missing if name in dataset.calculated]),
            ("empty:", [name for name in missing if name not in dataset.calculated | _of_assets(missing)]),
        ):
            if names:
                click.echo(f"    {title} {', '.join(names)}")
    table = Table("Field", "Events", "Distinct", "Most frequent value", box=box.SIMPLE_HEAD, pad_edge=False)
    for name, entry in found.items():
        value, _ = entry.values.most_common(1)[0]
        sample = " ".join(value.split())
        shown = sample if len(sample) <= _SAMPLE else f"{sample[:_SAMPLE]}…"
        table.add_row(Text(name), str(entry.events), str(len(entry.values)), Text(shown))
    _print(table)


def _of_assets(names: Sequence[str]) -> set[str]:
    return {name for name in names if name.endswith(_ENRICHED)}


def _print_refused(refused: Mapping[str, str]) -> None:
    click.echo("\nNot told, and refused in a search that reads them:")
    for name, why in sorted(refused.items()):
        click.echo(f"  {name}: {why}")


def _print_missing(
    content: Content,
    path: Path,
    knowledge: Knowledge,
    rows: Sequence[Row],
    models: _Models,
    refused: Mapping[str, str],
) -> None:
    from harness.runner.needs import model_of, needs_of

    chosen = next((item for item in content.detections if item.file.resolve() == path.resolve()), None)
    if chosen is None:
        raise UsageError("not a detection that can be read", where=FilePlace(path))
    needs = needs_of(chosen, content, knowledge)
    model = model_of(chosen, content, knowledge)
    where, calculated = "", frozenset[str]()
    if model is not None:
        seen = next((each for each in models.seen if each.label == model), None)
        if seen is None:
            click.echo(f"\n{chosen.name} asks for {counted(len(needs), 'field')} of {model}, which has no event here.")
            return
        rows = [row for row in rows if _event(row) in seen.events]
        where, calculated = f" in {model}", seen.calculated
    have = Counter(name for row in rows for name in row)
    missing = {name: use for name, use in needs.items() if not have[name] and name not in refused}
    asked = f"{chosen.name} asks for {counted(len(needs), 'field')}"
    click.echo(f"\n{asked}, of which the data{where} lacks {len(missing)}.")
    for name, use in missing.items():
        click.echo(f"  missing: {name} ({use})" + ("; made by the model" if name in calculated else ""))
    for name, use in needs.items():
        if name in refused:
            click.echo(f"  not told: {name} ({use})")
        elif 0 < have[name] < len(rows):
            click.echo(f"  in {have[name]} of {counted(len(rows), 'event')}: {name} ({use})")


def _print(table: object) -> None:
    from rich.console import Console

    from harness.cli.common import console_width

    Console(highlight=False, markup=False, width=console_width()).print(table)
