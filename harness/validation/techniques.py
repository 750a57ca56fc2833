"""The ids of ATT&CK's techniques, the tactics they serve and which of them are withdrawn, from a file beside this one.

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
_WITHDRAWN: Final = ("deprecated", "revoked")
_SOURCES: Final = ("mitre-attack", "mitre-mobile-attack", "mitre-ics-attack")


@dataclass(frozen=True, slots=True)
class Techniques:
    """``status`` of each id: empty, ``deprecated``, or ``revoked``, with the id that took its place if there is one.

    ``tactics`` of each id in use, as ATT&CK writes them: ``credential-access``.
    """

    version: str
    status: Mapping[str, str]
    tactics: Mapping[str, tuple[str, ...]]


@cache
def known_techniques() -> Techniques:
    first, *lines = FILE.read_text(encoding="ascii").splitlines()
    parted = [line.partition(" ")[::2] for line in lines]
    withdrawn = {name: rest for name, rest in parted if rest.startswith(_WITHDRAWN)}
    return Techniques(
        first.removeprefix("# ATT&CK "),
        {name: withdrawn.get(name, "") for name, _ in parted},
        {name: tuple(rest.split()) for name, rest in parted if name not in withdrawn},
    )


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
            lines.append(f"{name} {'deprecated' if each.get('x_mitre_deprecated') else _tactics(each)}".rstrip())
    return "\n".join([f"# ATT&CK {version}", *sorted(lines), ""])


def _tactics(thing: Mapping[str, Any]) -> str:
    return " ".join(phase["phase_name"] for phase in thing.get("kill_chain_phases", ()))


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
