"""Every heading of every page of exchanges is a test, over HTTP against a running server."""

from __future__ import annotations

import pytest

from harness.server.config import ServerConfig
from harness.server.server import Server
from tests.conformance.parameters import parameters
from tests.conformance.runner import Case, PageError, page_cases
from tests.rest.exchanges import EXCHANGE, check, exchanges, pointed
from tests.server.wire import PASSWORD, Rest


@pytest.mark.parametrize("case", parameters(exchanges()))
def test_exchange(case: Case, reader: Rest) -> None:
    if all(block.body.startswith(("GET ", "HEAD ")) for block in case.all("request")):
        check(case, reader)
        return
    with Server(ServerConfig(password=PASSWORD)).start() as running:
        check(case, Rest(running))


PAGE = """# A page

## One exchange

Evidence: reasoned

```request
GET /services/server/info?output_mode=json
```

```values
/entry/0/name = "server-info"
```
"""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('= "server-info"', '= "other"'),
        ("/entry/0/name =", "/entry/0/nothing ="),
        ('/entry/0/name = "server-info"', "count(/entry) = 2"),
        ('/entry/0/name = "server-info"', "/entry/0/name = absent"),
        ('/entry/0/name = "server-info"', '/entry/0/name lacks "server"'),
        ("```values", "```contains"),
        ('```values\n/entry/0/name = "server-info"', "```answer\n404"),
        ('```values\n/entry/0/name = "server-info"', "```answer\n200\nServer: nobody"),
    ],
)
def test_an_answer_that_differs_fails(reader: Rest, before: str, after: str) -> None:
    (good,) = page_cases(PAGE, "a.md", EXCHANGE)
    check(good, reader)
    (case,) = page_cases(PAGE.replace(before, after), "a.md", EXCHANGE)
    with pytest.raises(AssertionError):
        check(case, reader)


def test_a_page_that_expects_nothing_is_refused() -> None:
    with pytest.raises(PageError, match="cannot fail"):
        page_cases(PAGE[: PAGE.index("```values")], "a.md", EXCHANGE)


def test_a_pointer_names_slashes_by_their_escape() -> None:
    assert pointed({"a/b": [{"c": 1}]}, "/a~1b/0/c") == 1
    assert pointed({"a": 1}, "/b") is ...
