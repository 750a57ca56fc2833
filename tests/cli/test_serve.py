"""``harness serve`` from the outside."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from harness.client.address import parse_address
from harness.client.hec import HecClient, Target
from harness.client.rest import SplunkClient
from tests.cli.command import environment, harness, take_interrupts
from tests.runner.packs import detection, write_pack
from tests.runner.test_run import NET_USE


@contextmanager
def serving(
    cwd: Path, *arguments: str, program: tuple[str, str] = ("-m", "harness")
) -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """The process, and what it printed by the first word of each line."""
    process = subprocess.Popen(
        [sys.executable, "-u", *program, "serve", "--port=0", "--hec-port=0", "--web-port=0", *arguments],
        cwd=cwd,
        env=environment(cwd),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=take_interrupts,
    )
    try:
        assert process.stdout is not None
        told: dict[str, str] = {}
        for line in process.stdout:
            word, _, rest = line.partition(" ")
            told[word] = rest.strip()
            if word == "Ctrl-C":
                break
        yield process, told
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 0)])
def test_it_tells_how_to_log_in_answers_and_ends_cleanly(tmp_path: Path, sent: signal.Signals, code: int) -> None:
    with serving(tmp_path) as (process, told):
        url = told["REST"].split()[-1]
        password = told["login"].split(" / ")[1]
        address = parse_address(url, {"HARNESS_USERNAME": "admin", "HARNESS_PASSWORD": password})
        client = SplunkClient(address)
        assert client.connect().name
        hec_url, _, token = told["HEC"].split()
        with HecClient(address.with_hec(hec_url, token)) as hec:
            hec.send_raw(b"2026-01-02T03:04:05Z hello\n", Target("s", "t", "main", "h"))
        assert client.ask("| tstats count where index=main") == [{"count": "1"}]
        page = requests.get(told["web"].split()[-1], timeout=10).text
        assert "<td>main</td><td>1 event</td>" in page
        assert password not in page
        process.send_signal(sent)
        _, errors = process.communicate(timeout=20)
        assert process.returncode == code
        assert "Traceback" not in errors


def test_the_detections_of_the_content_are_saved_searches_that_can_be_run(tmp_path: Path) -> None:
    write_pack(tmp_path, detection(), **{"data.log": NET_USE})
    with serving(tmp_path) as (_, told):
        login = {"HARNESS_USERNAME": "admin", "HARNESS_PASSWORD": told["login"].split(" / ")[1]}
        address = parse_address(told["REST"].split()[-1], login)
        client = SplunkClient(address)
        saved = client.saved_search("ESCU - Net Use - Rule")
        assert saved is not None
        assert (saved["cron_schedule"], saved["disabled"], saved["is_scheduled"]) == ("0 * * * *", "1", "1")
        assert saved["action.risk"] == "1"
        hec_url, _, token = told["HEC"].split()
        with HecClient(address.with_hec(hec_url, token)) as hec:
            hec.send_raw(NET_USE.encode(), Target("s", "things", "main", "h"))
        saved.enable()
        job = saved.dispatch(trigger_actions="1", **{"dispatch.earliest_time": "0", "dispatch.latest_time": "now"})
        assert client.outcome(job.sid).result_count == 2
        assert client.count("search index=risk") == 2


def test_a_password_that_was_given_is_not_printed(tmp_path: Path) -> None:
    with serving(tmp_path, "--no-tls", "--username", "me", "--password", "s3cret") as (_, told):
        assert "s3cret" not in " ".join(told.values())
        url = told["REST"].split()[-1]
        assert requests.get(f"{url}/services/server/info", auth=("me", "s3cret"), timeout=10).status_code == 200
        assert requests.get(f"{url}/services/server/info", auth=("me", "wrong"), timeout=10).status_code == 401


def test_a_port_in_use_is_exit_code_3_with_what_to_do(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = harness("serve", "--port", str(port), "--hec-port", "0", cwd=tmp_path)
    assert ended.code == 3
    assert f"management port {port} on 127.0.0.1 cannot be had" in ended.err
    assert "--port" in ended.err


def test_a_refused_login_is_exit_code_3(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("2026-01-02T03:04:05Z hello\n")
    with serving(tmp_path) as (_, told):
        url = told["REST"].split()[-1]
        login = {"HARNESS_USERNAME": "admin", "HARNESS_PASSWORD": "wrong"}
        ended = harness("replay", "a.log", "--sourcetype", "t", "--backend", url, cwd=tmp_path, env=login)
    assert ended.code == 3
    assert f"{url} refuses the login of admin" in ended.err
