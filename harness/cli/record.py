"""``harness record``: a Splunk's answers as conformance pages."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harness.cli.containers import container_options, say, settings_of
from harness.cli.datasets import Given, WithDatasets, data_options, described, given_datasets
from harness.errors import ExitCode, FilePlace, UsageError
from harness.wording import counted

if TYPE_CHECKING:
    from harness.backends.base import Backend
    from harness.content.pages import Case
    from harness.runner.recording import Answer


@click.command("record", cls=WithDatasets)
@click.argument("pages", nargs=-1, metavar="PAGE...", type=click.Path(path_type=Path))
@click.option("--spl", metavar="SEARCH", help="Record this search, over the --data, on a new page.")
@data_options
@click.option("--backend", required=True, metavar="docker|URL", help="The Splunk to ask.")
@click.option(
    "--out",
    required=True,
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where the pages are written.",
)
@container_options
@click.pass_context
def command(
    ctx: click.Context, /, pages: tuple[Path, ...], spl: str | None, backend: str, out: Path, **container: Any
) -> int:
    """Ask a Splunk what conformance pages ask and write the pages with its answers, its version and the date.

    A PAGE is a Markdown page or a folder of them. Each case that is answered otherwise than its page says is told.
    """
    from harness.content.pages import page_cases
    from harness.runner.recording import evidence_of, record, rewrite, started

    if bool(pages) == (spl is not None):
        raise UsageError("give conformance pages, or one search with --spl")
    given = given_datasets(ctx)
    if given and spl is None:
        raise UsageError("--data is for --spl: a page has its own data")
    texts = _texts(pages) if spl is None else {_name_of(spl): _page_of(spl, given)}
    cases = {name: page_cases(text, name) for name, text in texts.items()}
    _check_cases(cases)
    answers: dict[str, list[Answer]] = {}
    opened = _backend(backend, container)
    with started(opened) as info:
        for name, asked in cases.items():
            answers[name] = record(asked, opened, _tell if spl is None else lambda answer: None)
    if spl is not None:
        _check_answered(answers)
    evidence = evidence_of(info, datetime.now(UTC).date())
    for name, text in texts.items():
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(rewrite(text, answers[name], evidence), encoding="utf-8")
    return _summary([answer for found in answers.values() for answer in found], out, info.release, new=spl is not None)


def _check_answered(answers: dict[str, list[Answer]]) -> None:
    for found in answers.values():
        for answer in found:
            if answer.blocks is None:
                raise UsageError(answer.skipped or answer.difference[0])


def _summary(answers: list[Answer], out: Path, version: str, *, new: bool) -> ExitCode:
    skipped = sum(bool(answer.skipped) for answer in answers)
    differ = 0 if new else sum(bool(answer.difference) for answer in answers)
    asked = len(answers) - skipped
    if new:
        click.echo(f"recorded on Splunk {version} in {out / answers[0].case.page}")
        return ExitCode.OK
    click.echo(
        f"{counted(asked, 'case')} asked on Splunk {version}, the pages are in {out}: "
        f"{asked - differ} as their pages say, {differ} different, {skipped} skipped"
    )
    if differ:
        return ExitCode.FAILED
    return ExitCode.OK if asked else ExitCode.UNDECIDED


def _tell(answer: Answer) -> None:
    if answer.skipped:
        click.echo(f"skipped   {answer.case.id}: {answer.skipped}")
    if answer.difference:
        click.echo(f"different {answer.case.id}")
        for line in answer.difference:
            click.echo(f"    {line}")


def _texts(pages: tuple[Path, ...]) -> dict[str, str]:
    """The pages by their path below the folder that was named."""
    found: dict[str, str] = {}
    for given in pages:
        for path in sorted(given.rglob("*.md")) if given.is_dir() else [given]:
            name = path.relative_to(given).as_posix() if given.is_dir() else path.name
            if name in found:
                raise UsageError(f"two pages would be written as {name}", where=FilePlace(path))
            try:
                found[name] = path.read_text(encoding="utf-8")
            except OSError as error:
                raise UsageError(f"cannot be read: {error.strerror}", where=FilePlace(path)) from error
            except UnicodeDecodeError as error:
                raise UsageError(f"is not UTF-8: {error.reason}", where=FilePlace(path)) from error
    return found


def _check_cases(cases: dict[str, list[Case]]) -> None:
    if not any(cases.values()):
        raise UsageError("there is no case on these pages", hint="a case is a ## heading with a block `spl`")


def _name_of(spl: str) -> str:
    return f"{re.sub(r'[^a-z0-9]+', '_', spl.lower()).strip('_')[:60] or 'search'}.md"


def _page_of(spl: str, datasets: list[Given]) -> str:
    """A page with one case, that expects nothing yet."""
    from harness.content.pages import block_text
    from harness.replay.payload import read_payloads

    parts = [f"# {' '.join(spl.split())}", "## As answered", "Evidence: reasoned"]
    for given in datasets:
        path = Path(given.data)
        for payload in read_payloads(path, sourcetype=given.sourcetype):
            said = described(given, path, payload)
            try:
                text = payload.data.decode("utf-8").rstrip("\n")
            except UnicodeDecodeError as error:
                raise UsageError(f"a page holds text only: {error}", where=FilePlace(path)) from error
            options = {"sourcetype": said.sourcetype, "source": said.source, "host": said.host}
            info = " ".join(["raw", *(f'{name}="{value}"' for name, value in options.items() if value)])
            parts.append(block_text(info, text).rstrip("\n"))
    parts += [block_text("spl", spl.strip()).rstrip("\n"), block_text("results", "").rstrip("\n")]
    return "\n\n".join(parts) + "\n"


def _backend(name: str, container: dict[str, Any]) -> Backend:
    from harness.backends.choice import DOCKER, EMBEDDED, InContainer, make_backend
    from harness.backends.remote import RemoteBackend
    from harness.knowledge.knowledge import Knowledge
    from harness.runner.recording import APP

    if name == EMBEDDED:
        raise UsageError("the embedded Splunk is what pages are held against", hint="name a Splunk: https://host:8089")
    if name == DOCKER:
        return make_backend(name, lambda: Knowledge([]), (), (), InContainer(settings_of(**container), None, say))
    return RemoteBackend(name, app=APP)
