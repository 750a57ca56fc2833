"""``harness validate``: the static rules only."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli.backends import app_option, load_knowledge, read_content, root_option
from harness.errors import ExitCode, FilePlace, UsageError
from harness.wording import counted

if TYPE_CHECKING:
    from harness.content import Content, Problem

FORMATS = ("json", "sarif")


@click.command("validate")
@click.argument("paths", nargs=-1, metavar="[PATH]...", type=click.Path(path_type=Path))
@app_option
@root_option
@click.option(
    "--report",
    "reports",
    multiple=True,
    metavar="FORMAT=FILE",
    help=f"Write the findings as {' or '.join(FORMATS)}. May be given several times.",
)
@click.option(
    "--github/--no-github",
    default=lambda: os.environ.get("GITHUB_ACTIONS") == "true",
    help="Print findings as annotations of GitHub Actions; there it is the default.",
)
@click.option("--explain", metavar="RULE", help="Print the page of a rule, and check nothing.")
@click.option("--rules", is_flag=True, help="List the rules, and check nothing.")
@click.option("-q", "--quiet", is_flag=True, help="Print the summary only.")
def command(
    paths: tuple[Path, ...],
    apps: tuple[Path, ...],
    root: Path | None,
    reports: tuple[str, ...],
    github: bool,
    explain: str | None,
    rules: bool,
    quiet: bool,
) -> int:
    """Check the detections under PATH (default: all of the content) by the static rules.

    A rule can be switched off in a detection, with a reason: harness: {ignore: {rule-id: reason}}.
    """
    from harness.validation import pages
    from harness.validation.findings import as_annotation
    from harness.validation.validate import validate

    if explain is not None:
        click.echo(pages.page(explain), nl=False)
        return ExitCode.OK
    if rules:
        for name in pages.rule_ids():
            click.echo(f"{name}: {pages.summary_of(name)}")
        return ExitCode.OK
    files = [_report(text) for text in reports]
    content = read_content(paths, root)
    if not content.detections and not content.problems:
        raise UsageError("no detection is there", where=FilePlace(paths[0] if paths else content.root))
    problems = validate(content, load_knowledge(apps, content))
    for problem in () if quiet else problems:
        click.echo(as_annotation(problem, content.root) if github else str(problem))
    errors = sum(problem.severity == "error" for problem in problems)
    numbers = {"detection": len(content.detections), "error": errors, "warning": len(problems) - errors}
    click.echo(", ".join(counted(number, noun) for noun, number in numbers.items()))
    for form, file in files:
        _write(form, problems, content, file)
    return _code(problems, content)


def _code(problems: list[Problem], content: Content) -> ExitCode:
    """As for tests: what is wrong outweighs what nobody can read, and that outweighs what we cannot decide."""
    from harness.runner.plan import broken_files
    from harness.runner.rules import UNSUPPORTED

    broken = broken_files(content)
    errors = [problem for problem in problems if problem.severity == "error" and problem.file not in broken]
    if any(problem.rule != UNSUPPORTED for problem in errors):
        return ExitCode.FAILED
    if broken:
        return ExitCode.USAGE
    return ExitCode.UNDECIDED if errors else ExitCode.OK


def _report(text: str) -> tuple[str, Path]:
    form, _, file = text.partition("=")
    if form not in FORMATS or not file:
        raise UsageError(f"{text!r} is not FORMAT=FILE", hint=f"the formats of findings are {' and '.join(FORMATS)}")
    return form, Path(file)


def _write(form: str, problems: list[Problem], content: Content, path: Path) -> None:
    from harness.validation import findings

    document = (findings.as_sarif if form == "sarif" else findings.as_json)(problems, content.root)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(document)
    except OSError as error:
        raise UsageError(f"the report cannot be written: {error.strerror}", where=FilePlace(path)) from error
