"""What ``harness serve`` lets whom do: where it listens, who knows its password, what a content root brings."""

from __future__ import annotations

import hmac
import socket
from pathlib import Path

import pytest
import requests

from harness.server.accounts import Accounts
from harness.server.hec_tokens import HecTokens
from tests.server.serving import PASSWORD, Served, serve

pytestmark = pytest.mark.filterwarnings("ignore:Unverified HTTPS")


def listening(process: int) -> set[str]:
    """The addresses on which a process listens, as the kernel has them."""
    sockets = set()
    for link in Path(f"/proc/{process}/fd").iterdir():
        try:
            sockets.add(link.readlink().name.partition("[")[2].rstrip("]"))
        except FileNotFoundError:
            continue
    found = set()
    for table in ("tcp", "tcp6"):
        rows = [line.split() for line in Path(f"/proc/{process}/net/{table}").read_text().splitlines()[1:]]
        hosts = {bytes.fromhex(row[1].partition(":")[0]) for row in rows if row[3] == "0A" and row[9] in sockets}
        found |= {socket.inet_ntoa(host[::-1]) if len(host) == 4 else host.hex() for host in hosts}
    return found


def search(served: Served, path: str, spl: str) -> list[dict[str, str]]:
    reply = requests.post(
        f"{served.rest_url}{path}/search/jobs", auth=("admin", PASSWORD), verify=False, timeout=30,
        data={"search": spl, "exec_mode": "oneshot", "output_mode": "json"},
    )  # fmt: skip
    assert reply.ok, reply.text
    found: list[dict[str, str]] = reply.json()["results"]
    return found


def test_it_listens_on_loopback_unless_told_otherwise(tmp_path: Path) -> None:
    with serve() as served:
        assert listening(served.process.pid) == {"127.0.0.1"}
    with serve(host="127.9.8.7") as served:
        assert listening(served.process.pid) == {"127.9.8.7"}


def test_a_password_is_made_up_and_told_once() -> None:
    passwords = set()
    for _ in range(2):
        with serve(password="") as served:
            line = next(line for line in served.lines if line.startswith("login"))
            password = line.rpartition(" / ")[2]
            passwords.add(password)
            url = f"{served.rest_url}/services/server/info"
            assert requests.get(url, auth=("admin", password), verify=False, timeout=10).status_code == 200
            assert requests.get(url, auth=("admin", password[:-1]), verify=False, timeout=10).status_code == 401
            page = requests.get(served.web_url, timeout=10).text
            assert password not in page
            served.process.terminate()
            assert served.process.stdout is not None
            said = "\n".join([*served.lines, served.process.stdout.read()])
        assert said.count(password) == 1
        assert len(password) >= 20
    assert len(passwords) == 2


def test_the_objects_of_a_content_root_are_there_in_every_app(tmp_path: Path) -> None:
    files = {
        "macros/answer.yml": "name: answer\ndefinition: eval answer=42\ndescription: d\n",
        "lookups/cities.yml": "name: cities\ndescription: d\nlookup_type: csv\nid: 1\nversion: 1\n",
        "lookups/cities.csv": "code,city\nvie,Vienna\n",
        "detections/endpoint/one.yml": (
            "name: One\nid: 7a4f8f1e-0000-4000-8000-000000000001\nversion: 1\ndate: '2026-01-01'\nauthor: a\n"
            "status: production\ntype: Hunting\ndescription: d\ndata_source: []\nsearch: '| makeresults | `answer`'\n"
            "how_to_implement: how\nknown_false_positives: none\nreferences: []\ntags: {analytic_story: [s], "
            "asset_type: Endpoint, mitre_attack_id: [T1049], product: [Splunk Enterprise], security_domain: endpoint}\n"
            "tests: []\n"
        ),
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    with serve("--root", str(tmp_path)) as served:
        for path in ("/services", "/servicesNS/nobody/search", "/servicesNS/admin/launcher", "/servicesNS/-/-"):
            spl = '| makeresults | `answer` | eval code="vie" | lookup cities code | table answer city'
            assert search(served, path, spl) == [{"answer": "42", "city": "Vienna"}]
            saved = requests.get(
                f"{served.rest_url}{path}/saved/searches/ESCU%20-%20One%20-%20Rule", params={"output_mode": "json"},
                auth=("admin", PASSWORD), verify=False, timeout=10,
            )  # fmt: skip
            assert saved.json()["entry"][0]["content"]["search"] == "| makeresults | `answer`"


def test_secrets_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Digests of one length, whether the user exists or not; every token, whichever is right."""
    compared: list[tuple[int, int]] = []
    real = hmac.compare_digest

    def watched(one: bytes, other: bytes) -> bool:
        compared.append((len(one), len(other)))
        return real(one, other)

    monkeypatch.setattr(hmac, "compare_digest", watched)
    accounts = Accounts()
    accounts.add_user("admin", "right", ["admin"])
    for name, password, found in (("admin", "right", True), ("admin", "r", False), ("nobody", "right", False)):
        compared.clear()
        assert (accounts.check(name, password) is not None) is found
        assert compared == [(64, 64)]
    tokens = HecTokens()
    first = tokens.create("first")
    tokens.create("second")
    for value in (first.token, "wrong"):
        compared.clear()
        tokens.find(value)
        assert len(compared) == 2
