"""The searches that lead on from an alert, run as an analyst would: do they run, and is there what was found?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from harness.client.answers import Row
from harness.client.rest import SplunkClient
from harness.content.models import QUOTING, Drilldown
from harness.errors import SPLError, UnsupportedSPL
from harness.runner.subject import Subject
from harness.runner.subjects import seconds_of
from harness.runner.verdict import fill, tokens
from harness.spl.scan import escape

ORIGINAL = "%original_detection_search%"
_OFFSET = re.compile(r"[0-9]+[smhd]?|[0-9]+w")
_DELICATE = re.compile(r'[\\"*$|\[\]]')
"""Characters by which a value, put into a search as it is, may come to mean something else."""


@dataclass(frozen=True, slots=True)
class Found:
    """``complaint`` says what is wrong with a drilldown, ``remark`` why nothing can be said."""

    complaint: str = ""
    remark: str = ""


def try_drilldowns(client: SplunkClient, subject: Subject, row: Row, event: Row, moment: float) -> Iterator[Found]:
    """Each drilldown, with the values of a row and of the event that the alert wrote for it at ``moment``."""
    filled = dict(row)
    filled.update({name: event[name] for name in ("info_min_time", "info_max_time") if name in event})
    for drilldown in subject.alert.drilldowns:
        yield _try(client, subject, drilldown, filled, moment)


def _try(client: SplunkClient, subject: Subject, drilldown: Drilldown, row: Row, moment: float) -> Found:
    named = f"the drilldown {fill(drilldown.name, row)!r}"
    named_fields = tokens(drilldown.plain_search)
    lacking = [name for name in named_fields if not row.get(name)]
    if lacking:
        return Found(remark=f"{named} was not tried: the row has no {', '.join(lacking)}")
    quoted = QUOTING.sub(lambda token: f'"{escape(fill(f"${token[1]}$", row))}"', drilldown.search)
    search = fill(quoted, row).replace(ORIGINAL, subject.search)
    earliest = _time(drilldown.earliest, row, moment, -1)
    latest = _time(drilldown.latest, row, moment, 1)
    try:
        count = client.count(search, earliest=earliest, latest=latest, now=f"{moment:.0f}")
    except UnsupportedSPL as error:
        return Found(remark=f"{named} was not tried: {error.message}")
    except SPLError as error:
        return Found(complaint=f"{named} does not run: {error.message}")
    put_in = [row[name] for name in named_fields]
    sure = all(isinstance(value, str) and not _DELICATE.search(value) for value in put_in)
    if ORIGINAL in drilldown.search and not count:
        told = f"{named} finds nothing from {earliest or 'the beginning'} to {latest or 'the end'}: {search}"
        return Found(complaint=told) if sure else Found(remark=told)
    return Found()


def _time(text: str, row: Row, moment: float, sign: int) -> str | None:
    """A time of a drilldown for the jobs endpoint; a plain span is counted from the finding, backwards or forwards."""
    filled = fill(text, row)
    if not filled or "$" in filled or filled == "+Infinity":
        return None
    if not _OFFSET.fullmatch(filled):
        return filled
    weeks = filled.endswith("w")
    span = int(filled[:-1]) * 604_800 if weeks else seconds_of(filled if filled[-1].isalpha() else f"{filled}s")
    # Times such as 1714993800 are no spans.
    return filled if span > MAX_SPAN and filled.isdigit() else f"{moment + sign * span:.0f}"


MAX_SPAN = 400 * 86_400.0
