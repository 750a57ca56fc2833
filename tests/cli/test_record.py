"""``harness record``: the pages that a Splunk's answers make, and where they differ from what stood there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from harness import __version__
from harness.client.address import parse_address
from harness.client.answers import ServerInfo
from harness.client.rest import SplunkClient
from harness.content.pages import page_cases
from harness.runner.recording import evidence_of
from harness.server.config import ServerConfig
from harness.server.server import Server
from tests.cli.command import Ended, harness
from tests.cli.test_existing_splunk import login_of
from tests.cli.test_serve import serving
from tests.conformance.runner import PAGES

Login = tuple[str, dict[str, str]]

PAGE = """\
# A page

Evidence: docs stats

## Groups

Text that stays.

```events
g=b n=1
g=a n=2
{"g": "b", "n": "3"}
```

```events sourcetype=other
g=a n=0
```

```macros
total(f) = sum($f$) as total
```

```spl
* | stats `total(n)` by g
```

```results
{"g":"a","total":2}
{"g":"b","total":4}
```

## Text

Evidence: reasoned

```raw sourcetype=things source=x.log
2026-01-02T10:00:00Z user=ann
2026-01-02T10:00:05Z user=bob
```

```spl
user=bob | table _raw
```

```results
{"_raw":"2026-01-02T10:00:05Z user=bob"}
```

## Refused

```spl
| makeresults | eval x=nope(1)
```

```error
nope
```

## A table

```lookup t
k,v
a,1
```

```spl
| inputlookup t
```

