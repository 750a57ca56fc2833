"""``--backend URL,URL``: several Splunks share the tests, here two of our own in processes of their own."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from harness.client.address import parse_address
from harness.client.rest import SplunkClient
from tests.cli.command import environment, harness
from tests.cli.test_existing_splunk import login_of
from tests.cli.test_serve import serving
from tests.runner.packs import a_test, detection, write_pack
from tests.runner.test_run import NET_USE

MADE_UP = re.compile("harness_[0-9a-f]{12}")
OLDER = "import sys, harness.server.endpoints.server as s; s.VERSION = '9.1.0'; from harness.cli.root import run; "


def a_pack(root: Path, passing: int = 2) -> None:
    write_pack(
        root,
        *(detection(f"Good {number}") for number in range(passing)),
        detection("Silent", search="`things` process=nothing | stats count by dest user process | `silent_filter`"),
        detection("Two Tests", tests=[a_test(), a_test(name="Second")]),
        detection("Unsupported", search="`things` | sendemail to=a"),
        **{"data.log": NET_USE},
    )


def url_of(told: dict[str, str]) -> str:
    """With the login in it, as each server has its own."""
    url, login = login_of(told)
    return url.replace("//", f"//{login['HARNESS_USERNAME']}:{login['HARNESS_PASSWORD']}@")


def client_of(url: str) -> SplunkClient:
    return SplunkClient(parse_address(url, {}))


def indexes_made(client: SplunkClient) -> list[str]:
    with client.service() as service:
        return [index.name for index in service.indexes if index.name.startswith("harness_")]


def verdicts(path: Path) -> list[Any]:
    """All that a record says of its tests, but for the name that each makes up for its index."""
    return [
        (
            item["name"],
            result["level"],
            result["test"],
            result["status"],
            MADE_UP.sub("INDEX", result["reason"]),
            result["result_count"],
        )
        for item in json.loads(path.read_text())["detections"]
        for result in item["results"]
    ]


def test_two_servers_give_the_verdicts_of_one_in_the_same_order(tmp_path: Path) -> None:
    a_pack(tmp_path)
    with serving(tmp_path) as (_, first), serving(tmp_path) as (_, second):
        urls = [url_of(first), url_of(second)]
        one = harness("test", "--backend", urls[0], "--report", "json=one.json", cwd=tmp_path)
        two = harness("test", "--backend", ",".join(urls), "--report", "json=two.json", cwd=tmp_path)
        assert [indexes_made(client_of(url)) for url in urls] == [[], []]
    assert (one.code, two.code, two.err) == (1, 1, "")
    assert verdicts(tmp_path / "two.json") == verdicts(tmp_path / "one.json")
    assert {verdict[3] for verdict in verdicts(tmp_path / "one.json")} >= {"pass", "fail", "error"}


@contextmanager
def in_the_middle(folder: Path, urls: list[str]) -> Iterator[subprocess.Popen[str]]:
    """A run on these servers that is at a test on the second one."""
    client = client_of(urls[1])
    running = subprocess.Popen(
        [sys.executable, "-m", "harness", "test", "--backend", ",".join(urls), "--report", "json=two.json"],
        cwd=folder,
        env=environment(folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        while not indexes_made(client) and running.poll() is None:
            pass  # asked without a pause: an index is there for the moment of its test only
        yield running
    finally:
        running.kill()


def test_a_server_that_is_killed_leaves_its_test_to_the_other(tmp_path: Path) -> None:
    a_pack(tmp_path, passing=12)
    with serving(tmp_path) as (_, first), serving(tmp_path) as (doomed, second):
        urls = [url_of(first), url_of(second)]
        harness("test", "--backend", urls[0], "--report", "json=one.json", cwd=tmp_path)
        with in_the_middle(tmp_path, urls) as running:
            doomed.kill()
            _, err = running.communicate(timeout=120)
    assert running.returncode == 1
    assert f"the tests go on without a server that was lost: nothing answers at {login_of(second)[0]}" in err
    assert verdicts(tmp_path / "two.json") == verdicts(tmp_path / "one.json")


def test_with_no_server_left_every_test_says_why_it_was_not_run(tmp_path: Path) -> None:
    a_pack(tmp_path, passing=12)
    with serving(tmp_path) as (one, first), serving(tmp_path) as (other, second):
        urls = [url_of(first), url_of(second)]
        with in_the_middle(tmp_path, urls) as running:
            one.kill()
            other.kill()
            running.communicate(timeout=120)
    assert running.returncode in {1, 4}
    found = verdicts(tmp_path / "two.json")
    assert found[-1][3] == "error"
    assert "nothing answers at" in found[-1][4]


def test_servers_of_two_versions_are_refused_before_any_test(tmp_path: Path) -> None:
    a_pack(tmp_path)
    older = ("-c", OLDER + "sys.exit(run(sys.argv[1:]))")
    with serving(tmp_path) as (_, first), serving(tmp_path, program=older) as (_, second):
        ended = harness("test", "--backend", f"{url_of(first)},{url_of(second)}", cwd=tmp_path)
        password = login_of(second)[1]["HARNESS_PASSWORD"]
    assert ended.code == 3
    assert f"the servers are not alike: {login_of(second)[0]} is Splunk 9.1.0" in ended.err
    assert password not in ended.err + ended.out
    assert "Good 0" not in ended.out


def test_a_server_that_is_not_there_is_told_before_any_test(tmp_path: Path) -> None:
    a_pack(tmp_path)
    with serving(tmp_path) as (_, first):
        ended = harness("test", "--backend", f"{url_of(first)},https://a:b@127.0.0.1:9", cwd=tmp_path)
    assert ended.code == 3
    assert "nothing answers at https://127.0.0.1:9" in ended.err


@pytest.mark.parametrize(
    ("backend", "env", "complaint"),
    [
        ("https://a:b@h:8089,https://c:d@H:8089/", {}, "--backend names h:8089 twice"),
        ("https://a:b@h:8089,https://a:b@i:8089", {"HARNESS_HEC_URL": "https://h:8088"}, "is one event collector"),
    ],
)
def test_servers_that_would_get_each_others_data_are_refused(
    tmp_path: Path, backend: str, env: dict[str, str], complaint: str
) -> None:
    a_pack(tmp_path)
    ended = harness("test", "--backend", backend, cwd=tmp_path, env=env)
    assert ended.code == 2
    assert complaint in ended.err
