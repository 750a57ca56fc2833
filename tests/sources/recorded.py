"""Fields that real Splunk servers with the vendors' add-ons gave to example events, against the fields ours gives.

The recording is ``data_sources/*.yml`` of the corpus: an example event, its source and source type, and the names of
the fields it had. Names are compared, not values. Run as a script, it prints the table; with ``--write`` it records it.
"""

from __future__ import annotations

import json
import re
import sys
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from harness.knowledge.knowledge import Knowledge, Metadata, shipped_apps
from tests.corpus import require_corpus

RATCHET = Path(__file__).parent / "ratchet.json"
NOW = 1_750_000_000.0

# Recordings whose list of fields is not that of their example.
UNLIKE = {
    "aws_cloudtrail_deletealarms": "the list is that of many events: a deleted alarm has no image and no address range",
    "windows_active_directory_admon": "the example is an event of the security log",
}

# Every event has these, whatever is known about it; some of the recorded lists leave them out.
EVERYWHERE = frozenset(
    (
        *("_raw", "_time", "_indextime", "_bkt", "_cd", "_si", "_serial", "_sourcetype", "_eventtype_color"),
        *("host", "source", "sourcetype", "index", "linecount", "punct", "splunk_server", "splunk_server_group"),
        *("timestartpos", "timeendpos", "tag::eventtype", "tag::action", "tag::app", "meta"),
    )
)


@dataclass(frozen=True, slots=True)
class Example:
    """One recorded event; ``fields`` are the names it had, without those that every event has."""

    name: str
    source: str
    sourcetype: str
    text: str
    fields: frozenset[str]


@dataclass(frozen=True, slots=True)
class Score:
    """How many recorded names are there, and how many are there that were not recorded.

    Where the recording server had no add-on for the source (every recorded name is one that the bare event gives), what
    an add-on adds says nothing, and no name counts as extra.
    """

    name: str
    expected: int
    found: int
    extra: int
    missing_names: tuple[str, ...] = ()
    extra_names: tuple[str, ...] = ()

    @property
    def recall(self) -> float:
        return self.found / self.expected if self.expected else 1.0

    @property
    def precision(self) -> float:
        given = self.found + self.extra
        return self.found / given if given else 1.0


def names(fields: Iterable[str]) -> frozenset[str]:
    """The names that are compared."""
    return frozenset(name for name in fields if name not in EVERYWHERE and not name.startswith("date_"))


def examples() -> Iterator[Example]:
    """The recorded events. An example that the recording cut off says nothing about the fields of the whole event."""
    with tarfile.open(require_corpus() / "security_content.tar.gz") as archive:
        for member in sorted(archive, key=lambda member: member.name):
            if "/data_sources/" not in member.name or not member.isfile():
                continue
            stream = archive.extractfile(member)
            assert stream is not None
            document: dict[str, Any] = yaml.load(stream, Loader=yaml.CSafeLoader)
            text = str(document.get("example_log") or "").strip()
            if not text or not document.get("fields") or _is_cut(text) or Path(member.name).stem in UNLIKE:
                continue
            fields = names(str(name) for name in document["fields"])
            yield Example(Path(member.name).stem, document["source"], document["sourcetype"], text, fields)


def _is_cut(text: str) -> bool:
    """Only the first line of an event log's text, or XML that does not end."""
    if text.startswith("<Event "):
        return not text.endswith("</Event>")
    return re.fullmatch(r"\d+/\d+/\d+ [\d:]+ [AP]M", text) is not None


def given(example: Example, knowledge: Knowledge) -> frozenset[str]:
    """The names that the example has when it is indexed as its source and source type."""
    metadata = Metadata("example-host", example.source, example.sourcetype)
    indexed = knowledge.index_time(example.text.encode(), metadata, NOW)
    row = knowledge.search_time(indexed.frame).to_rows()[0] if len(indexed.frame) else {}
    return names(name for name, value in row.items() if value is not None)


def score(example: Example, knowledge: Knowledge, bare: Knowledge) -> Score:
    found = given(example, knowledge)
    extra = found - example.fields
    if example.fields - {"eventtype", "tag"} <= given(example, bare):
        extra = frozenset()
    missing = example.fields - found
    expected = len(example.fields)
    return Score(
        example.name, expected, expected - len(missing), len(extra), tuple(sorted(missing)), tuple(sorted(extra))
    )


def scores() -> list[Score]:
    knowledge, bare = Knowledge.load(shipped_apps()), Knowledge([])
    return [score(example, knowledge, bare) for example in examples()]


def total(each: Iterable[Score]) -> Score:
    each = list(each)
    return Score("total", sum(s.expected for s in each), sum(s.found for s in each), sum(s.extra for s in each))


def read_ratchet() -> dict[str, Score]:
    """What was reached before, by name of the source."""
    return {name: Score(name, *counts) for name, counts in json.loads(RATCHET.read_text(encoding="utf-8")).items()}


def write_ratchet(each: Iterable[Score]) -> None:
    lines = [f'  "{s.name}": [{s.expected}, {s.found}, {s.extra}]' for s in each]
    RATCHET.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    measured = scores()
    for each in [*measured, total(measured)]:
        print(f"{each.recall:7.1%} {each.precision:7.1%}  {each.name}")
        if "-v" in sys.argv and (each.missing_names or each.extra_names):
            print(f"      missing {' '.join(each.missing_names)}\n      extra   {' '.join(each.extra_names)}")
    if "--write" in sys.argv:
        write_ratchet(measured)
