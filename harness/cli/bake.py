"""``harness bake``: an image with the apps installed already."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from harness.cli.backends import app_option
from harness.cli.containers import container_options, say, settings_of
from harness.errors import ExitCode


@click.command("bake")
@click.argument("tag", metavar="TAG")
@container_options
@app_option
def command(tag: str, apps: tuple[Path, ...], **options: Any) -> int:
    """Make the image TAG from another by starting it once with all apps and keeping what it has installed.

    A container of TAG has nothing left to install when it starts: name it with --image, without --app.
    """
    from harness.containers.bake import bake

    bake(settings_of(**options), apps, tag, say)
    click.echo(f"{tag} is ready: harness test --backend docker --image {tag}")
    return ExitCode.OK
