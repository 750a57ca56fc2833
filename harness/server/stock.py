"""Configuration that every Splunk has before any app is installed, as far as something here depends on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

SYSTEM: Final = "system"
FILES: Final = """
alert_actions app authentication authorize collections commands datamodels distsearch eventtypes fields health indexes
inputs limits macros messages metric_rollups outputs props restmap savedsearches searchbnf server sourcetypes tags times
transforms ui-prefs user-prefs viewstates visualizations web workflow_actions workload_rules
""".split()  # noqa: SIM905 - a list of words
"""Names of conf files."""

STANZAS: Final[Mapping[str, Mapping[str, Mapping[str, Mapping[str, str]]]]] = {
    SYSTEM: {
        "alert_actions": {
            "email": {"label": "Send email", "is_custom": "0"},
            "logevent": {"label": "Log Event", "is_custom": "1"},
            "lookup": {"label": "Output results to lookup", "is_custom": "0"},
            "populate_lookup": {"label": "Populate lookup", "is_custom": "0"},
            "rss": {"label": "Create RSS feed", "is_custom": "0"},
            "script": {"label": "Run a script", "is_custom": "0"},
            "summary_index": {"label": "Summary index", "is_custom": "0"},
            "webhook": {"label": "Webhook", "is_custom": "1"},
        },
        "web": {"settings": {"enableSplunkWebSSL": "0", "httpport": "8000", "mgmtHostPort": "127.0.0.1:8089"}},
    },
    "search": {
        "savedsearches": {
            f"Errors in the last {period}": {
                "search": "error OR failed OR severe OR ( sourcetype=access_* ( 404 OR 500 OR 503 ) )",
                "dispatch.earliest_time": earliest,
            }
            for period, earliest in (("24 hours", "-1d"), ("hour", "-1h"))
        },
    },
}
"""By app, file and stanza."""
