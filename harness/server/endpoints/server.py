"""What the server says about itself."""

from __future__ import annotations

import os
import platform
import socket
from typing import Final

from harness.server.accounts import like
from harness.server.answers import Answer, could_not_find
from harness.server.answers import info as info_answer
from harness.server.atom import BUILD, VERSION, Acl, Entry, Feed, feed_answer
from harness.server.call import Call
from harness.server.capabilities import Json
from harness.server.eai import Collection, check_arguments, require
from harness.server.instance import RESTART, SplunkInstance
from harness.server.routing import Style, endpoint

_MAX_USERS: Final = 4294967295

_SETTABLE: Final = """
SPLUNK_DB enableSplunkWebSSL host httpport mgmtHostPort minFreeSpace pass4SymmKey serverName sessionTimeout
startwebserver trustedIP
"""

info = Collection("server/info", "server-info", links=())


@info.entries
def server_info(call: Call) -> list[Entry]:
    """One entry with what clients decide by (M8.19, M8.20)."""
    return [Entry(name="server-info", content=info_content(call.instance))]


def info_content(instance: SplunkInstance) -> dict[str, Json]:
    """The members of server/info."""
    cores = os.cpu_count() or 1
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 1_048_576
    host = socket.gethostname()
    uri = f"https://{instance.config.host}:{instance.rest_port}"
    return {
        "activeLicenseGroup": "Trial",
        "addOns": None,
        "build": BUILD,
        "cgroups_version": 2,
        "conf_generation": 1,
        "cpu_arch": platform.machine(),
        "eai:acl": None,
        "federated_search_enabled": False,
        "fips_mode": False,
        "guid": instance.guid,
        "health_info": "green",
        "health_version": 1,
        "host": instance.name,
        "host_fqdn": host,
        "host_resolved": host,
        "isForwarding": False,
        "isFree": False,
        "isTrial": True,
        "kvStoreStatus": "ready",
        "licenseKeys": ["FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"],
        "licenseLabels": ["Splunk Enterprise   Splunk Analytics for Hadoop Download Trial"],
        "licenseSignature": instance.guid.replace("-", "").lower(),
        "licenseState": "OK",
        "license_labels": ["Splunk Enterprise   Splunk Analytics for Hadoop Download Trial"],
        "manager_guid": instance.guid,
        "manager_uri": "self",
        "master_guid": instance.guid,
        "master_uri": "self",
        "max_users": _MAX_USERS,
        "mode": "normal",
        "numberOfCores": cores,
        "numberOfVirtualCores": cores,
        "os_build": platform.version(),
        "os_name": platform.system(),
        "os_name_extended": platform.system(),
        "os_version": platform.release(),
        "physicalMemoryMB": memory,
        "product_type": "enterprise",
        "rtsearch_enabled": False,
        "serverName": instance.name,
        "server_roles": ["indexer", "license_master", "kv_store"],
        "shutting_down": "0",
        "startup_time": int(instance.started),
        "staticAssetId": BUILD.upper(),
        "uri": uri,
        "version": VERSION,
    }


control = Collection("server/control", "server-control", links=("restart", "restart_webui"))


@control.entries
def server_control(_: Call) -> list[Entry]:
    """A feed without entries whose links say what can be done (N8.14)."""
    return []


settings = Collection("server/settings", "server-settings", links=(), capability="edit_server")


@settings.entries
def server_settings(call: Call) -> list[Entry]:
    """Ports as numbers (M8.22)."""
    return [_settings_entry(call)]


def _settings_entry(call: Call) -> Entry:
    instance = call.instance
    content: dict[str, Json] = {
        "SPLUNK_DB": "/opt/splunk/var/lib/splunk",
        "SPLUNK_HOME": "/opt/splunk",
        "appServerPorts": [8065],
        "caTrustStore": "splunk",
        "caTrustStorePath": "",
        "dataFederationDisabled": False,
        "eai:acl": None,
        "enableSplunkWebSSL": False,
        "host": instance.name,
        "host_resolved": instance.name,
        "httpport": 8000,
        "invalidateSessionTokensOnLogout": False,
        "kvStoreDisabled": False,
        "kvStorePort": 8191,
        "logoutCacheRefreshInterval": "30s",
        "mgmtHostPort": instance.rest_port,
        "minFreeSpace": 5000,
        "pass4SymmKey": "********",
        "python.version": "force_python3",
        "serverName": instance.name,
        "sessionTimeout": "1h",
        "skipSearchSessionTokenInvalidationOnLogout": True,
        "startwebserver": False,
        "trustedIP": "",
        "unbiasLanguageForLogging": False,
    }
    content |= {name: like(content[name], value) for name, value in instance.settings.items()}
    return Entry(name="settings", content=content, links=("alternate", "edit", "list"))


@settings.editor
def edit_settings(call: Call, name: str, changes: dict[str, str]) -> Entry:
    """Shown only: ports and names are chosen when the server starts."""
    if name != "settings":
        raise could_not_find(name)
    check_arguments(changes, _SETTABLE.split())
    call.instance.settings.update(changes)
    call.instance.ask_for_restart()
    return _settings_entry(call)


@endpoint("server/status", "GET", style=Style.OBJECTS, handler="server-status")
def status(call: Call) -> Answer:
    """What could be asked for below; without paging (M2.58, M8.21)."""
    return _status_answer(call, _status_entries())


@endpoint("server/status/{name}", "GET", style=Style.OBJECTS, handler="server-status")
def one_status(call: Call, name: str) -> Answer:
    """One of them, which says no more."""
    found = [entry for entry in _status_entries() if entry.name == name]
    if not found:
        raise could_not_find(name)
    return _status_answer(call, found)


def _status_entries() -> list[Entry]:
    names = ("conf-resource-usage", "dispatch-artifacts", "fishbucket", "installed-file-integrity", "limits",
             "partitions-space", "resource-usage")  # fmt: skip
    return [
        Entry(
            name=name,
            content={"eai:acl": None},
            acl=Acl(read=None, write=None),
            links=("alternate", "list", *(("_reload",) if name in {"limits", "resource-usage"} else ())),
            path=f"/services/server/status/{name}",
        )
        for name in names
    ]


def _status_answer(call: Call, entries: list[Entry]) -> Answer:
    feed = Feed(title="server-status", path=f"{call.namespace.prefix}/server/status", entries=entries, paging=False)
    return feed_answer(feed, json=call.json, base_url=call.base_url, now=call.instance.wall())


health = Collection("server/health", "health-report", links=())


@health.entries
def server_health(call: Call) -> list[Entry]:
    """M8.23; strict about arguments where it is read alone too (M2.46)."""
    health.check_arguments(call)
    return [Entry(name="splunkd", content={"eai:acl": None, "health": "green"}, links=("alternate", "list", "details"))]


licenses = Collection("licenser/licenses", "licenses", links=("create",))


@licenses.entries
def license_list(_: Call) -> list[Entry]:
    """The trial licence that a fresh Splunk has (M8.24)."""
    return [
        Entry(
            name="F" * 64,
            content={
                "eai:acl": None,
                "group_id": "Trial",
                "label": "download-trial",
                "max_stack_quota": 18446744073709552000,
                "max_violations": 5,
                "quota": 524288000,
                "status": "VALID",
                "type": "download-trial",
                "window_period": 30,
            },
        )
    ]


@endpoint("server/control/restart", "POST")
def restart(call: Call) -> Answer:
    """Nothing here needs a restart: it is over at once, and so is the message that asks for one (N8.14)."""
    require(call, "restart_splunkd")
    call.instance.bulletins.remove(RESTART)
    return info_answer("The server will restart.", json=call.json)
