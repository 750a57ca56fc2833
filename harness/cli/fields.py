"""``harness fields``: what Splunk extracts from a dataset, which data models see it, what a detection misses in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli.backends import app_option, load_content_if_any, load_knowledge, read_content, root_option
from harness.cli.datasets import Given, described
from harness.errors import ExitCode, FilePlace, UsageError

if TYPE_CHECKING:
    from harness.backends.base import Session
    from harness.client.answers import Row
    from harness.content import Content
    from harness.knowledge.knowledge import Knowledge

_INTERNAL = {"_bkt", "_cd", "_serial", "_si", "_sourcetype", "_indextime", "_subsecond", "_raw", "_time"}
_SAMPLE = 60


@dataclass(slots=True)
class _Field:
    events: int = 0
    values: Counter[str] = field(default_factory=Counter)


@click.command("fields")
@click.argument("dataset")
@click.option("--sourcetype", default="", help="The source type; an .evtx file is XmlWinEventLog.")
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
@click.option(
    "--data-root", metavar="DIR", type=click.Path(path_type=Path), help="Where the dataset is looked for first."
)
@click.option("--offline", is_flag=True, help="Never download.")
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
    """Show the fields that are extracted from a dataset, and the data models that its events are in."""
    from harness.backends.embedded import EmbeddedBackend
    from harness.client.hec import Target
    from harness.replay.download import Downloads
    from harness.replay.locate import Locator
    from harness.replay.payload import read_payloads

    content = read_content([detection], root) if detection else load_content_if_any(root)
    path = Locator(Path.cwd(), Downloads(offline=offline), data_root).find(dataset)
    given = Given(dataset, sourcetype, source)
    payloads = [(described(given, path, payload.channel), payload.data) for payload in read_payloads(path)]
    knowledge = load_knowledge(apps, content)
    backend = EmbeddedBackend(lambda: knowledge)
    backend.start()
    with backend.session() as session:
        for said, data in payloads:
            session.hec.send_raw(data, Target(said.source, said.sourcetype, session.index, session.host))
        rows = session.client.search("search index=* | fields *").rows
        models = _models(session, knowledge)
    found = _summary(rows)
    _print_fields(found, len(rows))
    _print_models(models, knowledge, found)
    if detection and content:
        _print_missing(content, detection, found, len(rows))
    return ExitCode.OK


def _summary(rows: Sequence[Row]) -> dict[str, _Field]:
    found: dict[str, _Field] = {}
    for row in rows:
        for name, value in row.items():
            if name not in _INTERNAL:
                entry = found.setdefault(name, _Field())
                entry.events += 1
                entry.values.update([value] if isinstance(value, str) else value)
    return dict(sorted(found.items()))


def _models(session: Session, knowledge: Knowledge) -> dict[str, int]:
    """Events in each dataset of each data model, those with none left out."""
    from harness.errors import SPLError

    counts: dict[str, int] = {}
    for model in knowledge.data_model_names():
        for name in knowledge.data_model(model).datasets:
            try:
                rows = session.client.ask(f"| tstats count from datamodel={model}.{name}")
            except SPLError as error:
                click.echo(f"{model}.{name}: {error.message}", err=True)
                continue
            if rows and (count := int(str(rows[0]["count"]))):
                counts[f"{model}.{name}"] = count
    return counts


def _print_fields(found: Mapping[str, _Field], events: int) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table("Field", "Events", "Distinct", "Most frequent value", box=box.SIMPLE_HEAD, pad_edge=False)
    for name, entry in found.items():
        value, _ = entry.values.most_common(1)[0]
        sample = " ".join(value.split())
        shown = sample if len(sample) <= _SAMPLE else f"{sample[:_SAMPLE]}…"
        table.add_row(Text(name), str(entry.events), str(len(entry.values)), Text(shown))
    _print(table)
    click.echo(f"{events} events\n")


def _print_models(models: Mapping[str, int], knowledge: Knowledge, found: Mapping[str, _Field]) -> None:
    from rich import box
    from rich.table import Table

    if not models:
        click.echo("The events are in no data model.")
        return
    table = Table("Data model", "Events", "Fields filled", "Fields empty", box=box.SIMPLE_HEAD, pad_edge=False)
    for name, count in models.items():
        model, _, dataset = name.partition(".")
        wanted = [item.name for part in knowledge.data_model(model).chain(dataset) for item in part.fields]
        filled = sorted({item for item in wanted if item in found})
        empty = sorted({item for item in wanted if item not in found})
        table.add_row(name, str(count), ", ".join(filled), ", ".join(empty))
    _print(table)


def _print_missing(content: Content, path: Path, found: Mapping[str, _Field], events: int) -> None:
    from harness.runner.needs import needs_of

    chosen = next((item for item in content.detections if item.file.resolve() == path.resolve()), None)
    if chosen is None:
        raise UsageError("not a detection that can be read", where=FilePlace(path))
    needs = needs_of(chosen, content)
    click.echo(f"{chosen.name} asks for {len(needs)} fields.")
    for name, use in needs.items():
        entry = found.get(name)
        if entry is None:
            click.echo(f"  missing: {name} ({use})")
        elif entry.events < events:
            click.echo(f"  in {entry.events} of {events} events: {name} ({use})")


def _print(table: object) -> None:
    from rich.console import Console

    from harness.cli.common import console_width

    Console(highlight=False, markup=False, width=console_width()).print(table)
