"""``harness gate``: the release decision for what changed since a revision."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from harness.cli.backends import app_option, locator_options, read_content, root_option
from harness.cli.common import read_record
from harness.cli.workers import staff_for
from harness.errors import ContentError, ExitCode, FilePlace, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.content import Content
    from harness.gate.policy import Policy
    from harness.gate.rules import Case
    from harness.runner.record import RunRecord
    from harness.runner.setup import Setup


@click.command("gate")
@click.option("--base", required=True, metavar="REV", help="The revision to compare with: what was released last.")
@click.option(
    "--record",
    "records",
    multiple=True,
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="A run record as evidence (test --report json=FILE). May be given several times. "
    "What none of them tests on the embedded Splunk is tested now.",
)
@click.option(
    "--policy", "policy_file", metavar="FILE", type=click.Path(path_type=Path), help="Default: ROOT/gate.yml."
)
@click.option("--manifest", metavar="FILE", type=click.Path(path_type=Path), help="Write the release manifest.")
@app_option
@root_option
@locator_options
def command(
    base: str,
    records: tuple[Path, ...],
    policy_file: Path | None,
    manifest: Path | None,
    apps: tuple[Path, ...],
    root: Path | None,
    data_root: Path | None,
    offline: bool,
) -> int:
    """Decide whether the detections that changed since a revision may be released, and say why not."""
    from harness.content.history import changed_paths, commit_of
    from harness.gate.cases import build_cases
    from harness.gate.decision import decide
    from harness.gate.manifest import Revisions, render
    from harness.gate.text import lines
    from harness.replay.download import Downloads
    from harness.runner.dependencies import Dependencies, changed_since
    from harness.runner.setup import Setup

    moment = datetime.now(UTC)
    content = read_content((), root)
    _refuse_broken(content)
    policy = _policy(content.root, policy_file)
    evidence = [read_record(path) for path in records]
    changed = changed_since(content, base, data_root)
    dependencies = Dependencies(content, data_root)
    cases = build_cases(dependencies, changed, evidence, policy, moment.date())
    untested = [case for case in cases if _lacks_embedded(case)]
    if untested:
        setup = Setup(content, apps=apps, downloads=Downloads(offline=offline), data_root=data_root)
        evidence.append(_test(setup, untested, policy))
        cases = build_cases(dependencies, changed, evidence, policy, moment.date())
    release = decide(cases, policy)
    for line in lines(release, base):
        click.echo(line)
    if manifest is not None:
        revisions = Revisions(
            commit_of(content.root, base), commit_of(content.root, "HEAD"), not changed_paths(content.root, "HEAD")
        )
        _write_manifest(manifest, render(release, policy, revisions, moment))
    if release.released:
        return ExitCode.OK
    undecided = all(decision.released or decision.undecided for decision in release.decisions)
    return ExitCode.UNDECIDED if undecided else ExitCode.FAILED


def _policy(root: Path, file: Path | None) -> Policy:
    from harness.gate.policy import FILE_NAME, Policy, read_policy
    from harness.gate.rules import RULES

    path = file if file is not None else root / FILE_NAME
    if file is None and not path.exists():
        return Policy()
    return read_policy(path, frozenset(RULES))


def _refuse_broken(content: Content) -> None:
    """A file that should hold a detection and cannot be read could hide any change."""
    from harness.runner.plan import broken_files

    for problems in broken_files(content).values():
        raise ContentError(problems[0].message, where=FilePlace(problems[0].file, problems[0].line))


def _lacks_embedded(case: Case) -> bool:
    """Whether a required level was not tested on the embedded Splunk, with the content as it is."""
    from harness.backends.choice import EMBEDDED

    if EMBEDDED not in case.policy.backends:
        return False
    found = case.evidence.get(EMBEDDED)
    there = {result.level for result in found.results} if found is not None and found.current else set()
    return not there.issuperset(case.levels)


def _test(setup: Setup, cases: Sequence[Case], policy: Policy) -> RunRecord:
    """Test the detections of the cases as ``harness test`` does."""
    from dataclasses import replace

    from harness.cli.progress import follow
    from harness.runner.plan import plan_run
    from harness.runner.run import run

    detections = tuple(case.after for case in cases if case.after is not None)
    plan = plan_run(
        replace(setup.content, detections=detections, problems=()), levels=policy.levels, data_root=setup.data_root
    )
    setup = replace(
        setup, indexes=tuple(sorted({data.index for test in plan for data in test.all_data() if data.index}))
    )
    tools = setup.tools()
    return follow(run(plan, tools, workers=staff_for(setup, tools, plan, None)), quiet=True, verbose=False)


def _write_manifest(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"the manifest cannot be written: {error.strerror}", where=FilePlace(path)) from error
