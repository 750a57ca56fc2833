"""Our own datasets are described as those of the attack data repository are, and hold what they say."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml

ROOT = Path(__file__).parents[2]
MANIFESTS = sorted((ROOT / "attack_data").rglob("*.yml"))
DATASETS = [(path, item) for path in MANIFESTS for item in yaml.safe_load(path.read_text(encoding="utf-8"))["datasets"]]
EVENT = "{http://schemas.microsoft.com/win/2004/08/events/event}"

STARTS = {"XmlWinEventLog": r"\n(?=<Event )", "WinEventLog": r"\n(?=\d\d/\d\d/\d{4} )"}

# What every event of a source type that is neither XML nor JSON looks like.
TEXTS = {
    "WinEventLog": r"\d\d/\d\d/\d{4} \d\d:\d\d:\d\d [AP]M\nLogName=(?P<log>[^\n]+)\n(?:[^\n]*\n)*Message=(?s:.+)",
    "cisco:asa": r"[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d [\w-]+ : %ASA-\d-\d{6}: .+",
    "linux:audit": r"type=[A-Z_]+ msg=audit\(\d+\.\d{3}:\d+\): .+",
    "linux_secure": r"[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d [\w-]+ [\w-]+\[\d+\]: .+",
    "ms:iis:auto": r"#\w+: .+|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d( \S+){13}",
    "nginx:plus:kv": r'\w+="[^"]*"( \w+="[^"]*")+',
    "pan:traffic": r"<\d+>1 \S+ \S+ - - - - 1,\d{4}/\d\d/\d\d [^,]+,\d+,TRAFFIC,(?:[^,]*,)+",
    "stash": r'\d{10}(, [\w.]+="[^"]*")+',
}


def texts_of(path: Path, sourcetype: str) -> list[str]:
    """The events of a dataset as they are written; those of Windows may have more lines than one."""
    text = path.read_text(encoding="utf-8").removesuffix("\n")
    return re.split(STARTS.get(sourcetype, "\n"), text)


def xml_datasets() -> Iterator[tuple[Path, dict[str, Any]]]:
    return ((manifest, item) for manifest, item in DATASETS if item["sourcetype"] == "XmlWinEventLog")


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.stem)
def test_a_manifest_has_the_keys_of_the_public_schema(path: Path) -> None:
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert document.keys() == {
        "author", "id", "date", "description", "environment", "directory", "mitre_technique", "datasets",
    }  # fmt: skip
    assert uuid.UUID(document["id"])
    assert date.fromisoformat(document["date"])
    assert document["directory"] == path.parent.name == path.stem
    assert all(re.fullmatch(r"T\d{4}(\.\d{3})*", technique) for technique in document["mitre_technique"])
    assert all(item.keys() == {"name", "path", "source", "sourcetype"} for item in document["datasets"])


@pytest.mark.parametrize(("manifest", "item"), DATASETS, ids=[item["name"] for _, item in DATASETS])
def test_every_event_is_one_of_its_source(manifest: Path, item: dict[str, Any]) -> None:
    texts = texts_of(manifest.parent / item["path"], item["sourcetype"])
    assert texts
    for text in texts:
        if item["sourcetype"] == "XmlWinEventLog":
            event = ElementTree.fromstring(text)
            channel = event.findtext(f"{EVENT}System/{EVENT}Channel")
            assert item["source"] == f"XmlWinEventLog:{channel}"
        elif item["sourcetype"] in TEXTS:
            found = re.fullmatch(TEXTS[item["sourcetype"]], text)
            assert found
            assert found.groupdict().get("log") in (None, item["source"].removeprefix("WinEventLog:"))
        else:
            assert isinstance(json.loads(text), dict)


def test_every_dataset_is_used_by_a_test_and_every_file_is_described() -> None:
    described = {(manifest.parent / item["path"]).resolve() for manifest, item in DATASETS}
    assert described == {path.resolve() for path in (ROOT / "attack_data").rglob("*") if path.suffix == ".log"}
    detections = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in (ROOT / "detections").rglob("*.yml")]
    used = {
        (ROOT / data["data"]).resolve()
        for detection in detections
        for test in detection["tests"]
        for data in test["attack_data"]
    }
    assert used == described


def test_records_of_a_log_are_numbered_in_the_order_of_their_times() -> None:
    for manifest, item in xml_datasets():
        text = (manifest.parent / item["path"]).read_text(encoding="utf-8")
        records = [int(number) for number in re.findall(r"<EventRecordID>(\d+)<", text)]
        times = re.findall(r"SystemTime='([^']+)'", text)
        assert (records, times) == (sorted(set(records)), sorted(times)), item["path"]


def test_every_detection_has_data_that_it_must_not_find() -> None:
    for path in (ROOT / "detections").rglob("*.yml"):
        counts = [test["expect"]["count"] for test in yaml.safe_load(path.read_text(encoding="utf-8"))["tests"]]
        assert "0" in counts, path.name
        assert len(set(counts)) > 1, path.name
