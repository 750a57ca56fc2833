"""``harness serve`` as its users start it: a process of its own, on free ports, told by what it prints."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

STOP_SECONDS = 20
PASSWORD = "correct horse"


@dataclass
class Served:
    """What a running ``harness serve`` said, and its process."""

    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)
    rest_url: str = ""
    hec_url: str = ""
    hec_token: str = ""
    web_url: str = ""

    @property
    def host(self) -> str:
        return urlsplit(self.rest_url).hostname or ""

    @property
    def rest_port(self) -> int:
        return urlsplit(self.rest_url).port or 0

    @property
    def hec_port(self) -> int:
        return urlsplit(self.hec_url).port or 0

    @property
    def web_port(self) -> int:
        return urlsplit(self.web_url).port or 0


@contextmanager
def serve(
    *options: str,
    host: str = "127.0.0.1",
    port: int = 0,
    hec_port: int = 0,
    password: str = PASSWORD,
    cwd: Path | None = None,
) -> Iterator[Served]:
    """A server that is stopped at the end. Without ``cwd`` it stands where no content is."""
    with TemporaryDirectory() as nowhere:
        command = [sys.executable, "-m", "harness", "serve", "--host", host, "--port", str(port), "--web-port", "0"]
        command += ["--hec-port", str(hec_port), *(["--password", password] if password else []), *options]
        served = start(command, cwd or Path(nowhere))
        try:
            yield served
        finally:
            served.process.terminate()
            served.process.communicate(timeout=STOP_SECONDS)


def start(command: list[str], cwd: Path) -> Served:
    """The process, once it serves. What it says instead is the error."""
    process = subprocess.Popen(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    served = Served(process)
    assert process.stdout is not None
    for line in process.stdout:
        served.lines.append(line.rstrip("\n"))
        if match := re.match(r"REST API +(\S+)", line):
            served.rest_url = match[1]
        elif match := re.match(r"HEC +(\S+) +token (\S+)", line):
            served.hec_url, served.hec_token = match[1], match[2]
        elif match := re.match(r"web page +(\S+)", line):
            served.web_url = match[1]
        elif line.startswith("Ctrl-C"):
            return served
    process.wait(STOP_SECONDS)
    raise AssertionError(f"serve ended with {process.returncode}: " + "\n".join(served.lines))
