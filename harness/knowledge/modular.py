"""Modular regular expressions: ``[[name]]`` in a ``REGEX`` of transforms.conf stands for the REGEX of that stanza.

``[[name:prefix]]`` puts the prefix before the names of the other's groups; a group of no name, ``(?<>...)``, is then
called as the prefix.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from harness.knowledge.conf import Stanza, Stanzas

_PART: Final = re.compile(r"\[\[(?P<name>[\w-]+)(?::(?P<prefix>\w*))?\]\]")
_GROUP: Final = re.compile(r"\(\?P?<(?P<name>\w*)>")
_DEEPEST: Final = 10


def with_parts(transforms: Mapping[str, Stanza]) -> Stanzas:
    """The stanzas with each part in its place. What names no stanza with a REGEX, such as ``[[:alpha:]]``, stays."""
    return {
        name: {**stanza, "REGEX": _filled(stanza["REGEX"], transforms)} if "[[" in stanza.get("REGEX", "") else stanza
        for name, stanza in transforms.items()
    }


def _filled(regex: str, transforms: Mapping[str, Stanza], depth: int = 0) -> str:
    def part(found: re.Match[str]) -> str:
        text = transforms.get(found["name"], {}).get("REGEX")
        if text is None or depth == _DEEPEST:
            return found[0]
        prefix = found["prefix"] or ""
        return _GROUP.sub(
            lambda group: f"(?<{prefix}{group['name']}>" if prefix or group["name"] else "(?:",
            _filled(text, transforms, depth + 1),
        )

    return _PART.sub(part, regex)
