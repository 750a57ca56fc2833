"""``harness down``: removes containers that harness has started."""

from __future__ import annotations

import click

from harness.errors import ExitCode, UsageError


@click.command("down")
@click.argument("names", nargs=-1, metavar="[NAME]...")
def command(names: tuple[str, ...]) -> int:
    """Remove the containers of that NAME with their data; without a NAME all that were kept or left by killed runs.

    Containers of a run that is going on are removed by their name only.
    """
    from harness.containers.container import find
    from harness.containers.engine import engine

    with engine() as client:
        found = {container.name: container for container in find(client)}
        for name in names:
            if name not in found:
                raise UsageError(f"harness has no container {name}", hint="harness list shows which it has")
        chosen = [found[name] for name in names] or [item for item in found.values() if item.kept or item.orphaned]
        for container in chosen:
            container.remove()
            click.echo(f"removed {container.name}")
        if not chosen:
            click.echo("nothing to remove")
    return ExitCode.OK
