"""Automatic extraction of ``key=value`` pairs: ``KV_MODE`` auto and auto_escaped (props.conf specification)."""

from __future__ import annotations

import re
from typing import Final

from harness.values.column import Value

Fields = dict[str, Value]

MAX_CHARACTERS: Final = 10_240
"""How much of an event is looked through unless limits.conf says otherwise (``[kv] maxchars``, 0 is all of it)."""

_UNCLEAN: Final = re.compile(r"[^A-Za-z0-9_]")

_KEY: Final = r"""(?<![^\s,;|&{(\[?"':])(?P<key>[A-Za-z0-9_][A-Za-z0-9_.\-]*)="""
_BARE: Final = r"""(?P<bare>(?!=(?:[\s,;|&"']|$))[^\s,;|&"']+)"""
_PLAIN: Final = re.compile(rf"""{_KEY}(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'|{_BARE})""")
_ESCAPED: Final = re.compile(
    rf"""{_KEY}(?:"(?P<double>(?:[^"\\]|\\.)*)"|'(?P<single>(?:[^'\\]|\\.)*)'|{_BARE})""", re.DOTALL
)
_ESCAPE: Final = re.compile(r"\\([\\\"])")


def clean_key(name: str) -> str:
    """A field name as ``CLEAN_KEYS`` makes it: other characters become ``_``, then leading digits and ``_`` go
    (N10.31, N10.37)."""
    return _UNCLEAN.sub("_", name).lstrip("0123456789_")


def from_pairs(text: str, *, escaped: bool = False, trim: bool = True, max_characters: int = MAX_CHARACTERS) -> Fields:
    r"""The pairs of one event. Quotes around a value go, an empty value gives no field, and of a repeated key the first
    value counts (N10.29, N10.30). The end of a text in base64, ``...cPA==``, is no pair (recorded: CloudFront).

    A value in single quotes is looked through for pairs of its own (``msg='op=login res=success'`` of the audit log):
    the vendor's rules for it rest on them. A backslash escapes nothing, unless ``escaped`` lets it escape ``"`` and
    ``\`` within quotes. ``trim`` takes the blanks off both ends of a quoted value (``KV_TRIM_SPACES``).
    """
    fields: Fields = {}
    for found in (_ESCAPED if escaped else _PLAIN).finditer(text[:max_characters] if max_characters else text):
        value = found["double"] or found["single"] or ""
        if escaped:
            value = _ESCAPE.sub(r"\1", value)
        value = (value.strip(" ") if trim else value) or found["bare"]
        key = clean_key(found["key"])
        if value and key:
            fields.setdefault(key, value)
        if found["single"] and "=" in found["single"]:
            for name, inner in from_pairs(found["single"], escaped=escaped, trim=trim, max_characters=0).items():
                fields.setdefault(name, inner)
    return fields
