"""Limits, with Splunk's own defaults where Splunk has one (limits.conf)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

SIGNATURE: Final = "X-Harness-Version"
"""A header of every answer of our own server, whatever it is called: by it nobody takes its answers for a Splunk's."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one search. Reaching one is said in a message of the job, never silent."""

    subsearch_max_rows: int = 10_000  # [subsearch] maxout
    join_subsearch_max_rows: int = 50_000  # [join] subsearch_maxout
    append_subsearch_max_rows: int = 50_000  # [searchresults] maxresultrows, as append uses it
    subsearch_max_seconds: float = 60.0  # [subsearch] maxtime
    result_max_rows: int = 50_000  # [searchresults] maxresultrows
    stats_max_values: int = 0  # [stats] maxvalues: unlimited
    list_max_values: int = 100  # [stats] list_maxsize
    sort_max_rows: int = 10_000  # the sort command without a count
    map_max_searches: int = 10  # the map command without maxsearches
    macro_depth: int = 100  # [search] max_macro_depth
    regex_seconds: float = 2.0  # one match of one pattern; Splunk bounds steps instead (match_limit)
    upload_max_bytes: int = 838_860_800  # [http_input] max_content_length
