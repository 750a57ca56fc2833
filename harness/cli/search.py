"""``harness search``: run SPL over files, ad hoc."""

from __future__ import annotations

from pathlib import Path

import click

from harness.cli.backends import app_option, backend_option, open_backend, root_option, tell_data_warnings
from harness.cli.datasets import WithDatasets, data_options, described, given_datasets
from harness.cli.rows import FORMATS, print_rows
from harness.errors import ExitCode


@click.command("search", cls=WithDatasets)
@click.argument("spl")
@data_options
@click.option("--earliest", metavar="TIME", help="Only events from then on: -24h, @d, epoch seconds. Default: all.")
@click.option("--latest", metavar="TIME", help="Only events before then.")
@click.option("--output", type=click.Choice(FORMATS), help="Default: a table on a terminal, else JSON lines.")
@backend_option
@app_option
@root_option
@click.pass_context
def command(
    ctx: click.Context,
    spl: str,
    earliest: str | None,
    latest: str | None,
    output: str | None,
    backend: str,
    apps: tuple[Path, ...],
    root: Path | None,
) -> int:
    """Run SPL over files and print the rows.

    The macros and lookups of the content around the current folder (or --root) can be used.
    """
    from harness.client.hec import Target
    from harness.replay.payload import read_payloads

    payloads = [
        (described(given, Path(given.data), payload), payload.data)
        for given in given_datasets(ctx)
        for payload in read_payloads(Path(given.data), sourcetype=given.sourcetype)
    ]
    with (
        open_backend(backend, apps, root, [given.index for given, _ in payloads]) as opened,
        opened.session() as session,
    ):
        for given, data in payloads:
            if given.index:
                session.use_index(given.index)
            session.hec.send_raw(
                data, Target(given.source, given.sourcetype, given.index or session.index, given.host or session.host)
            )
        outcome = session.client.search(spl, earliest=earliest, latest=latest)
        tell_data_warnings(session)
    print_rows(outcome, output)
    return ExitCode.OK
