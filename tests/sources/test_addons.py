"""Our detections find the same with the vendors' add-ons in the place of ours, where these are at hand."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ADDONS = os.environ.get("ADDONS", "")
ROOT = Path(__file__).parent.parent.parent

# What the add-ons make of a log that is replayed differs from what they make of one that their inputs collect.
KNOWN = {
    "crowdstrike-falcon.log": "hosts are named by an inventory that the add-on's inputs bring",
    "windows-security-4769-benign.log": "no time is found in XML: the input of Windows events brings it",
    "suricata-alerts.log": "TA-suricata-4 has two aliases called dest, and Splunk does not say which counts",
    "zeek-conn-long.log": "Splunk_TA_bro gives JSON no bytes",
}


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.skipif(not ADDONS, reason="ADDONS names no folder of the vendors' add-ons")
def test_the_detections_of_this_repository_pass_with_the_vendors_add_ons(tmp_path: Path) -> None:
    apps = [argument for path in sorted(Path(ADDONS).iterdir()) for argument in ("--app", str(path))]
    assert apps
    record = tmp_path / "record.json"
    command = ["test", "--root", str(ROOT), "--level", "unit", "--report", f"json={record}", *apps]
    subprocess.run([sys.executable, "-m", "harness", *command], capture_output=True, timeout=800, check=False)
    failed = {
        f"{detection['name']}: {result['test']}": result["reason"]
        for detection in json.loads(record.read_text(encoding="utf-8"))["detections"]
        for result in detection["results"]
        if result["status"] != "pass" and not any(Path(item["data"]).name in KNOWN for item in result["datasets"])
    }
    assert failed == {}
