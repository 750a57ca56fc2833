"""``harness bench``: how fast the embedded Splunk is here, and against an earlier measurement."""

from __future__ import annotations

from pathlib import Path

import click

from harness.errors import ExitCode, FilePlace, UsageError


@click.command("bench")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--events", default=5000, show_default=True, type=click.IntRange(1, 1_000_000), help="How many events.")
@click.option(
    "--repeat", default=3, show_default=True, type=click.IntRange(1, 100), help="How often; the median counts."
)
@click.option("--json", "file", metavar="FILE", type=click.Path(path_type=Path), help="Write what was measured.")
@click.option("--against", metavar="FILE", type=click.Path(path_type=Path), help="Compare with what --json once wrote.")
def command(names: tuple[str, ...], events: int, repeat: int, file: Path | None, against: Path | None) -> int:
    """Measure the embedded Splunk: all of the suite, or the measurements named.

    Ratios are in units of a fixed piece of work timed beside each measurement: unlike seconds they can be compared
    between runs, if the number of events is the same.
    """
    import msgspec

    from harness.bench.suite import SUITE, Measured, measure

    for name in names:
        if name not in SUITE:
            raise UsageError(f"there is no measurement {name!r}", hint=f"There are {', '.join(SUITE)}.")
    before = _read(against, events) if against is not None else {}
    click.echo(f"{'':10}{'':>8} {'':9}{'seconds':>9}{'a second':>11}{'ratio':>8}{'against' if before else '':>9}")
    measured: list[Measured] = []
    for each in measure(names, events=events, repeat=repeat):
        measured.append(each)
        earlier = before.get(each.name)
        compared = f"{each.ratio / earlier:8.2f}x" if earlier else ""
        numbers = f"{each.seconds:9.3f}{each.rate:11,.0f}{each.ratio:8.2f}"
        click.echo(f"{each.name:10}{each.amount:8} {each.unit:9}{numbers}{compared}  {each.title}")
    if file is not None:
        _write(file, msgspec.json.encode({"events": events, "measured": measured}))
    return ExitCode.OK


def _read(path: Path, events: int) -> dict[str, float]:
    import msgspec

    try:
        document = msgspec.json.decode(path.read_bytes())
        before, of = {each["name"]: float(each["ratio"]) for each in document["measured"]}, document["events"]
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}", where=FilePlace(path)) from error
    except (msgspec.DecodeError, LookupError, TypeError, ValueError) as error:
        raise UsageError("is nothing that harness bench --json has written", where=FilePlace(path)) from error
    if of != events:
        raise UsageError(f"was measured over {of} events", where=FilePlace(path), hint=f"Say --events {of}.")
    return before


def _write(path: Path, text: bytes) -> None:
    try:
        path.write_bytes(text)
    except OSError as error:
        raise UsageError(f"cannot be written: {error.strerror}", where=FilePlace(path)) from error