```results
{"k":"a","v":"1"}
```
"""


@pytest.fixture(scope="module")
def splunk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Login]:
    with serving(tmp_path_factory.mktemp("served")) as (_, told):
        yield login_of(told)


def record(splunk: Login, folder: Path, *arguments: str) -> Ended:
    url, login = splunk
    return harness("record", *arguments, "--backend", url, "--out", "out", cwd=folder, env=login)


def test_a_page_that_is_right_is_written_with_nothing_but_new_evidence(splunk: Login, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(PAGE)
    ended = record(splunk, tmp_path, "a.md")
    assert (ended.code, ended.err) == (0, ""), ended.out
    assert "skipped   a.md::A table: REST takes no lookup file from another machine" in ended.out
    assert "3 as their pages say, 0 different, 1 skipped" in ended.out
    text = (tmp_path / "out" / "a.md").read_text()
    new = [line for line in text.splitlines() if line not in PAGE.splitlines()]
    assert len(new) == 3
    assert set(new) == {f"Evidence: {page_cases(text, 'a.md')[0].evidence}"}
    assert page_cases(text, "a.md")[3].evidence == "docs stats", "it was not asked"
    again = record(splunk, tmp_path, "out/a.md")
    assert again.code == 0
    assert (tmp_path / "out" / "a.md").read_text() == text


def test_nothing_of_a_case_stays_on_the_server(splunk: Login, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(PAGE)
    client = SplunkClient(parse_address(*splunk))
    before = set(client.macros())
    record(splunk, tmp_path, "a.md")
    assert set(client.macros()) == before
    assert client.ask("| eventcount index=harness_* summarize=false | where count>0") == []


@pytest.mark.parametrize(
    ("right", "wrong", "told", "written"),
    [
        (
            '{"g":"b","total":4}',
            '{"g":"b","total":5}',
            'answered row 2: {"g":"b","total":"4"}',
            '{"g":"b","total":"4"}',
        ),
        ('{"g":"b","total":4}\n', "", "expected 1 rows, answered 2", '{"g":"b","total":"4"}'),
        ("```error\nnope\n", "```error\nnothing\n", "expected the error nothing", "unsupported or undefined"),
        ("```error\nnope\n", '```results\n{"x":"1"}\n', "answered the error ", "```error\n"),
        ("eval x=nope(1)", "eval x=1 | fields x", "answered 1 rows", '```results\n{"x":"1"}\n```'),
    ],
)
def test_an_answer_that_the_page_does_not_expect_is_told_and_written(
    splunk: Login, tmp_path: Path, right: str, wrong: str, told: str, written: str
) -> None:
    assert right in PAGE
    (tmp_path / "a.md").write_text(PAGE.replace(right, wrong))
    ended = record(splunk, tmp_path, "a.md")
    assert ended.code == 1
    assert "2 as their pages say, 1 different" in ended.out
    assert told in ended.out
    assert written in (tmp_path / "out" / "a.md").read_text()
    assert record(splunk, tmp_path, "out/a.md").code == 0, "what was recorded is what is answered"


def test_the_pages_of_the_engine_are_answered_over_rest_as_they_say(splunk: Login, tmp_path: Path) -> None:
    ended = record(splunk, tmp_path, str(PAGES / "commands" / "rex.md"), str(PAGES / "commands" / "bin.md"))
    assert ended.code == 0, ended.out
    assert " 0 different" in ended.out


def test_a_server_that_fails_at_one_case_is_asked_the_others(splunk: Login, tmp_path: Path) -> None:
    refused = PAGE.replace("raw sourcetype=things", 'raw host="" sourcetype=things')
    (tmp_path / "a.md").write_text(refused.replace("2026-01-02T10:00:00Z user=ann\n2026-01-02T10:00:05Z user=bob", ""))
    ended = record(splunk, tmp_path, "a.md")
    assert ended.code == 1
    assert "not answered: " in ended.out
    assert "2 as their pages say, 1 different" in ended.out


def test_a_search_over_a_file_makes_a_page_of_its_own(splunk: Login, tmp_path: Path) -> None:
    (tmp_path / "x.log").write_text("2026-01-02T10:00:00Z user=ann\n2026-01-02T10:00:05Z user=bob\n")
    data = ("--data", "x.log", "--sourcetype", "things", "--source", "a b.log")
    ended = record(splunk, tmp_path, "--spl", "user=* | stats count by user source", *data)
    assert (ended.code, ended.err) == (0, "")
    (path,) = (tmp_path / "out").iterdir()
    (case,) = page_cases(path.read_text(), path.name)
    (raw,) = case.all("raw")
    assert (raw.options["source"], raw.options["sourcetype"]) == ("a b.log", "things")
    results = case.one("results")
    assert results is not None
    assert results.body.splitlines() == [
        '{"count":"1","source":"a b.log","user":"ann"}',
        '{"count":"1","source":"a b.log","user":"bob"}',
    ]
    assert record(splunk, tmp_path, str(path)).code == 0


def test_our_own_server_is_no_evidence_of_a_splunk() -> None:
    """Whatever its name is: each of its answers says what it is."""
    day = date(2026, 1, 2)
    real = ServerInfo("harness", "9.4.1", "e3bdab203ac8")
    assert evidence_of(real, day) == "recorded Splunk 9.4.1 build e3bdab203ac8, server harness, 2026-01-02"
    with Server(ServerConfig(server_name="sh-1", password="Chang3d!pw")).start() as ours:
        login = {"HARNESS_USERNAME": ours.username, "HARNESS_PASSWORD": "Chang3d!pw"}
        info = SplunkClient(parse_address(ours.rest_url, login)).connect()
    assert (info.name, info.harness) == ("sh-1", __version__)
    assert evidence_of(info, day) == f"reasoned (harness {__version__} answered so, 2026-01-02)"


def test_a_page_that_is_not_well_formed_is_refused_with_its_place(splunk: Login, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(PAGE.replace("```spl\nuser=bob", "```sql\nuser=bob"))
    ended = record(splunk, tmp_path, "a.md")
    line = PAGE.splitlines().index("user=bob | table _raw")
    assert (ended.code, ended.err) == (2, f"harness: a.md:{line}: no block is called 'sql'\n")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ((), "give conformance pages, or one search with --spl"),
        (("none.md",), "none.md: cannot be read"),
        (("--spl", "index=main | head 1"), "its search names an index"),
    ],
)
def test_what_cannot_be_recorded_is_refused(
    splunk: Login, tmp_path: Path, arguments: tuple[str, ...], complaint: str
) -> None:
    ended = record(splunk, tmp_path, *arguments)
    assert ended.code == 2
    assert complaint in ended.err
    assert not (tmp_path / "out").exists()
