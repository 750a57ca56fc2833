"""Whether events of samples arrive in their data models, with the values that searches over them read."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest
import yaml

from harness.engine.plan import plan
from harness.engine.search import Searcher, SearchRequest
from harness.engine.store import Store
from harness.knowledge.knowledge import Knowledge, Metadata, shipped_apps

FOLDER = Path(__file__).parent
NOW = 1_750_000_000.0


@functools.cache
def shipped() -> Knowledge:
    return Knowledge.load(shipped_apps())


def arrived(sample: str, search: str) -> list[str]:
    """The rows that the search finds among the events of the sample, values with blanks between them."""
    written = yaml.load((FOLDER / sample / "sample.yml").read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    metadata = Metadata("fw-1", written["source"], written["sourcetype"], "main")
    store = Store()
    store.create_index("main")
    store.append("main", shipped().index_time(written["raw"].encode(), metadata, NOW).frame)
    searcher = Searcher(store, shipped())
    request = SearchRequest(search, now=NOW, default_indexes=("main",))
    frame = searcher.execute(plan(search, shipped()), request).frame
    return [" ".join(str(row[name]) for name in frame.columns) for row in frame.to_rows()]


CASES = (
    ("cisco_asa", "Network_Traffic.All_Traffic", "action transport", "blocked tcp 8"),
    ("cisco_asa", "Authentication.Authentication", "action user dest", "failure jdoe fw-1 2"),
    ("cisco_asa", "Change.All_Changes", "action user command", "read enable_15 show logging 1"),
    ("cisco_ftd_syslog", "Intrusion_Detection.IDS_Attacks", "action src dest_port", "Blocked unknown 80 1"),
    ("cisco_ios", "Network_Traffic.All_Traffic", "action src dest_port", "blocked 2001:db8::1 22 1"),
    ("cisco_ios", "Authentication.Authentication", "action user src", "failure admin 192.0.2.7 1"),
    ("cisco_ise", "Authentication.Authentication", "action user src app", "failure admin 192.0.2.7 Tacacs 1"),
    ("cisco_nvm_flow", "Network_Traffic.All_Traffic", "app dest", "svchost.exe 198.51.100.196 1"),
    (
        "cisco_secure_access_dns",
        "Network_Resolution.DNS",
        "query src reply_code",
        "proxy.example.net. 10.0.1.115 No Error 1",
    ),
    ("fortigate_traffic", "Network_Traffic.All_Traffic", "action transport dest_port", "blocked tcp 22 1"),
    ("isc_bind", "Network_Resolution.DNS", "query src dest", "www.example.com 192.0.2.7 192.0.2.53 1"),
    ("paloalto", "Web.Web", "url http_method dest action", "www.example.com/ unknown 198.51.100.8 blocked 1"),
    ("paloalto", "Intrusion_Detection.IDS_Attacks", "signature action", "Eicar Test File blocked 1"),
    ("paloalto_traffic", "Network_Traffic.All_Traffic", "action app user", "blocked web-browsing example\\srv 1"),
    ("stream_dns", "Network_Resolution.DNS", "query reply_code", "x.example.com Non-Existent Domain 1"),
    ("stream_http", "Web.Web", "url status action", "https://www.example.com/a 404 blocked 1"),
    ("suricata", "Web.Web", "url dest status", "/mgmt/tm/util/bash www.example.com 200 1"),
    ("suricata", "Intrusion_Detection.IDS_Attacks", "signature severity", "ET EXPLOIT Something high 1"),
    ("zeek_dns", "Network_Resolution.DNS", "query answer", "www.example.com www2.example.com 1"),
    ("zeek_http", "Web.Web", "url status src", "www.example.com/a/b?x=1&y=2 200 192.168.1.7 1"),
    ("zeek_table", "Network_Traffic.All_Traffic", "src dest_port action", "203.0.113.7 22 blocked 1"),
    ("zscaler", "Web.Web", "url action user", "www.example.com/a?x=1,2 allowed jdoe@example.com 1"),
)


@pytest.mark.parametrize(("sample", "dataset", "fields", "row"), CASES)
def test_the_data_model_has_the_event(sample: str, dataset: str, fields: str, row: str) -> None:
    prefix = dataset.split(".")[1]
    by = " ".join(f"{prefix}.{name}" for name in fields.split())
    assert row in arrived(sample, f"| tstats count from datamodel={dataset} by {by}")
