"""``harness version``: the version, and how far the engine is held to a real Splunk."""

from __future__ import annotations

import click

from harness import __version__


@click.command("version")
@click.option("--fidelity", "with_fidelity", is_flag=True, help="Say what the embedded engine's tests rest on.")
def command(with_fidelity: bool) -> int:
    """Print the version; with --fidelity also how many tests of the embedded engine rest on recorded Splunk output, on
    documentation and on reasoning, and what is known to differ."""
    click.echo(f"harness {__version__}")
    if with_fidelity:
        _print_fidelity()
    return 0


def _print_fidelity() -> None:
    from harness.fidelity import fidelity, fidelity_hash

    found = fidelity()
    kinds = list(next(iter(found["areas"].values())))
    width = max(map(len, found["areas"]))
    click.echo(f"fidelity {fidelity_hash()}\n")
    click.echo(f"{'tests of':{width}}  " + "  ".join(f"{kind:>8}" for kind in kinds))
    for area, counts in found["areas"].items():
        click.echo(f"{area:{width}}  " + "  ".join(f"{counts[kind]:8d}" for kind in kinds))
    answers = found["answers"]
    others = ", ".join(f"{count} {name}" for name, count in answers.items() if name != "held")
    click.echo(f"\nmeasured answers of real servers: {answers['held']} of {sum(answers.values())} held ({others})")
    for text in found["differs"]:
        click.echo(f"differs: {text}")
