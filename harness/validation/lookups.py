"""Lookups: what their settings say, and whether it can be so."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from typing import Final

from harness.content.models import LookupDefinition, Problem
from harness.validation.rules import ContentRule, Library, nearest, rule

_MATCH: Final = re.compile(r"(?P<kind>[A-Za-z]+)\((?P<field>[^()\s]+)\)")
KINDS: Final = ("WILDCARD", "CIDR", "EXACT")
MOST_MATCHES: Final = 1000


@rule
class LookupSettingsAreSettings(ContentRule):
    """A collection's first field is its key, by which Splunk finds the rows that it writes again."""

    id = "lookup-setting"
    severity = "warning"
    summary = (
        "A lookup matches by fields that it has, from 1 to 1000 times, and the fields of a collection begin with _key."
    )

    def check(self, library: Library) -> Iterator[Problem]:
        for lookup in library.content.lookups:
            for message, hint in (*_match_types(lookup), *_numbers(lookup), *_key(lookup)):
                yield self.problem(lookup.file, message, hint)


def _match_types(lookup: LookupDefinition) -> Iterator[tuple[str, str]]:
    columns = _columns(lookup)
    for each in filter(None, (part.strip() for part in lookup.settings.get("match_type", "").split(","))):
        found = _MATCH.fullmatch(each)
        if found is None or found["kind"].upper() not in KINDS:
            yield f"the lookup {lookup.name} has the match type {each!r}", "Written WILDCARD(field), CIDR(field)."
        elif columns and found["field"] not in columns:
            message = f"the lookup {lookup.name} matches by {found['field']}, which is none of its fields"
            yield message, nearest(found["field"], columns)


def _numbers(lookup: LookupDefinition) -> Iterator[tuple[str, str]]:
    for key, least in (("min_matches", 0), ("max_matches", 1)):
        text = lookup.settings.get(key, "")
        if text and not (text.isdigit() and least <= int(text) <= MOST_MATCHES):
            yield f"the lookup {lookup.name} has {key} {text}", f"A number from {least} to {MOST_MATCHES}."


def _key(lookup: LookupDefinition) -> Iterator[tuple[str, str]]:
    fields = [field.strip() for field in lookup.settings.get("fields_list", "").split(",")]
    if lookup.kind == "kvstore" and fields != [""] and fields[0] != "_key":
        yield f"the fields of the collection {lookup.name} begin with {fields[0]}, not _key", ""


def _columns(lookup: LookupDefinition) -> frozenset[str]:
    """The fields of a lookup; empty where they cannot be told."""
    if lookup.csv is None:
        text = lookup.settings.get("fields_list", "")
        return frozenset(filter(None, (field.strip() for field in text.split(","))))
    try:
        with lookup.csv.open(encoding="utf-8-sig", errors="replace", newline="") as file:
            return frozenset(next(csv.reader(file), []))
    except (OSError, csv.Error):
        return frozenset()  # another rule's to say
