"""Authentication of the management port."""

from __future__ import annotations

import pytest

from tests.server.wire import PASSWORD, Rest

INFO = "/services/server/info?output_mode=json"


@pytest.mark.measured("M1.1", "M1.2", "M1.4", "M1.12")
def test_no_credentials_are_challenged(rest: Rest) -> None:
    reply = rest("GET", INFO, headers={})
    assert reply.status == 401
    assert reply.json == {"messages": [{"type": "ERROR", "text": "Unauthorized"}]}
    assert reply.headers["www-authenticate"] == 'Basic realm="/splunk"'
    assert reply.headers["cache-control"] == "private"
    assert "expires" not in reply.headers


@pytest.mark.measured("M1.3")
def test_a_wrong_password_is_answered_like_no_credentials(rest: Rest) -> None:
    wrong, none = rest("GET", INFO, headers=rest.basic(password="no")), rest("GET", INFO, headers={})
    assert (wrong.status, wrong.body) == (none.status, none.body)
    assert wrong.headers["www-authenticate"] == none.headers["www-authenticate"]


@pytest.mark.measured("M1.5", "M1.6", "M1.14")
@pytest.mark.parametrize("scheme", ["Splunk", "splunk", "Bearer"])
def test_an_unknown_key_or_token_is_a_warning_without_challenge(rest: Rest, scheme: str) -> None:
    reply = rest("GET", INFO, headers={"Authorization": f"{scheme} deadbeef"})
    assert reply.status == 401
    assert reply.message == ("WARN", "call not properly authenticated")
    assert "www-authenticate" not in reply.headers
    assert reply.headers["vary"] == "Authorization"


@pytest.mark.measured("M1.7")
@pytest.mark.parametrize("header", ["Basic", "Basic !!!", "Basic YWRtaW4=", "Digest x", "nonsense"])
def test_malformed_headers_are_unauthorized(rest: Rest, header: str) -> None:
    reply = rest("GET", INFO, headers={"Authorization": header})
    assert (reply.status, reply.message) == (401, ("ERROR", "Unauthorized"))


@pytest.mark.measured("M1.8", "M1.12", "N1.21")
def test_login_with_a_wrong_password(rest: Rest) -> None:
    reply = rest("POST", "/services/auth/login?output_mode=json", {"username": "admin", "password": "x"}, headers={})
    assert reply.status == 401
    assert reply.json == {
        "messages": [{"type": "WARN", "code": "incorrect_username_or_password", "text": "Login failed"}]
    }
    assert reply.headers["cache-control"] == "no-store, no-cache, must-revalidate, max-age=0"
    xml = rest("POST", "/services/auth/login", {"username": "admin", "password": "x"}, headers={})
    assert '<msg type="WARN">Login failed</msg>' in xml.text


@pytest.mark.measured("M1.9")
def test_login_without_a_password(rest: Rest) -> None:
    reply = rest("POST", "/services/auth/login?output_mode=json", {"username": "admin"}, headers={})
    assert reply.status == 400
    assert reply.json == {"messages": [{"type": "WARN", "text": "Login failed"}]}


@pytest.mark.measured("M1.10", "M1.11", "M1.13", "N1.22")
def test_login_gives_a_session_key(rest: Rest) -> None:
    form = {"username": "admin", "password": PASSWORD}
    xml = rest("POST", "/services/auth/login", form, headers={})
    assert xml.status == 200
    assert xml.text.startswith("<response>\n  <sessionKey>")
    assert xml.text.endswith("</sessionKey>\n</response>\n")
    assert "vary" not in xml.headers
    assert "set-cookie" not in xml.headers
    key = rest("POST", "/services/auth/login?output_mode=json", form, headers={}).json["sessionKey"]
    for scheme in ("Splunk", "Bearer", "SPLUNK"):
        assert rest("GET", INFO, headers={"Authorization": f"{scheme} {key}"}).status == 200


@pytest.mark.measured("N1.7")
def test_the_login_cookie_alone_authenticates(rest: Rest) -> None:
    form = {"username": "admin", "password": PASSWORD, "cookie": "1"}
    reply = rest("POST", "/services/auth/login", form, headers={})
    cookie = reply.headers["set-cookie"].partition(";")[0]
    assert cookie.startswith("splunkd_")
    again = rest("GET", INFO, headers={"Cookie": f"other=1; {cookie}"})
    assert again.status == 200
    assert again.headers["set-cookie"].partition(";")[0] == cookie  # it lives from its last use
    assert rest("GET", INFO, headers={"Cookie": "other=1"}).status == 401


@pytest.mark.measured("N1.11")
def test_user_names_ignore_case(rest: Rest) -> None:
    assert rest("GET", INFO, headers=rest.basic(username="ADMIN")).status == 200


@pytest.mark.measured("N1.23")
def test_a_session_can_be_ended(rest: Rest) -> None:
    key = rest.post("/services/auth/login", username="admin", password=PASSWORD).json["sessionKey"]
    header = {"Authorization": f"Splunk {key}"}
    assert rest("DELETE", f"/services/authentication/httpauth-tokens/{key}", headers=header).status == 200
    assert rest("GET", INFO, headers=header).message == ("WARN", "call not properly authenticated")
