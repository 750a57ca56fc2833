"""``harness list``: the containers that harness has started."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from harness.cli.common import console_width
from harness.errors import BackendError, ExitCode

if TYPE_CHECKING:
    from harness.containers.container import SplunkContainer


@click.command("list")
def command() -> int:
    """List the containers that harness has started: kept ones, those of runs going on, those that killed runs left."""
    from rich.console import Console
    from rich.table import Table

    from harness.containers.container import find
    from harness.containers.engine import engine

    table = Table("Name", "Image", "State", "For", "REST API", box=None)
    with engine() as client:
        found = find(client)
        for container in found:
            table.add_row(container.name, container.image, container.status, _purpose(container), _url(container))
    if found:
        Console(highlight=False, width=console_width()).print(table)
    else:
        click.echo("no containers")
    return ExitCode.OK


def _purpose(container: SplunkContainer) -> str:
    if container.kept:
        return "kept"
    return "nobody: left by a run that is gone" if container.orphaned else "a run that is going on"


def _url(container: SplunkContainer) -> str:
    try:
        return container.address().rest_url
    except (BackendError, KeyError):  # it does not run, or was not made by this version
        return ""
