"""How commands are found: by the name of their file."""

from __future__ import annotations

import pytest

from harness.engine.commands import ALIASES, SPLUNK_COMMANDS, find, module_names
from harness.errors import SPLSyntaxError, UnsupportedSPL


@pytest.mark.parametrize("name", sorted(module_names()))
def test_a_command_is_called_like_its_file(name: str) -> None:
    assert find(name).names[0] == name
    assert name in SPLUNK_COMMANDS


@pytest.mark.parametrize("name", sorted(module_names()))
def test_a_commands_other_names_lead_to_it(name: str) -> None:
    for other in find(name).names[1:]:
        assert ALIASES[other] == name
        assert find(other) is find(name)


def test_a_name_that_splunk_does_not_know_either() -> None:
    with pytest.raises(SPLSyntaxError, match=r"^Unknown search command 'frobnicate'\.$"):
        find("frobnicate")


def test_a_name_that_only_splunk_knows() -> None:
    with pytest.raises(UnsupportedSPL, match="The 'anomalies' command is not supported"):
        find("anomalies")


def test_names_are_found_in_any_case() -> None:
    assert find("STATS") is find("stats")
