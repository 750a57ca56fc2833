"""A layer for the ATT&CK Navigator: how well the detections of each technique are tested.

The format is that of the Navigator's layer specification 4.5 (attack-navigator, ``layers/spec/v4.5/layerformat.md``).
A technique's score is the share of its detections, in percent, that pass everything they were tested for; techniques
that no detection names are not in the layer. The comment names each detection and how it stands.
"""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

from harness.reports import words
from harness.runner.record import DetectionRecord, RunRecord, Status

_COLOURS = ("#cf222e", "#f2cc60", "#2da44e")  # nothing passes, some, all


def render(record: RunRecord) -> str:
    return json.dumps(_layer(record), indent=2, ensure_ascii=False) + "\n"


def _layer(record: RunRecord) -> dict[str, Any]:
    techniques: dict[str, list[DetectionRecord]] = defaultdict(list)
    for detection in record.detections:
        for technique in dict.fromkeys(detection.mitre_attack):
            techniques[technique].append(detection)
    return {
        "name": "Detection testing",
        "versions": {"attack": "16", "navigator": "5.1.0", "layer": "4.5"},
        "domain": "enterprise-attack",
        "description": f"{words.summary_line(record)}, "
        f"on {record.backend.kind} {record.backend.version}, {record.started}",
        "sorting": 3,
        "hideDisabled": False,
        "techniques": [_technique(name, detections) for name, detections in sorted(techniques.items())],
        "gradient": {"colors": list(_COLOURS), "minValue": 0, "maxValue": 100},
        "legendItems": [
            {"label": label, "color": colour}
            for label, colour in zip(("no detection passes", "some pass", "all pass"), _COLOURS, strict=True)
        ],
        "showTacticRowBackground": True,
        "tacticRowBackground": "#dddddd",
    }


def _technique(name: str, detections: list[DetectionRecord]) -> dict[str, Any]:
    passing = sum(words.verdict(detection) is Status.PASS for detection in detections)
    return {
        "techniqueID": name,
        "score": round(100 * passing / len(detections)),
        "enabled": True,
        "comment": "\n".join(f"{words.STATUS[words.verdict(each)]}: {each.name}" for each in detections),
        "metadata": [{"name": "detections", "value": str(len(detections))}, {"name": "passing", "value": str(passing)}],
        "showSubtechniques": "." in name,
    }
