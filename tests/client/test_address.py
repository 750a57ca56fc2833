"""How a user says which Splunk to talk to, and as whom."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.client.address import Credentials, Trust, parse_address
from harness.errors import UsageError

LOGIN = {"HARNESS_USERNAME": "admin", "HARNESS_PASSWORD": "changed!"}


def test_credentials_come_from_the_environment_and_the_url_wins() -> None:
    assert parse_address("https://splunk.example:18089", LOGIN).credentials == Credentials("admin", "changed!")
    address = parse_address("https://me:p%40ss@splunk.example", {**LOGIN, "HARNESS_TOKEN": "t"})
    assert address.credentials == Credentials("me", "p@ss")
    assert address.rest_url == "https://splunk.example:8089"
    assert parse_address("splunk.example", {"HARNESS_TOKEN": "t"}).credentials == Credentials(token="t")


def test_secrets_do_not_show_in_a_representation() -> None:
    address = parse_address("https://splunk.example", {**LOGIN, "HARNESS_TOKEN": "tok3n"})
    assert "changed!" not in repr(address)
    assert "tok3n" not in repr(address)


@pytest.mark.parametrize(
    ("url", "environment", "trust"),
    [
        ("https://splunk.example", {}, Trust()),
        ("https://127.0.0.1", {}, Trust(verify=False)),
        ("https://[::1]:8089", {}, Trust(verify=False)),
        ("https://localhost", {"HARNESS_TLS_VERIFY": "yes"}, Trust()),
        ("https://splunk.example", {"HARNESS_TLS_VERIFY": "no"}, Trust(verify=False)),
        ("https://localhost", {"HARNESS_CA_FILE": "/ca.pem"}, Trust(ca_file=Path("/ca.pem"))),
    ],
)
def test_certificates_are_verified_unless_on_loopback_or_told_otherwise(
    url: str, environment: dict[str, str], trust: Trust
) -> None:
    assert parse_address(url, {**LOGIN, **environment}).trust == trust


@pytest.mark.parametrize(
    ("url", "environment", "message"),
    [
        ("ftp://u:secret@host", LOGIN, "'ftp://host' is not the address of a Splunk"),
        ("https://", LOGIN, "is not the address"),
        ("https://host:99999", LOGIN, "no valid port"),
        ("https://host", {}, "no credentials for host"),
        ("https://host", {**LOGIN, "HARNESS_TLS_VERIFY": "maybe"}, "neither yes nor no"),
    ],
)
def test_what_cannot_be_an_address_is_refused_without_showing_its_password(
    url: str, environment: dict[str, str], message: str
) -> None:
    with pytest.raises(UsageError) as caught:
        parse_address(url, environment)
    assert message in str(caught.value)
    assert "secret" not in str(caught.value)
