"""Every search of the recorded catalogue is read, and what is printed of it reads back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import pytest

from harness.errors import SPLError
from harness.spl.arguments import Arguments, string
from harness.spl.eval_expression import parse_eval
from harness.spl.macros import expand
from harness.spl.nodes import Aggregation, Command, Pipeline
from harness.spl.parser import parse_pipeline
from harness.spl.printer import to_text
from harness.spl.search_expression import parse_search_expression
from tests.corpus import macros, require_corpus, searches

Tree: TypeAlias = Any
"""An eval expression, a search expression or an aggregation."""

pytestmark = pytest.mark.corpus

NOT_READ = {
    "abnormally_high_aws_instances_launched_by_user.yml": "'relative_time(' without a blank",
    "abnormally_high_aws_instances_terminated_by_user.yml": "'relative_time(' without a blank",
    "detection_of_dns_tunnels.yml": "a macro 'cim_corporate_web_domain_search(1)' that cannot be found",
    "excessive_dns_failures.yml": "a macro 'get_asset(1)' that cannot be found",
}
"""Searches that are not read, and what is said of them: macros of other apps, and a function where the search command
knows none. ``tests/catalogue/exceptions.yml`` gives the reasons."""


def read(text: str) -> tuple[Pipeline, list[tuple[Command, Tree]]]:
    """A search as written, and the trees among its commands' arguments."""
    pipeline = parse_pipeline(expand(text, macros()))
    return pipeline, [(command, tree) for command in pipeline.commands for tree in arguments_of(command)]


def arguments_of(command: Command) -> list[Tree]:
    """The trees among a command's arguments."""
    arguments = Arguments(command)
    reader = READERS.get(command.name)
    return [] if reader is None else [node for node in reader(arguments) if node is not None]


def _eval(arguments: Arguments) -> list[Any]:
    found = []
    while not arguments.at_end:
        arguments.field_name()
        assert arguments.accept("=")
        found.append(arguments.expression())
        arguments.accept(",")
    return found


def _where(arguments: Arguments) -> list[Any]:
    return [arguments.expression()]


def _search(arguments: Arguments) -> list[Any]:
    return [arguments.search_expression()]


def _stats(arguments: Arguments) -> list[Any]:
    arguments.options(dict.fromkeys(("window", "current", "allnum", "global"), string))
    found: list[Any] = arguments.aggregations()
    assert found
    arguments.by_clause()
    arguments.expect_end()
    return found


def _tstats(arguments: Arguments) -> list[Any]:
    arguments.options(dict.fromkeys(("summariesonly", "allow_old_summaries", "fillnull_value"), string))
    found: list[Any] = arguments.aggregations()
    if arguments.accept_keyword("FROM"):
        arguments.options({"datamodel": string, "nodename": string})
    if arguments.accept_keyword("WHERE"):
        found.append(arguments.search_expression(stops=("BY", "GROUPBY")))
    if arguments.accept_keyword("BY", "GROUPBY"):
        while not arguments.at_end:
            assert arguments.field_list() or arguments.options({"span": string})
    arguments.expect_end()
    return found


def _rename(arguments: Arguments) -> list[Any]:
    while not arguments.at_end:
        arguments.field_name()
        assert arguments.accept_keyword("AS")
        arguments.field_name()
        arguments.accept(",")
    return []


READERS: dict[str, Callable[[Arguments], list[Any]]] = {
    "eval": _eval,
    "where": _where,
    "search": _search,
    "stats": _stats,
    "eventstats": _stats,
    "streamstats": _stats,
    "tstats": _tstats,
    "rename": _rename,
}


@pytest.fixture(autouse=True)
def _corpus() -> None:
    require_corpus()


def test_every_search_is_read() -> None:
    refused: dict[str, str] = {}
    for search in searches():
        try:
            read(search.search)
        except SPLError as error:
            refused[search.file.rpartition("/")[2]] = error.message
    assert refused.keys() == NOT_READ.keys()
    for file, message in refused.items():
        assert NOT_READ[file] in message


def test_what_is_printed_reads_back() -> None:
    for search in searches():
        if search.file.rpartition("/")[2] in NOT_READ:
            continue
        pipeline, trees = read(search.search)
        assert parse_pipeline(to_text(pipeline)) == pipeline
        for command, tree in trees:
            if isinstance(tree, Aggregation):
                again: Any = Arguments(parse_pipeline(f"| stats {to_text(tree)}").commands[0]).aggregations()[0]
            elif command.name in ("eval", "where"):
                again = parse_eval(to_text(tree))
            else:
                again = parse_search_expression(to_text(tree))
            assert again == tree
