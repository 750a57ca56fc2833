"""Real detections over real attack data, each with what must come out: run as a user runs them, and compared."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from tests.catalogue.corpus_content import unpack
from tests.corpus import require_corpus
from tests.locations import city, write_locations

pytestmark = [pytest.mark.corpus, pytest.mark.timeout(300)]

EXPLAINED: Final = Path(__file__).parent / "verdicts.yml"

MACROS: Final = {
    "audit_searches": "index=_audit sourcetype=audittrail action=search",
    "splunk_python": "index=_internal sourcetype=splunk_python",
    "splunkd": "index=_internal sourcetype=splunkd",
    "splunkd_investigation_rest_handler": "index=_internal sourcetype=investigation_rest_handler",
    "splunkd_ui": "index=_internal sourcetype=splunkd_ui_access",
    "splunkd_webx": "index=_internal sourcetype IN (splunk_web_access, access_combined_wcookie)",
}
"""Of the environment, and not in the corpus: where a Splunk writes what it does itself. The last one stands for both
source types that tests over the years have sent the same log as."""

LOCATIONS: Final = {
    "74.208.236.0/24": city("Philadelphia", "Pennsylvania", "United States", 39.95, -75.17),
    "41.76.192.0/24": city("Lagos", "Lagos", "Nigeria", 6.45, 3.39),
}

UNKNOWN_DETECTION: Final = {
    "version": 1,
    "date": "2024-01-01",
    "author": "unknown",
    "type": "Hunting",
    "description": "An older detection, of which the search is recorded.",
    "data_source": [],
    "how_to_implement": "Send the data.",
    "known_false_positives": "None.",
    "references": [],
    "tags": {"analytic_story": ["None"], "asset_type": "Endpoint", "product": ["Splunk Enterprise"]},
}


@dataclass(frozen=True, slots=True)
class Triple:
    """One detection with the datasets that its test sends, and whether it must find something."""

    name: str
    finds: bool
    rows: int
    status: str
    reason: str


def write_detection(folder: Path, number: int, recorded: list[dict[str, Any]], corpus: Path, content: Path) -> None:
    first = recorded[0]
    document = {"name": first["name"], "id": f"00000000-0000-4000-8000-{number:012d}", **UNKNOWN_DETECTION}
    if first["detection_from"] == "security_content.tar.gz":
        document = yaml.safe_load((content / first["detection_file"]).read_text(encoding="utf-8"))
        document["tags"].pop("manual_test", None)
    document |= {"status": "production", "search": first["search"]}
    data = [
        {
            "data": str(corpus / row["dataset"]),
            "source": row["source"],
            "sourcetype": row["sourcetype"],
            **({"custom_index": row["custom_index"]} if row["custom_index"] else {}),
        }
        for row in recorded
    ]
    document["tests"] = [{"name": "True Positive Test", "attack_data": data}]
    path = folder / f"{number:02d}" / Path(first["detection_file"]).name
    path.parent.mkdir(parents=True)
    path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")


def grouped(corpus: Path) -> list[list[dict[str, Any]]]:
    """The recorded rows; those of one detection belong together."""
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in json.loads((corpus / "triples.json").read_text(encoding="utf-8")):
        groups.setdefault((row["detection_file"], row["name"]), []).append(row)
    return list(groups.values())


@pytest.fixture(scope="module")
def triples(tmp_path_factory: pytest.TempPathFactory) -> list[Triple]:
    corpus = require_corpus()
    root = tmp_path_factory.mktemp("triples")
    content = unpack(corpus, root / "content")
    for part in ("macros", "lookups"):
        shutil.copytree(content / part, root / part)
    for name, definition in MACROS.items():
        text = yaml.safe_dump({"name": name, "definition": definition})
        (root / "macros" / f"{name}.yml").write_text(text, encoding="utf-8")
    groups = grouped(corpus)
    for number, recorded in enumerate(groups):
        write_detection(root / "detections", number, recorded, corpus, content)
    shutil.rmtree(root / "content")
    database = write_locations(root / "cities.mmdb", LOCATIONS)
    report = root / "record.json"
    done = subprocess.run(
        [
            *(sys.executable, "-m", "harness", "test", "--root", str(root)),
            *("--level", "unit", "--offline", "--quiet", "--report", f"json={report}"),
        ],
        env={**os.environ, "HARNESS_GEOIP_DB": str(database)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    record = json.loads(report.read_text(encoding="utf-8"))
    return list(paired(groups, record["detections"]))


def paired(groups: list[list[dict[str, Any]]], detections: list[dict[str, Any]]) -> Iterator[Triple]:
    results = {detection["file"].split("/")[-2]: detection["results"] for detection in detections}
    for number, recorded in enumerate(groups):
        (result,) = results[f"{number:02d}"]
        yield Triple(
            recorded[0]["name"],
            recorded[0]["expected"].startswith("yes"),
            result.get("result_count") or 0,
            result["status"],
            result["reason"],
        )


def test_what_must_be_found_is_found_and_nothing_else(triples: list[Triple]) -> None:
    """A detection that finds something passes, and one that finds nothing fails, or ``verdicts.yml`` says why not."""
    assert len(triples) == 57  # 58 rows: one detection has two, one for each of its datasets
    assert [triple for triple in triples if (triple.rows > 0) != triple.finds] == []
    explained = yaml.safe_load(EXPLAINED.read_text(encoding="utf-8"))
    unusual = {triple.name: triple for triple in triples if triple.status != ("pass" if triple.finds else "fail")}
    assert unusual.keys() == explained.keys()
    for name, triple in unusual.items():
        said = explained[name]
        assert (triple.status, triple.rows) == (said["status"], said["rows"])
        assert triple.reason.startswith(said["reason"])
        assert said["evidence"]
