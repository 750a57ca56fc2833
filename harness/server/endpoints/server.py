"""What the server says about itself."""

from __future__ import annotations

import os
import platform
import socket
from typing import Final

from harness.server.atom import BUILD, VERSION, Entry
from harness.server.call import Call
from harness.server.capabilities import Json
from harness.server.eai import Collection
from harness.server.instance import SplunkInstance

_MAX_USERS: Final = 4294967295

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
