"""Sigma rules as detections: pySigma's Splunk backend writes the search, the rule's ``tests`` are ours.

A rule is converted to a search over a CIM data model where the backend has one for its log source, else over events.
``harness: {sigma: events}`` or ``data_model`` in the rule asks for one of the two. Needs the extra ``harness[sigma]``.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from harness.content.detection_tests import read_test
from harness.content.fields import Fields
from harness.content.models import Detection, Dialect
from harness.content.yaml_document import YamlDocument

if TYPE_CHECKING:
    from sigma.processing.pipeline import ProcessingPipeline

STATUSES: Final = {
    "stable": "production",
    "test": "production",
    "experimental": "experimental",
    "deprecated": "deprecated",
    "unsupported": "deprecated",
}
FORMS: Final = ("data_model", "events")


def is_sigma(document: YamlDocument) -> bool:
    return "logsource" in document.data and "detection" in document.data


def read_sigma(document: YamlDocument, data: bytes, fields: Fields, baselines: frozenset[str]) -> Detection:
    """What is wrong with the rule, or keeps it from being converted, is among the problems."""
    techniques = [tag.removeprefix("attack.").upper() for tag in fields.texts("tags") if tag.startswith("attack.t")]
    lines = document.top_lines()
    lines |= {"search": lines["detection"], "name": lines.get("title", 1)}
    return Detection(
        name=fields.text("title", required=True),
        id=fields.text("id", required=True),
        version=1,
        date=(fields.text("modified") or fields.text("date", required=True)).replace("/", "-"),
        author=fields.text("author", required=True),
        status=STATUSES.get(fields.text("status", default="test"), fields.text("status")),
        type="Hunting",
        description=fields.text("description", required=True),
        search=_converted(document, data, fields),
        file=document.path,
        sha256=hashlib.sha256(data).hexdigest(),
        dialect=Dialect.SIGMA,
        references=fields.texts("references"),
        known_false_positives="\n".join(fields.texts("falsepositives")),
        # ATT&CK's tactics are tags as well; techniques alone have digits after the T.
        mitre_attack_ids=tuple(each for each in techniques if each[1:2].isdigit()),
        tests=tuple(read_test(each, baselines) for each in fields.each("tests")),
        lines=lines,
        document=document.data,
    )


def _converted(document: YamlDocument, data: bytes, fields: Fields) -> str:
    """The search, ending with the rule's filter macro; empty where there is none."""
    form = fields.inner("harness").text("sigma") if fields.has("harness") else ""
    if form and form not in FORMS:
        fields.note("schema", f"must be one of {' and '.join(FORMS)}", "harness", "sigma")
        return ""
    try:
        search = _search(data.decode("utf-8", "replace"), form)
    except ImportError:
        fields.note("sigma", "Sigma rules need pySigma", "detection", hint="pip install 'harness[sigma]'")
        return ""
    except _NotConvertedError as error:
        fields.note("sigma", f"the rule cannot be converted: {error}", "detection")
        return ""
    return f"{search} | `{document.path.stem}_filter`"


class _NotConvertedError(Exception):
    pass


def _search(text: str, form: str) -> str:
    from sigma.backends.splunk import SplunkBackend
    from sigma.collection import SigmaCollection
    from sigma.exceptions import SigmaError
    from sigma.pipelines.splunk import splunk_cim_data_model, splunk_windows_pipeline

    def convert(pipeline: ProcessingPipeline, output: str) -> str:
        # A conversion changes the rule, so that each begins with one of its own.
        searches = SplunkBackend(pipeline).convert(SigmaCollection.from_yaml(text), output)
        if len(searches) != 1:
            raise _NotConvertedError(f"it makes {len(searches)} searches, not one")
        return str(searches[0]).strip()

    try:
        if form == "events":
            return convert(splunk_windows_pipeline(), "default")
        try:
            return convert(splunk_cim_data_model(), "data_model")
        except SigmaError:
            if form == "data_model":
                raise
            return convert(splunk_windows_pipeline(), "default")
    except SigmaError as error:
        raise _NotConvertedError(str(error)) from error
