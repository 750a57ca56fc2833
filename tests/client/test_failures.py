"""Every way in which a Splunk cannot be talked to is one clear error with exit code 3."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from harness.client import rest
from harness.client.address import Address, Credentials, Trust
from harness.client.hec import HecClient, Target
from harness.client.rest import SplunkClient
from harness.errors import BackendError, ExitCode, SPLSyntaxError, UnsupportedSPL
from tests.client.fake import Answer, Request, fake_server, make_certificate

WHO = Credentials("admin", "changed!")
SESSION = "<response><sessionKey>key</sessionKey></response>"
XML_INFO = (
    '<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>server-info</title><content type="text/xml">'
    '<s:dict xmlns:s="http://dev.splunk.com/ns/rest"><s:key name="version">10.4.2</s:key></s:dict>'
    "</content></entry></feed>"
)
INFO = '{"entry": [{"name": "server-info", "content": {"serverName": "s", "version": "10.4.2"}}]}'
TARGET = Target(source="s", sourcetype="t", index="main", host="h")


def refuse(text: str, kind: str = "ERROR") -> str:
    return f'<response><messages><msg type="{kind}">{text}</msg></messages></response>'


def failure(address: Address) -> BackendError:
    with pytest.raises(BackendError) as caught:
        SplunkClient(address).connect()
    assert caught.value.exit_code == ExitCode.BACKEND
    assert "changed!" not in str(caught.value)
    return caught.value


def test_nothing_listens() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"https://127.0.0.1:{free.getsockname()[1]}"
        assert failure(Address(url, WHO)).message == f"nothing answers at {url}: connection refused"


def test_the_host_is_unknown() -> None:
    assert (
        "the host of https://no-such-host.invalid:8089 is unknown"
        in failure(Address("https://no-such-host.invalid:8089", WHO)).message
    )


def test_the_certificate_is_not_trusted_until_its_authority_is_named(tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path)

    def splunk(request: Request) -> Answer:
        return 200, SESSION if request.path.endswith("/auth/login") else INFO

    with fake_server(splunk, certificate) as server:
        error = failure(Address(server.url, WHO))
        assert "is not trusted: self-signed certificate" in error.message
        assert "HARNESS_CA_FILE" in error.hint
        for trust in (Trust(ca_file=certificate), Trust(verify=False)):
            assert SplunkClient(Address(server.url, WHO, trust)).connect().version == "10.4.2"


def test_https_to_a_server_that_speaks_http() -> None:
    with fake_server(lambda _: (200, "")) as server:
        error = failure(Address(server.url.replace("http:", "https:"), WHO))
    assert "no TLS connection" in error.message or "closed the connection" in error.message


def test_http_to_a_server_that_speaks_https(tmp_path: Path) -> None:
    with fake_server(lambda _: (200, ""), make_certificate(tmp_path)) as server:
        assert (
            server.url.replace("https:", "http:")
            in failure(Address(server.url.replace("https:", "http:"), WHO)).message
        )


@pytest.mark.parametrize(
    "answer",
    [
        lambda _: (200, "<html><body>It works!<br></body></html>"),
        lambda _: (200, "<html><body>It works!</body></html>"),
        lambda _: (200, ""),
        lambda _: (404, "not here"),
        lambda request: (200, SESSION if "login" in request.path else "<feed/>"),
        lambda request: (200, SESSION if "login" in request.path else '{"a": 1}'),
        lambda request: (200, SESSION if "login" in request.path else "[1]"),
    ],
)
def test_something_else_answers(answer: Callable[[Request], Answer]) -> None:
    with fake_server(answer) as server:
        assert "answers, but not as a Splunk does" in failure(Address(server.url, WHO)).message


def test_the_login_is_refused() -> None:
    with fake_server(lambda _: (401, refuse("Login failed", "WARN"))) as server:
        error = failure(Address(server.url, WHO))
    assert error.message == f"{server.url} refuses the login of admin"
    assert "HARNESS_USERNAME" in error.hint


def test_the_token_is_refused() -> None:
    with fake_server(lambda _: (401, refuse("call not properly authenticated", "WARN"))) as server:
        assert failure(Address(server.url, Credentials(token="t"))).message.endswith("refuses the login of the token")
        assert server.requests[0].headers["Authorization"] == "Bearer t"


def test_a_server_that_does_not_answer_is_not_waited_for_longer_than_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rest, "REQUEST_SECONDS", 0.2)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        assert failure(Address(url, WHO)).message == f"{url} did not answer in time"


def searching(answer: Answer) -> Callable[[Request], Answer]:
    def splunk(request: Request) -> Answer:
        if request.path.endswith("/auth/login"):
            return 200, SESSION
        if "/jobs" in request.path:
            return answer
        return 200, INFO if request.query.get("output_mode") == "json" else XML_INFO

    return splunk


def test_a_search_that_the_server_refuses_is_an_error_of_the_search_in_splunks_words() -> None:
    with fake_server(searching((400, refuse("Unknown search command 'tstatz'.", "FATAL")))) as server:
        client = SplunkClient(Address(server.url, WHO))
        with pytest.raises(SPLSyntaxError) as caught:
            client.ask("| tstatz")
    assert caught.value.message == "Unknown search command 'tstatz'."


def test_a_search_that_the_embedded_engine_does_not_implement_is_told_apart() -> None:
    with fake_server(searching((400, refuse("Unsupported: the command 'map'", "FATAL")))) as server:
        client = SplunkClient(Address(server.url, WHO))
        with pytest.raises(UnsupportedSPL, match="the command 'map'"):
            client.ask("| map x")


@pytest.mark.parametrize("status", [403, 500, 503])
def test_a_server_that_cannot_search_is_no_fault_of_the_search(status: int) -> None:
    with fake_server(searching((status, refuse("disk full")))) as server:
        client = SplunkClient(Address(server.url, WHO))
        with pytest.raises(BackendError, match="disk full"):
            client.ask("search index=main")


def hec(answer: Callable[[Request], Answer]) -> BackendError:
    with fake_server(answer) as server:
        address = Address("https://unused:8089", WHO, hec_url=server.url, hec_token="t")
        with HecClient(address) as client, pytest.raises(BackendError) as caught:
            client.send_raw(b"data", TARGET)
    return caught.value


def test_no_event_collector() -> None:
    assert "no HTTP Event Collector at" in hec(lambda _: (404, "nothing here")).message
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        address = replace(Address("https://unused:8089", WHO), hec_url=url)
        with HecClient(address) as client, pytest.raises(BackendError, match=f"nothing answers at {url}"):
            client.check()


def test_the_event_collector_refuses_with_its_own_words_and_a_hint() -> None:
    error = hec(lambda _: (400, '{"text":"Incorrect index","code":7,"invalid-event-number":1}'))
    assert "refuses the data: Incorrect index (code 7)" in error.message
    assert "the index does not exist" in error.hint
    assert "Token disabled (code 1)" in hec(lambda _: (403, '{"text":"Token disabled","code":1}')).message


def test_a_token_that_the_collector_does_not_know_yet_is_tried_again() -> None:
    answers = [(403, '{"text":"Invalid token","code":4}')] * 2 + [(200, '{"text":"Success","code":0}')]
    with fake_server(lambda _: answers.pop(0)) as server:
        with HecClient(Address("https://unused", WHO, hec_url=server.url, hec_token="t")) as client:
            client.send_raw(b"data", TARGET)
        assert [request.query for request in server.requests] == [
            {"source": "s", "sourcetype": "t", "index": "main", "host": "h"}
        ] * 3
        assert len({request.headers["X-Splunk-Request-Channel"] for request in server.requests}) == 1


def test_sending_returns_once_the_server_acknowledges_that_it_has_indexed_the_data() -> None:
    acks = ['{"acks":{"5":false}}', '{"acks":{"5":true}}']

    def collector(request: Request) -> Answer:
        return (200, acks.pop(0)) if request.path.endswith("/ack") else (200, '{"text":"Success","code":0,"ackId":5}')

    with fake_server(collector) as server:
        with HecClient(Address("https://unused", WHO, hec_url=server.url, hec_token="t")) as client:
            client.send_raw(b"data", TARGET)
        assert [request.path for request in server.requests] == [
            "/services/collector/raw",
            "/services/collector/ack",
            "/services/collector/ack",
        ]
        assert server.requests[1].body == b'{"acks":[5]}'


def test_ready_made_events_are_sent_in_batches() -> None:
    with fake_server(lambda _: (200, '{"text":"Success","code":0}')) as server:
        with HecClient(Address("https://unused", WHO, hec_url=server.url, hec_token="t")) as client:
            client.send_events(({"event": str(number), "time": number} for number in range(501)), TARGET)
        sizes = [request.body.count(b"\n") + 1 for request in server.requests]
    assert sizes == [500, 1]
    assert server.requests[1].body == (
        b'{"source":"s","sourcetype":"t","index":"main","host":"h","event":"500","time":500}'
    )
