"""Run the integration tests of the official Python SDK, as they are, against ``harness serve``.

``python -m tests.server.sdk_suite CHECKOUT`` prints passed and failed tests per file, and what failed and why. CHECKOUT
is a clone of splunk/splunk-sdk-python; it is copied, never changed. Its tests find the server in a file ``.env``; some
look at localhost:8089 and 8088 whatever it says, so these ports are taken where they are free.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from splunklib import client

from tests.server.peers.environment import python_tools
from tests.server.serving import PASSWORD, Served, serve

REQUIREMENTS = ("pytest", "pytest-timeout", "python-dotenv", "deprecation")
TEST_SECONDS = 90
"""Some of the tests wait in a loop for what the server does not do."""
RUN_SECONDS = 1800
TOKEN = "11111111-1111-1111-1111-1111111111113"
"""Of the container that the tests are written for."""

NEEDED = [
    "collection", "conf", "event_type", "fired_alert", "index", "job", "kvstore_batch", "kvstore_conf", "kvstore_data",
    "macro", "message", "results", "role", "saved_search", "service", "storage_passwords", "user",
]  # fmt: skip
"""The files whose tests have to pass, but for a tenth."""


@dataclass
class File:
    """One test file: how many of its tests ended how, and the reasons of those that did not pass."""

    counts: Counter[str] = field(default_factory=Counter)
    reasons: dict[str, str] = field(default_factory=dict)


def run(checkout: Path, arguments: tuple[str, ...] = ("tests/integration",)) -> dict[str, File]:
    """Every test but those that need an app of their own on the server."""
    python = python_tools("splunk-sdk-python", REQUIREMENTS) / "python"
    with TemporaryDirectory() as folder:
        copy = Path(folder) / "checkout"
        shutil.copytree(checkout, copy, ignore=shutil.ignore_patterns(".git"))
        ports = [port if free(port) else 0 for port in (8089, 8088)]  # some tests know no others
        with serve(port=ports[0], hec_port=ports[1]) as served:
            add_token(served)
            settings = {"host": served.host, "port": served.rest_port, "username": "admin", "password": PASSWORD,
                        "scheme": "https", "version": "9.0"}  # fmt: skip
            (copy / ".env").write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
            command = [str(python), "-m", "pytest", *arguments, "-m", "not app", "-q", "-p", "no:cacheprovider"]
            command += [f"--timeout={TEST_SECONDS}", "--junit-xml=report.xml"]
            subprocess.run(command, cwd=copy, timeout=RUN_SECONDS, capture_output=True, check=False)
        return read(copy / "report.xml")


def add_token(served: Served) -> None:
    service = client.connect(host=served.host, port=served.rest_port, username="admin", password=PASSWORD)
    service.post("data/inputs/http", name="sdk", token=TOKEN)


def free(port: int) -> bool:
    with socket.socket() as found:
        return found.connect_ex(("127.0.0.1", port)) != 0


def read(report: Path) -> dict[str, File]:
    files: dict[str, File] = {}
    for case in ElementTree.parse(report).iter("testcase"):
        name = case.get("classname", "").split(".")[2].removeprefix("test_")
        found = files.setdefault(name, File())
        bad = next((each for each in case if each.tag in {"failure", "error", "skipped"}), None)
        found.counts["passed" if bad is None else "skipped" if bad.tag == "skipped" else "failed"] += 1
        if bad is not None and bad.tag != "skipped":
            found.reasons[case.get("name", "")] = " ".join((bad.get("message") or bad.text or "").split())[:300]
    return files


def share(files: dict[str, File], names: list[str]) -> tuple[int, int]:
    """How many tests of these files passed, of how many that ran."""
    wanted = [files[name] for name in names if name in files]
    passed = sum(found.counts["passed"] for found in wanted)
    return passed, passed + sum(found.counts["failed"] for found in wanted)


def table(files: dict[str, File]) -> str:
    lines = ["| file | passed | failed | skipped |", "|---|---:|---:|---:|"]
    for name, found in sorted(files.items()):
        counts = found.counts
        lines.append(f"| {name} | {counts['passed']} | {counts['failed']} | {counts['skipped']} |")
    passed, ran = share(files, sorted(files))
    needed, of = share(files, NEEDED)
    lines += ["", f"all: {passed} of {ran}; the files that have to pass: {needed} of {of}"]
    lines += [
        f"* {name}: {test}: {why}" for name, found in sorted(files.items()) for test, why in found.reasons.items()
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    print(table(run(Path(sys.argv[1]).resolve(), tuple(sys.argv[2:]) or ("tests/integration",))))
