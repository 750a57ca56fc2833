"""Fields that real Splunk servers with the vendors' add-ons gave to example events, against the fields ours gives.

The recording is ``data_sources/*.yml`` of the corpus: an example event, its source and source type, and the names of
the fields it had. Names are compared, not values. ``recorded.md`` holds the table of what was reached; run as a script
with ``--write``, this records it anew.
"""

from __future__ import annotations

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

TABLE = Path(__file__).parent / "recorded.md"
NOW = 1_750_000_000.0

# Recordings that say nothing about our fields, each with its reason. None of the others is left out.
HEADER_ONLY = "the example is the first line of an event of many lines, a time and nothing else"
EXCLUDED = {
    "aws_cloudtrail_deletealarms": "the list is that of many events: a deleted alarm has no image and no address range",
    "windows_active_directory_admon": "the example is an event of the security log, the list that of a directory entry",
    "windows_event_log_defender_1129": HEADER_ONLY,
    "windows_event_log_printservice_316": HEADER_ONLY,
    "windows_event_log_printservice_808": HEADER_ONLY,
    "windows_event_log_security_4698": HEADER_ONLY,
    "windows_event_log_security_4699": HEADER_ONLY,
    "windows_event_log_security_4732": HEADER_ONLY,
    "windows_event_log_system_4720": HEADER_ONLY,
    "windows_event_log_system_4726": HEADER_ONLY,
}

# Splunk's own bookkeeping. Some recorded lists have it and others do not.
EVERYWHERE = frozenset(
    (
        *("_raw", "_time", "_indextime", "_bkt", "_cd", "_si", "_serial", "_sourcetype", "_eventtype_color"),
        *("host", "source", "sourcetype", "index", "linecount", "punct", "splunk_server", "splunk_server_group"),
        *("timestartpos", "timeendpos"),
    )
)

CUT = "cut off; closed where it ends"
BARE = "recorded without an add-on; extra names not counted"


@dataclass(frozen=True, slots=True)
class Example:
    """One recorded event; ``fields`` are the names it had, without those that every event has."""

    name: str
    source: str
    sourcetype: str
    text: str
    fields: frozenset[str]
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Score:
    """How many recorded names are there, and how many are there that were not recorded.

    Where the recording server had no add-on for the source (every recorded name is one that the bare event gives), what
    an add-on adds says nothing: those names are ``uncounted``, and none is ``extra``.
    """

    name: str
    expected: int
    found: int
    extra: int
    remark: str = ""
    uncounted: int = 0
    missing_names: tuple[str, ...] = ()
    extra_names: tuple[str, ...] = ()

    @property
    def recall(self) -> float:
        return self.found / self.expected if self.expected else 1.0

    @property
    def precision(self) -> float:
        given = self.found + self.extra
        return self.found / given if given else 1.0

    @property
    def strict_precision(self) -> float:
        """Precision if every name that was not recorded counts, wherever it was recorded."""
        given = self.found + self.extra + self.uncounted
        return self.found / given if given else 1.0


def names(fields: Iterable[str]) -> frozenset[str]:
    """The names that are compared."""
    return frozenset(name for name in fields if name not in EVERYWHERE and not name.startswith("date_"))


def recordings() -> Iterator[Example]:
    """Every recorded event that has a list of fields."""
    with tarfile.open(require_corpus() / "security_content.tar.gz") as archive:
        for member in sorted(archive, key=lambda member: member.name):
            if "/data_sources/" not in member.name or not member.isfile():
                continue
            stream = archive.extractfile(member)
            assert stream is not None
            document: dict[str, Any] = yaml.load(stream, Loader=yaml.CSafeLoader)
            text = str(document.get("example_log") or "").strip()
            if not text or not document.get("fields"):
                continue
            fields = names(str(name) for name in document["fields"])
            yield Example(Path(member.name).stem, document["source"], document["sourcetype"], text, fields)


def is_header_only(text: str) -> bool:
    return re.fullmatch(r"\d+/\d+/\d+ [\d:]+ [AP]M", text) is not None


