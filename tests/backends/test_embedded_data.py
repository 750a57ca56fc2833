"""What rules of an app do to data on its way into the embedded Splunk, and what is said about it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.backends.embedded import EmbeddedBackend, EmbeddedSession
from harness.client.hec import Target
from harness.knowledge.knowledge import Knowledge
from tests.knowledge.apps import write_app

PROPS = "[mine]\nSHOULD_LINEMERGE = false\nTRANSFORMS-a = drop, route, nowhere\nEXTRACT-bad = (?<user>\n"
TRANSFORMS = """[drop]
REGEX = noise
DEST_KEY = queue
FORMAT = nullQueue
[route]
REGEX = secret
DEST_KEY = _MetaData:Index
FORMAT = other
[nowhere]
REGEX = lost
DEST_KEY = _MetaData:Index
FORMAT = absent
"""
DATA = b"""2025-05-08T06:31:01Z plain
2025-05-08T06:31:02Z noise
2025-05-08T06:31:03Z secret
2025-05-08T06:31:04Z lost
2025-05-08T06:31:05Z plain \xff
"""


@contextmanager
def sent(folder: Path) -> Iterator[EmbeddedSession]:
    knowledge = Knowledge.load([write_app(folder, props=PROPS, transforms=TRANSFORMS)])
    backend = EmbeddedBackend(lambda: knowledge, indexes=["other"])
    backend.start()
    with backend.session() as session:
        session.hec.send_raw(DATA, Target("file.log", "mine", "main", "h"))
        yield session


def test_a_rule_sends_an_event_to_another_index(tmp_path: Path) -> None:
    with sent(tmp_path) as session:
        rows = session.client.search("search index=* | stats count by index | sort index").rows
    assert rows == [{"index": "main", "count": "2"}, {"index": "other", "count": "1"}]


def test_what_is_refused_unread_or_left_out_is_said_with_its_place(tmp_path: Path) -> None:
    with sent(tmp_path) as session:
        session.client.search("search index=main")
        said = "\n".join(session.warnings)
    assert "file.log: line 5: not UTF-8; the bytes are kept as \\xNN" in said
    assert "1 event refused: a rule sends it to the null queue" in said
    assert "props.conf:4: [mine] EXTRACT-bad: Regex: missing closing parenthesis; the setting is left out" in said


def test_an_index_that_is_not_there_loses_the_event_and_says_so(tmp_path: Path) -> None:
    with sent(tmp_path) as session:
        said = "\n".join(session.warnings)
    assert "Received event for unconfigured/disabled/deleted index=absent" in said
