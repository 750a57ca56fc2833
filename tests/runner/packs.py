"""Small content repositories for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

SYSMON_SOURCE = "XmlWinEventLog:Microsoft-Windows-Sysmon/Operational"


def detection(name: str = "Net Use", **changes: Any) -> dict[str, Any]:
    """A production detection that reads JSON events. A change of None takes a key away."""
    document: dict[str, Any] = {
        "name": name,
        "id": "640337e5-6e41-4b7f-af06-9d9eab5e1e2d",
        "version": 1,
        "date": "2026-01-02",
        "author": "A",
        "status": "production",
        "type": "TTP",
        "description": "D",
        "data_source": [],
        "search": f"`things` process=*use* | stats count by dest user process | `{stem(name)}_filter`",
        "how_to_implement": "Send the data.",
        "known_false_positives": "None.",
        "references": [],
        "rba": {
            "message": "$user$ ran $process$ on $dest$",
            "risk_objects": [{"field": "dest", "type": "system", "score": 64}],
            "threat_objects": [{"field": "process", "type": "process"}],
        },
        "tags": {
            "analytic_story": ["Story"],
            "asset_type": "Endpoint",
            "mitre_attack_id": ["T1049"],
            "product": ["Splunk Enterprise"],
            "security_domain": "endpoint",
        },
        "tests": [a_test()],
    }
    document.update(changes)
    return {key: value for key, value in document.items() if value is not None}


def a_test(data: str = "data.log", name: str = "True Positive Test", **changes: Any) -> dict[str, Any]:
    return {
        "name": name,
        "attack_data": [{"data": data, "source": "things.log", "sourcetype": "things"}],
        **changes,
    }


def stem(name: str) -> str:
    return name.lower().replace(" ", "_")


def write_pack(root: Path, *detections: dict[str, Any], **files: str) -> Path:
    """A content root with these detections, the macro that they call and their data. ``files`` are further ones."""
    for document in detections:
        write(root / "detections" / f"{stem(document['name'])}.yml", yaml.safe_dump(document, sort_keys=False))
    write(root / "macros" / "things.yml", "name: things\ndefinition: sourcetype=things\n")
    for name, text in files.items():
        write(root / name, text)
    return root


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path
