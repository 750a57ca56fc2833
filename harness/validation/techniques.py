"""The ids of ATT&CK's techniques and which of them are withdrawn, from a file beside this one.

Written anew from the STIX bundles that MITRE publishes (github.com/mitre/cti: enterprise-attack, mobile-attack,
ics-attack), after a new version of ATT&CK::

    python -m harness.validation.techniques 18.1 enterprise-attack.json mobile-attack.json ics-attack.json
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

FILE: Final = Path(__file__).with_name("attack_techniques.txt")
_SOURCES: Final = ("mitre-attack", "mitre-mobile-attack", "mitre-ics-attack")


@dataclass(frozen=True, slots=True)
class Techniques:
    """``status`` of each id: empty, ``deprecated``, or ``revoked``, with the id that took its place if there is one."""

    version: str
    status: Mapping[str, str]


@cache
def known_techniques() -> Techniques:
    first, *lines = FILE.read_text(encoding="ascii").splitlines()
    parted = (line.partition(" ") for line in lines)
    return Techniques(first.removeprefix("# ATT&CK "), {name: status for name, _, status in parted})


def text_of(version: str, objects: Iterable[Mapping[str, Any]]) -> str:
    """The file's text, of the objects of STIX bundles."""
    objects = list(objects)
    ids = {each["id"]: name for each in objects if (name := _technique(each))}
    instead = {
        ids[each["source_ref"]]: ids.get(each["target_ref"], "")
        for each in objects
        if each.get("relationship_type") == "revoked-by" and each["source_ref"] in ids
    }
    lines = []
    for each in objects:
        name = _technique(each)
        if name and each.get("revoked"):
            lines.append(f"{name} revoked {instead.get(name, '')}".rstrip())
        elif name:
            lines.append(f"{name} deprecated" if each.get("x_mitre_deprecated") else name)
    return "\n".join([f"# ATT&CK {version}", *sorted(lines), ""])


def _technique(thing: Mapping[str, Any]) -> str:
    if thing.get("type") != "attack-pattern":
        return ""
    references = thing.get("external_references", ())
    return next((str(each["external_id"]) for each in references if each.get("source_name") in _SOURCES), "")


def main(version: str, *bundles: str) -> None:
    import msgspec

    objects = [each for path in bundles for each in msgspec.json.decode(Path(path).read_bytes())["objects"]]
    FILE.write_text(text_of(version, objects), encoding="ascii")


if __name__ == "__main__":
    main(*sys.argv[1:])
