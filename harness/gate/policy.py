"""What a release needs: ``gate.yml`` in the content root. Without the file, the defaults below.

.. code-block:: yaml

    levels: [validation, unit, integration]
    backends: [embedded]
    statuses: [production]
    waivers:
      - detection: Suspicious Thing
        rule: unit
        owner: jane@example.com
        reason: The vendor's add-on parses this wrongly until 4.2.
        until: 2027-01-31
"""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Final, Literal

import msgspec

from harness.content.yaml_document import YamlDocument, read_yaml
from harness.errors import ContentError, FilePlace
from harness.runner.record import Level

FILE_NAME: Final = "gate.yml"


class Waiver(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One rule that one detection need not meet, by whose decision, why, and up to and including which day."""

    detection: str
    rule: str
    owner: str
    reason: str
    until: date


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``levels`` must be green on every one of ``backends`` for a detection whose status is one of ``statuses``.

    Any other detection must pass validation only: nobody is alerted by it. ``flaky`` says whether a test that passed
    only when it was run again is green.
    """

    levels: tuple[Level, ...] = tuple(Level)
    backends: tuple[str, ...] = ("embedded",)
    statuses: tuple[str, ...] = ("production",)
    flaky: Literal["refuse", "allow"] = "refuse"
    waivers: tuple[Waiver, ...] = ()


def read_policy(path: Path, rules: frozenset[str]) -> Policy:
    """Read a policy whose waivers may name the given rules. Raises ContentError for what it leaves unclear."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ContentError(f"the policy cannot be read: {error.strerror}", where=FilePlace(path)) from error
    if not data.strip():
        return Policy()
    document, problems = read_yaml(path, data)
    if document is None or problems:
        raise ContentError(problems[0].message, where=FilePlace(path, problems[0].line), hint=problems[0].hint)
    try:
        policy = msgspec.convert(document.data, Policy, strict=True)
    except msgspec.ValidationError as error:
        message, _, place = str(error).partition(" - at `$")
        unknown = re.findall(r"unknown field `(.+)`", message)
        raise ContentError(message, where=_place(document, *_keys(place), *unknown)) from error
    for number, waiver in enumerate(policy.waivers):
        _check(waiver, number, document, rules)
    for key in ("levels", "backends", "statuses"):
        if not getattr(policy, key):
            raise ContentError(f"{key} is empty: nothing would be asked of a release", where=_place(document, key))
    return policy


def _check(waiver: Waiver, number: int, document: YamlDocument, rules: frozenset[str]) -> None:
    for key in ("detection", "owner", "reason"):
        if not getattr(waiver, key).strip():
            raise ContentError(f"a waiver's {key} is empty", where=_place(document, "waivers", number, key))
    if waiver.rule not in rules:
        raise ContentError(
            f"the gate has no rule {waiver.rule!r} that could be waived",
            where=_place(document, "waivers", number, "rule"),
            hint=f"The rules are {', '.join(sorted(rules))}.",
        )


def _place(document: YamlDocument, *keys: str | int) -> FilePlace:
    return FilePlace(document.path, document.line(*keys))


def _keys(place: str) -> list[str | int]:
    """``.waivers[0].until`` + a backtick, as msgspec writes it, to the keys that lead there."""
    parts = place.rstrip("`").replace("[", ".").replace("]", "").split(".")
    return [int(part) if part.isdigit() else part for part in parts if part]
