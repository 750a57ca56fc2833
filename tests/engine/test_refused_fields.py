"""A calculated field of an add-on that cannot be told exactly stops the searches that read it, and no others."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from harness.backends.embedded import EmbeddedBackend, EmbeddedSession
from harness.client.hec import Target
from harness.errors import UnsupportedSPL
from harness.knowledge.knowledge import Knowledge
from tests.knowledge.apps import write_app

PROPS = r"""[mine]
SHOULD_LINEMERGE = false
REPORT-users = users
EVAL-short = replace(user, "@.*", "")
EVAL-age = now() - _time
EVAL-odd = mvmap(user, user="cy@a")
EVAL-fine = mvcount(user)
LOOKUP-role = roles short OUTPUT role
"""
TRANSFORMS = "[users]\nREGEX = user=(?<user>\\S+)\nMV_ADD = true\n[roles]\nfilename = roles.csv\n"
CONFS = {
    "props": PROPS,
    "transforms": TRANSFORMS,
    "eventtypes": """[short_ones]
search = short=ann
[short_bobs]
search = sourcetype=mine bob short=ann
[bobs]
search = bob
[nowhere]
search = host=elsewhere short=ann
[loud_shorts]
search = eventtype=short_ones OR other
""",
    "tags": "[eventtype=short_ones]\nsmall = enabled\n[eventtype=bobs]\nliked = enabled\n[role=boss]\nhead = enabled\n",
    "roles_csv": "short,role\nann,boss\n",
}
DATA = b"2025-05-08T06:31:01Z user=ann@a user=bob@a\n2025-05-08T06:31:02Z user=cy@a\n"


@contextmanager
def searching(folder: Path) -> Iterator[EmbeddedSession]:
    knowledge = Knowledge.load([write_app(folder, **CONFS)])
    backend = EmbeddedBackend(lambda: knowledge)
    backend.start()
    with backend.session() as session:
        session.hec.send_raw(DATA, Target("file.log", "mine", "main", "h"))
        session.hec.send_raw(b"2025-05-08T06:31:03Z other\n", Target("other.log", "other", "main", "h"))
        yield session


@pytest.mark.parametrize(
    ("search", "rows"),
    [
        ("search index=main | stats count", [{"count": "3"}]),
        ("search index=main bob | table user fine", [{"user": ["ann@a", "bob@a"], "fine": "2"}]),
        ("search sourcetype=mine | stats count by user | tail 1", [{"user": "cy@a", "count": "1"}]),
        ("search index=main | sort - _time | head 1 | fields host | table host", [{"host": "h"}]),
        ("| tstats count where index=main by sourcetype | tail 1", [{"sourcetype": "other", "count": "1"}]),
        ("search index=main eventtype=bobs | stats count", [{"count": "1"}]),
        ("search index=main tag=liked | stats count", [{"count": "1"}]),
        ("search index=main NOT tag=liked | stats count", [{"count": "2"}]),
        ("search index=main tag::eventtype=liked | stats count", [{"count": "1"}]),
        ("search index=main eventtype=nowhere | stats count", [{"count": "0"}]),
        ("search index=main eventtype=loud_shorts sourcetype=other | stats count", [{"count": "1"}]),
        ("search index=main tag=small sourcetype=other | stats count", [{"count": "0"}]),
        ("search index=main (tag=small OR cy) cy | stats count", [{"count": "1"}]),
        ("search index=main sourcetype=other | table eventtype tag", [{"eventtype": "loud_shorts"}]),
    ],
)  # fmt: skip
def test_searches_that_do_not_read_it_run(tmp_path: Path, search: str, rows: list[dict[str, object]]) -> None:
    with searching(tmp_path) as session:
        assert session.client.search(search).rows == rows


@pytest.mark.parametrize(
    ("search", "why"),
    [
        ("search index=main | stats count by short", "calculated field 'short' cannot be told: The 'replace' function"),
        ("search index=main short=ann | stats count", "calculated field 'short' cannot be told"),
        ("search index=main | eval x=age | stats count by x", "calculated field 'age' asks for the time"),
        ("search index=main | stats values(odd)", r"props\.conf:6: \[mine\] EVAL-odd: mvmap"),
        ("search index=main | table role", "calculated field 'short' cannot be told"),
        ("search index=main eventtype=short_ones | stats count", "calculated field 'short' cannot be told"),
        ("search index=main tag=small | stats count", "The event type 'short_ones' cannot be told"),
        ("search index=main NOT tag=small | stats count", "calculated field 'short' cannot be told"),
        ("search index=main tag=small sourcetype=mine | stats count", "calculated field 'short' cannot be told"),
        ("search index=main eventtype!=b* | stats count", r"The event type 'short_\w+' cannot be told"),
        ("search index=main eventtype=short_bobs | stats count", "The event type 'short_bobs' cannot be told"),
        ("search index=main eventtype=loud_shorts | stats count", "The event type 'loud_shorts' cannot"),
        ("search index=main tag=head | stats count", "calculated field 'short' cannot be told"),
        ("search index=main | stats count by eventtype", "calculated field 'short' cannot be told"),
        ("search index=main | stats count by tag", "calculated field 'short' cannot be told"),
        ("search index=main", "EVAL-odd|cannot be told"),
    ],
)
def test_searches_that_read_it_are_refused(tmp_path: Path, search: str, why: str) -> None:
    with searching(tmp_path) as session, pytest.raises(UnsupportedSPL, match=why):
        session.client.search(search)
