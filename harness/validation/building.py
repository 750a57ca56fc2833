"""What contentctl 5.x refuses to build, where content is written for it; Splunk itself would put up with it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from harness.content.models import Dialect, Problem
from harness.validation.rules import Rule, Subject, nearest, rule

DESCRIBED: Final = ("id", "version", "date", "author", "description")
SEARCHING: Final = ("status", "how_to_implement", "known_false_positives", "tags")
KEYS: Final = {
    "baseline": (*DESCRIBED, *SEARCHING, "type"),
    "dashboard": DESCRIBED,
    "data source": DESCRIBED,
    "deployment": ("id", "date", "author", "description", "scheduling"),
    "detection": SEARCHING,
    "lookup": DESCRIBED,
    "macro": ("description",),
    "playbook": DESCRIBED,
    "story": (*DESCRIBED, "status", "narrative", "tags"),
}
"""The keys that a kind of content needs beside those without which it cannot be read."""

PARTS: Final = {
    "baseline": ("tags", ("analytic_story", "detections", "product", "security_domain")),
    "deployment": ("scheduling", ("cron_schedule", "earliest_time", "latest_time", "schedule_window")),
    "detection": ("tags", ("analytic_story", "asset_type", "product", "security_domain")),
}
"""A mapping in a kind of content, and the keys that it needs."""

OF_OLD: Final = frozenset(
    (
        *("automated_detection_testing", "cis20", "confidence", "context", "dataset", "impact", "kill_chain_phases"),
        *("message", "observable", "required_fields", "risk_score"),
    )
)
"""Tags of security_content 4.x."""

ASSET_TYPES: Final = frozenset(
    (
        *("AWS Account", "AWS EKS Kubernetes cluster", "AWS Federated Account", "AWS Instance", "Account"),
        *("Amazon EKS Kubernetes cluster", "Amazon EKS Kubernetes cluster Pod", "Amazon Elastic Container Registry"),
        *("Azure AKS Kubernetes cluster", "Azure Active Directory", "Azure Tenant", "CircleCI"),
        *("Cloud Compute Instance", "Cloud Instance", "DNS Servers", "Database Server", "Domain Server"),
        *("EC2 Snapshot", "Endpoint", "GCP", "GCP Account", "GCP GKE EKS Kubernetes cluster"),
        *("GCP GKE Kubernetes cluster", "GCP Kubernetes cluster", "GCP Storage Bucket", "GDrive", "GSuite", "GitHub"),
        *("Google Cloud Platform tenant", "Identity", "Infrastructure", "Instance", "Kubernetes", "Network"),
        *("O365 Tenant", "Okta Tenant", "Proxy", "S3 Bucket", "Splunk Server", "VPN Appliance", "Web Application"),
        *("Web Proxy", "Web Server", "Windows"),
    )
)
PRODUCTS: Final = frozenset(
    (
        *("Splunk Behavioral Analytics", "Splunk Cloud", "Splunk Enterprise", "Splunk Enterprise Security"),
        "Splunk Security Analytics for AWS",
    )
)
NIST: Final = re.compile(r"(?:ID|PR|DE|RS|RC)\.[A-Z]{2}")
SHORTEST_TEXT: Final = 4
SHORTEST_DRILLDOWN: Final = 5


def _tags(subject: Subject) -> Mapping[str, Any]:
    tags = subject.detection.document.get("tags")
    return tags if isinstance(tags, dict) else {}


@rule
class ContentctlFindsItsKeys(Rule):
    """Asked where there are a contentctl.yml and detections with rba, as contentctl 5.x builds them."""

    id = "contentctl-key"
    summary = "Content that contentctl builds has the keys that it needs, and none of an older version."
    headers = True

    def check(self, subject: Subject) -> Iterator[Problem]:
        document = subject.detection.document
        if not subject.library.is_built or subject.detection.dialect is not Dialect.RBA:
            return
        for key in KEYS.get(subject.kind, ()):
            if document.get(key) is None:
                yield self.problem(subject, "name", f"contentctl needs the key {key} in a {subject.kind}")
        name, keys = PARTS.get(subject.kind, ("", ()))
        part: Any = document.get(name)
        for key in keys if isinstance(part, dict) else ():
            if part.get(key) is None or (key == "product" and not part[key]):
                yield self.problem(subject, name, f"contentctl needs {key} in {name}")
        if subject.kind == "detection":
            yield from self._detection(subject)

    def _detection(self, subject: Subject) -> Iterator[Problem]:
        document, tags = subject.detection.document, _tags(subject)
        for key in sorted(OF_OLD & tags.keys()):
            yield self.problem(subject, "tags", f"contentctl knows no {key} in tags any more", "Remove it.")
        for key in ("how_to_implement", "known_false_positives"):
            text = document.get(key)
            if isinstance(text, str) and len(text) < SHORTEST_TEXT:
                yield self.problem(subject, key, f"{key} has less than {SHORTEST_TEXT} characters")
        if document.get("baselines"):
            hint = "Name the detection in the baseline's tags."
            yield self.problem(subject, "baselines", "contentctl takes no baselines in a detection", hint)
        if isinstance(document.get("references"), str):
            yield self.problem(subject, "references", "references must be a list")
        rba = document.get("rba")
        if isinstance(rba, dict) and rba.get("threat_objects") is None:
            yield self.problem(subject, "rba", "contentctl needs threat_objects in rba", "Write threat_objects: [].")
        for drilldown in document.get("drilldown_searches") or ():
            yield from self._drilldown(subject, drilldown)

    def _drilldown(self, subject: Subject, drilldown: Any) -> Iterator[Problem]:
        if not isinstance(drilldown, dict):
            return  # said when it was read
        name = str(drilldown.get("name") or "")
        if 0 < len(name) < SHORTEST_DRILLDOWN:
            message = f"the name of the drilldown {name!r} has less than {SHORTEST_DRILLDOWN} characters"
            yield self.problem(subject, "drilldown_searches", message)
        for key in ("earliest_offset", "latest_offset"):
            if key not in drilldown or drilldown[key] == "":
                hint = "Write $info_min_time$ and $info_max_time$ for the time that the search looked at."
                message = f"contentctl needs {key} in the drilldown {name!r}"
                yield self.problem(subject, "drilldown_searches", message, hint)


@rule
class RiskFitsDeployment(Rule):
    """Risk events come of the deployment of a detection's type; without them nobody reads what rba says."""

    id = "risk-unused"
    summary = "A detection of a type that creates no risk events says nothing of risk."

    def check(self, subject: Subject) -> Iterator[Problem]:
        detection = subject.detection
        told = detection.dialect is Dialect.RBA and "rba" in detection.document
        if told and not detection.creates_risk and subject.library.is_built:
            message = f"a {detection.type} creates no risk events: rba says nothing to anybody"
            yield self.problem(subject, "rba", message, "Remove it, as contentctl wants it.")


@rule
class ValuesAreKnown(Rule):
    id = "known-value"
    severity = "warning"
    summary = "Asset types, products and NIST categories are those that Enterprise Security content knows."

    def check(self, subject: Subject) -> Iterator[Problem]:
        document, tags = subject.detection.document, _tags(subject)
        asset = subject.detection.asset_type
        if asset and asset not in ASSET_TYPES:
            message = f"there is no asset type {asset!r}"
            yield self.problem(subject, subject.place_of("asset_type"), message, nearest(asset, ASSET_TYPES))
        products = document.get("product") or tags.get("product")
        for product in products if isinstance(products, list) else ():
            if str(product) not in PRODUCTS:
                message = f"there is no product {str(product)!r}"
                yield self.problem(subject, subject.place_of("product"), message, nearest(str(product), PRODUCTS))
        nist = tags.get("nist")
        for category in map(str, nist if isinstance(nist, list) else ()):
            if not NIST.fullmatch(category):
                yield self.problem(subject, "tags", f"{category!r} is no NIST category", "Written as DE.CM.")