def examples(*, left_out: bool = False) -> Iterator[Example]:
    """The recorded events that are compared, or those that are left out. XML that the recording cut off is closed where
    it ends; the fields that come after the cut then count as missing."""
    for each in recordings():
        if (each.name in EXCLUDED) != left_out:
            continue
        if each.text.startswith("<Event ") and not each.text.endswith("</Event>"):
            text = f"{each.text}</Data></EventData></Event>"
            each = Example(each.name, each.source, each.sourcetype, text, each.fields, CUT)
        yield each


def given(example: Example, knowledge: Knowledge) -> frozenset[str]:
    """The names that the example has when it is indexed as its source and source type."""
    metadata = Metadata("example-host", example.source, example.sourcetype)
    indexed = knowledge.index_time(example.text.encode(), metadata, NOW)
    row = knowledge.search_time(indexed.frame).to_rows()[0] if len(indexed.frame) else {}
    return names(name for name, value in row.items() if value is not None)


def score(example: Example, knowledge: Knowledge, bare: Knowledge) -> Score:
    found = given(example, knowledge)
    extra = found - example.fields
    missing = example.fields - found
    expected = len(example.fields)
    without_addon = example.fields - {"eventtype", "tag", "tag::eventtype"} <= given(example, bare)
    return Score(
        example.name,
        expected,
        expected - len(missing),
        0 if without_addon else len(extra),
        BARE if without_addon and extra else example.remark,
        len(extra) if without_addon else 0,
        tuple(sorted(missing)),
        tuple(sorted(extra)),
    )


def scores(*, left_out: bool = False) -> list[Score]:
    knowledge, bare = Knowledge.load(shipped_apps()), Knowledge([])
    return [score(example, knowledge, bare) for example in examples(left_out=left_out)]


def total(each: Iterable[Score]) -> Score:
    each = list(each)
    return Score(
        "total",
        sum(s.expected for s in each),
        sum(s.found for s in each),
        sum(s.extra for s in each),
        uncounted=sum(s.uncounted for s in each),
    )


# --- the table --------------------------------------------------------------------------------------------------------


def table(each: list[Score]) -> str:
    """Markdown: one row per source, then the total and what was left out."""
    whole = total(each)
    everything = total([*each, *scores(left_out=True)])
    lines = [
        "# Fields of recorded events",
        "",
        "Names of fields that a real Splunk with the vendor's add-on gave to an example event (recorded), those of",
        "them that ours gives (found), and names that only ours gives (extra), some of them names that newer versions",
        "of the add-ons give too. Written by",
        "`python -m tests.sources.recorded --write`; the numbers may only get better.",
        "",
        f"{len(each)} sources: recall {whole.recall:.1%}, precision {whole.precision:.1%}, or"
        f" {whole.strict_precision:.1%} with the extra names of sources that were recorded without an add-on;"
        f" lowest recall {min(s.recall for s in each):.1%}. With all that is left out, and every name counted: recall"
        f" {everything.recall:.1%}, precision {everything.strict_precision:.1%}.",
        "",
        "| source | recorded | found | extra | recall | precision | remark |",
        "|---|--:|--:|--:|--:|--:|---|",
        *(
            f"| {s.name} | {s.expected} | {s.found} | {s.extra} | {s.recall:.1%} | {s.precision:.1%} | {s.remark} |"
            for s in [*each, whole]
        ),
        "",
        "Left out:",
        "",
        *(f"* {name}: {reason}" for name, reason in EXCLUDED.items()),
    ]
    return "\n".join(lines) + "\n"


def read_table() -> dict[str, Score]:
    """What was reached before, by name of the source."""
    rows = re.findall(r"^\| (\S+) \| (\d+) \| (\d+) \| (\d+) \|", TABLE.read_text(encoding="utf-8"), re.MULTILINE)
    return {
        name: Score(name, int(all_), int(found), int(extra)) for name, all_, found, extra in rows if name != "total"
    }


if __name__ == "__main__":
    measured = scores()
    sys.stdout.write(table(measured))
    if "-v" in sys.argv:
        for one in measured:
            if one.missing_names or one.extra_names:
                print(f"{one.name}\n  missing {' '.join(one.missing_names)}\n  extra   {' '.join(one.extra_names)}")
    if "--write" in sys.argv:
        TABLE.write_text(table(measured), encoding="utf-8")
