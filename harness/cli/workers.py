"""``--workers N|auto``: how many processes run tests at a time."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from harness.cli.containers import say
from harness.errors import UsageError

if TYPE_CHECKING:
    from harness.runner.draft import Tools
    from harness.runner.setup import Setup
    from harness.runner.subject import PlannedTest
    from harness.runner.work import Workers

TESTS_PER_WORKER = 10
"""``auto`` starts a worker for this many tests: with fewer, starting it takes longer than what it saves."""

Command = TypeVar("Command", bound=Callable[..., Any])


class WorkerCount(click.ParamType["int | None"]):
    """A number, or ``auto`` (None)."""

    name = "workers"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int | None:
        text = str(value)
        if text == "auto":
            return None
        if not text.isdecimal() or not int(text):
            self.fail(f"{text!r} is neither auto nor a number from 1", param, ctx)
        return int(text)


def workers_option(function: Command) -> Command:
    return click.option(
        "--workers",
        type=WorkerCount(),
        default="auto",
        show_default=True,
        metavar="N|auto",
        help="How many tests run at a time, each in a process, a container or on a server of its own; auto: as many as "
        "there are processors or servers, and one where there is little to do.",
    )(function)


def cluster_option(function: Command) -> Command:
    return click.option(
        "--cluster",
        metavar="ADDRESS",
        help="A Dask scheduler, as tcp://host:8786: its workers run the tests, each on an embedded Splunk of its own. "
        "Needs pip install 'harness[cluster]'.",
    )(function)


def staff_for(
    setup: Setup, tools: Tools, plan: Sequence[PlannedTest], wanted: int | None, cluster: str | None = None
) -> Workers | None:
    """The workers to run a plan, ``tools`` the first one's; None where this process does it alone."""
    from harness.backends.choice import DOCKER, EMBEDDED, urls_of
    from harness.runner.servers import Servers

    tests = sum(test.needs_backend for test in plan)
    if not tests:
        return None
    if cluster is not None:
        if setup.backend != EMBEDDED:
            raise UsageError("--cluster runs tests on embedded Splunks", hint="leave --backend out")
        from harness.runner.cluster import Cluster

        return Cluster(setup, cluster)
    if setup.backend == DOCKER:
        return Servers([tools, *(setup.tools(member, say) for member in range(1, wanted or 1))], say)
    if setup.backend != EMBEDDED:
        servers = len(urls_of(setup.backend))
        if servers > 1 and os.environ.get("HARNESS_HEC_URL"):
            raise UsageError(
                "HARNESS_HEC_URL is one event collector, and there are several servers",
                hint="leave it out: each server is asked for its own",
            )
        if wanted is not None and wanted > servers:
            raise UsageError(
                f"--workers {wanted} needs {wanted} servers: tests on one server would see each other's data",
                hint="name several servers, as --backend URL,URL, or leave --workers out",
            )
        count = min(wanted or servers, servers)
        return Servers([tools, *(setup.tools(member) for member in range(1, count))], say)
    count = min(_processors(), tests // TESTS_PER_WORKER) if wanted is None else min(wanted, max(tests, 1))
    if count <= 1:
        return None
    from harness.runner.processes import Processes

    return Processes(setup, count)


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
