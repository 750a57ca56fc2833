"""Clients that are not Python log in, search and read the results: the SDK for JavaScript, and curl."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.peers.environment import node_modules
from tests.server.serving import PASSWORD, Served, serve

pytestmark = pytest.mark.timeout(300)  # with the time to install what is not there yet

SEARCH = "| makeresults count=3 | streamstats count as n | eval double=n*2 | fields n double | fields - _time"
ROWS = [["1", "2"], ["2", "4"], ["3", "6"]]
SCRIPT = Path(__file__).parent / "peers" / "search.js"


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with serve() as running:
        yield running


def test_the_sdk_for_javascript(served: Served) -> None:
    """Its tests take any certificate; so does this one."""
    folder = node_modules("splunk-sdk-javascript", ["splunk-sdk@2"])
    said = subprocess.run(
        ["node", str(SCRIPT), str(served.rest_port), PASSWORD, SEARCH],
        env={**os.environ, "NODE_PATH": str(folder / "node_modules"), "NODE_TLS_REJECT_UNAUTHORIZED": "0"},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert said.returncode == 0, said.stderr
    assert json.loads(said.stdout) == {"fields": ["n", "double"], "rows": ROWS}


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed here")
class TestCurl:
    @staticmethod
    def curl(served: Served, path: str, *arguments: str) -> str:
        command = [
            "curl",
            "--silent",
            "--show-error",
            "--fail-with-body",
            "--insecure",
            *arguments,
            served.rest_url + path,
        ]
        said = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert said.returncode == 0, said.stdout + said.stderr
        return said.stdout

    def test_login_search_results(self, served: Served) -> None:
        """As the REST tutorial has it: a session key, a job, its state, its rows."""
        login = ["-d", "username=admin", "--data-urlencode", f"password={PASSWORD}", "-d", "output_mode=json"]
        key = json.loads(self.curl(served, "/services/auth/login", *login))["sessionKey"]
        session = ["-H", f"Authorization: Splunk {key}"]
        started = self.curl(served, "/services/search/jobs", *session, "--data-urlencode", f"search={SEARCH}",
                            "-d", "exec_mode=blocking", "-d", "output_mode=json")  # fmt: skip
        sid = json.loads(started)["sid"]
        state = json.loads(self.curl(served, f"/services/search/jobs/{sid}?output_mode=json", *session))
        assert state["entry"][0]["content"]["dispatchState"] == "DONE"
        csv = self.curl(served, f"/services/search/v2/jobs/{sid}/results?output_mode=csv&count=0", *session)
        assert csv.split() == ["n,double", *(",".join(row) for row in ROWS)]
        xml = self.curl(served, f"/services/search/jobs/{sid}/results", *session)
        assert xml.count("<result offset=") == len(ROWS)

    def test_export_with_a_password(self, served: Served) -> None:
        login = ["-u", f"admin:{PASSWORD}"]
        told = self.curl(served, "/services/search/jobs/export", *login, "--data-urlencode", f"search={SEARCH}",
                         "-d", "output_mode=json")  # fmt: skip
        rows = [json.loads(line)["result"] for line in told.splitlines()]
        assert [[row["n"], row["double"]] for row in rows] == ROWS

    def test_a_wrong_password(self, served: Served) -> None:
        command = ["curl", "-sk", "-w", "%{http_code}", "-d", "username=admin&password=wrong",
                   f"{served.rest_url}/services/auth/login"]  # fmt: skip
        said = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False).stdout
        assert said.endswith("401")
        assert "Login failed" in said
