"""Computes how far the engine is held to a real Splunk: ``docs/fidelity.md`` for readers, ``harness/fidelity.json``
for ``harness version --fidelity`` and the run record.

``python -m tests.fidelity.page`` writes both.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any, Final

from tests.fidelity.citations import REASONS, TESTS, by_section, held, proofs, unproven

SUMMARY: Final = TESTS.parent / "harness" / "fidelity.json"
PAGE: Final = TESTS.parent / "docs" / "fidelity.md"
ORDER: Final = ("measured", "recorded", "docs", "reasoned")


def summary() -> dict[str, Any]:
    """Tests by area and evidence, measured answers by what became of them, and what is known to differ."""
    found = proofs()
    areas: dict[str, Counter[str]] = {}
    for proof in found:
        counts = areas.setdefault(proof.area, Counter())
        counts["gaps" if proof.gap is not None else proof.kind] += 1
    kept = held(found)
    listed = unproven()
    gaps = {number for proof in found if proof.gap is not None for number in proof.ids}
    return {
        "areas": {area: {kind: areas[area][kind] for kind in (*ORDER, "gaps")} for area in sorted(areas)},
        "answers": {
            "held": len(kept),
            "gaps": len(gaps),
            **{reason: sum(why == reason for why, _ in listed.values()) for reason in REASONS},
        },
        "differs": [f"{proof.name}: {proof.gap}" for proof in found if proof.gap is not None],
    }


def encoded(content: dict[str, Any]) -> str:
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def page(content: dict[str, Any]) -> str:
    """The page for readers."""
    found, listed = proofs(), unproven()
    answers = content["answers"]
    total = sum(answers.values())
    lines = [
        "# Fidelity",
        "",
        "How closely the embedded engine and its server are held to a real Splunk. Computed from the tests",
        "(`make fidelity`); `harness version --fidelity` prints its summary.",
        "",
        "## What the tests rest on",
        "",
        "Each test of the search language and of the server says what it rests on: an answer of a real Splunk that was",
        "measured and has an id, recorded output, Splunk's documentation, or our own reasoning where all of these are",
        "silent. A gap is a test that is known to fail.",
        "",
        "| area | measured | recorded | documentation | reasoning | gaps |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for area, counts in content["areas"].items():
        lines.append(f"| {area} | " + " | ".join(str(counts[kind]) for kind in (*ORDER, "gaps")) + " |")
    sums = Counter[str]()
    for counts in content["areas"].values():
        sums.update(counts)
    lines += [f"| **all** | {' | '.join(str(sums[kind]) for kind in (*ORDER, 'gaps'))} |", ""]
    lines += [
        "## Measured answers",
        "",
        f"{answers['held']} of {total} measured answers of Splunk servers (10.4 and 10.6 mostly) are held by tests.",
        "",
        "| section | held | not held |",
        "|---|---:|---:|",
    ]
    kept = by_section(held(found))
    missed = by_section({*listed, *(number for proof in found if proof.gap is not None for number in proof.ids)})
    for section in sorted({*kept, *missed}, key=lambda name: (name[0], int(name[1:]))):
        lines.append(f"| {section} {_SECTIONS[section[1:]]} | {kept[section]} | {missed[section]} |")
    lines += ["", "## What differs", ""]
    lines += [f"- {text}" for text in content["differs"]] or ["Nothing that is known."]
    for reason in REASONS:
        lines += ["", f"## Not held: {reason}", "", _REASONS[reason], ""]
        lines += [f"- {number}: {note}" for number, (why, note) in listed.items() if why == reason]
    return "\n".join(lines) + "\n"


_SECTIONS: Final = {
    "1": "authentication",
    "2": "output modes, envelopes, headers",
    "3": "search jobs",
    "4": "search language",
    "5": "saved searches and alerts",
    "6": "event collector",
    "7": "KV store",
    "8": "indexes, inputs, server, users, apps, conf",
    "9": "namespaces and ACL",
    "10": "parsing, extraction, everything else",
}
_REASONS: Final = {
    "outside": "What a test of detections never meets.",
    "superseded": "Answers of an older version that a newer one contradicts; the newer one is held.",
    "unclear": "Answers that allow no firm reading.",
}


def main() -> None:
    content = summary()
    SUMMARY.write_text(encoded(content), encoding="utf-8")
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(content), encoding="utf-8")


if __name__ == "__main__":
    main()
