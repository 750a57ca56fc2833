"""``harness replay``: send datasets to a Splunk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli.backends import locator_options
from harness.cli.datasets import Given, described
from harness.errors import ExitCode, UsageError
from harness.wording import counted

if TYPE_CHECKING:
    from harness.client.hec import Target
    from harness.replay.locate import Locator


@click.command("replay")
@click.argument("datasets", nargs=-1, required=True, metavar="DATASET...")
@click.option("--backend", "url", required=True, metavar="URL", help="The Splunk: https://host:8089.")
@click.option("--index", default="main", show_default=True, help="The index the data goes to.")
@click.option("--sourcetype", default="", help="The source type; a dataset .yml names its own.")
@click.option("--source", default="", help="The source; a dataset .yml names its own.")
@click.option("--host", default="harness", show_default=True, help="The host the data is sent as.")
@locator_options
def command(
    datasets: tuple[str, ...],
    url: str,
    index: str,
    sourcetype: str,
    source: str,
    host: str,
    data_root: Path | None,
    offline: bool,
) -> int:
    """Send datasets to a Splunk and say how many events it indexed.

    A DATASET is a log, an .evtx, a dataset .yml, or a URL of one. HARNESS_USERNAME and HARNESS_PASSWORD, or
    HARNESS_TOKEN, log in; HARNESS_HEC_TOKEN names a token of the event collector, else one is made for the while.
    """
    from harness.backends.remote import RemoteBackend
    from harness.replay.download import Downloads
    from harness.replay.locate import Locator

    if url == "embedded":
        raise UsageError("the embedded Splunk ends with this command", hint="start harness serve and name its address")
    locator = Locator(Path.cwd(), Downloads(offline=offline), data_root)
    defaults = Given("", sourcetype, source, index, host)
    parts = [part for data in datasets for part in _read(data, defaults, locator)]
    backend = RemoteBackend(url)
    backend.start()
    with backend.collector(index) as hec:
        for part in parts:
            before = backend.count_events(part.target)
            hec.send_raw(part.data, part.target)
            events = backend.wait_for_events(part.target, before) - before
            click.echo(
                f"{part.name}: {counted(events, 'event')} in index {part.target.index} as {part.target.sourcetype}"
            )
    return ExitCode.OK


@dataclass(frozen=True, slots=True)
class _Part:
    name: str
    data: bytes
    target: Target


def _read(data: str, defaults: Given, locator: Locator) -> Iterator[_Part]:
    """The payloads of one dataset, read before the first is sent."""
    from dataclasses import replace

    from harness.client.hec import Target
    from harness.replay.manifest import read_manifest
    from harness.replay.payload import read_payloads

    path = locator.find(data)
    if path.suffix.lower() in {".yml", ".yaml"}:
        wanted = [
            (
                locator.find(item.data, mentioned_in=path),
                replace(
                    defaults,
                    data=item.data,
                    source=defaults.source or item.source,
                    sourcetype=defaults.sourcetype or item.sourcetype,
                    index=item.index or defaults.index,
                ),
            )
            for item in read_manifest(path)
        ]
    else:
        wanted = [(path, replace(defaults, data=data))]
    for file, given in wanted:
        for payload in read_payloads(file, sourcetype=given.sourcetype):
            said = described(given, file, payload)
            yield _Part(file.name, payload.data, Target(said.source, said.sourcetype, said.index, said.host))
