"""Computes the page of all endpoints, ``docs/rest-api.md``, from the routes of the server.

``python -m tests.rest.endpoints`` writes it.
"""

from __future__ import annotations

from typing import Final

from harness.server import hec, routing
from tests.rest.exchanges import PAGES

PAGE: Final = PAGES.parents[1] / "docs" / "rest-api.md"

NOT_SERVED: Final = {
    "admin/directory": "the directory of all knowledge objects; each family is listed where it lives",
    "cluster/config": "clustering",
    "data/outputs/tcp/syslog": "forwarding",
    "datamodel/pivot": "pivots; the searches that they stand for can be sent",
    "deployment/server/config": "deployment of apps",
    "data/ui/views": "views and dashboards of Splunk Web",
    "search/concurrency-settings": "settings of concurrency",
    "shcluster/status": "clustering",
    "workloads/rules": "workload management",
}
"""Families that clients may look for and do not find, each with what it is."""


def page() -> str:
    rows = routing.listing()
    served = sum(row.state == "served" for row in rows)
    lines = [
        "# REST API",
        "",
        "What `harness serve` answers on its management port and on the port of the event collector. Computed from the",
        "routes (`make rest-api`). Every path of the management port is also reached under",
        "`/servicesNS/{owner}/{app}`. `HEAD` is served wherever `GET` is.",
        "",
        "State: *served* answers as Splunk does, or refuses what is not supported; *shown only* keeps and shows what",
        "is written, which has no effect; *refused* says no, and what to do instead. Ids like M3.24 name measured",
        "answers of real Splunk servers.",
        "",
        f"{len(rows)} rows, {served} of them served.",
        "",
        "## Management port",
        "",
        "| methods | path | what it does | state |",
        "|---|---|---|---|",
        *(f"| {row.verbs} | `{row.path}` | {row.text} | {row.state} |".replace("``", "`") for row in rows),
        "",
        "## Event collector",
        "",
        "| methods | path | what it does | state |",
        "|---|---|---|---|",
        *(f"| {verbs} | `{path}` | {text} | served |" for verbs, path, text in hec.listing()),
        "",
        "## Not served",
        "",
        "These are answered with 404, as any path that a Splunk does not know.",
        "",
        *(f"* `{path}`: {what}" for path, what in sorted(NOT_SERVED.items())),
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
