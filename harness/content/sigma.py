"""Sigma rules as detections: pySigma's Splunk backend writes the search, the rule's ``tests`` are ours.

A rule becomes a search over events, or over a CIM data model where ``harness.yml`` or the rule itself asks for that::

    sigma:
      form: data_model
      pipelines: [splunk_cim, pipelines/our_fields.yml]

``pipelines`` are those that pySigma knows by name and files of its format, as after ``-p`` of sigma-cli. Without any,
the log sources of Sysmon are told by their event codes and those of Windows by the source, whether the add-on collects
them as XML or not. Needs the extra ``harness[sigma]``.
"""

from __future__ import annotations

import hashlib
import importlib
import pkgutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from harness.content.detection_tests import read_test
from harness.content.fields import Fields
from harness.content.models import Detection, Dialect
from harness.content.yaml_document import YamlDocument

if TYPE_CHECKING:
    from sigma.processing.pipeline import ProcessingPipeline
STATUSES: Final = {
    "stable": "production",
    "test": "production",
    "experimental": "production",
    "deprecated": "deprecated",
    "unsupported": "deprecated",
}
"""In Sigma, experimental rules are those that are new: their authors want them tested."""

FORMS: Final = ("events", "data_model")
OUTPUTS: Final = {"events": "default", "data_model": "data_model"}


@dataclass(frozen=True, slots=True)
class Conversion:
    """How rules are converted: the form of the search, empty for events, and pipelines instead of the usual ones, by
    name or as paths from ``root`` on."""

    form: str = ""
    pipelines: tuple[str, ...] = ()
    root: Path = Path()


def is_sigma(document: YamlDocument) -> bool:
    return "logsource" in document.data and "detection" in document.data


def read_sigma(
    document: YamlDocument, data: bytes, fields: Fields, baselines: frozenset[str], conversion: Conversion
) -> Detection:
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
        search=_converted(document, data, fields, conversion),
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


def _converted(document: YamlDocument, data: bytes, fields: Fields, conversion: Conversion) -> str:
    """The search, ending with the rule's filter macro; empty where there is none."""
    own = fields.inner("harness").text("sigma") if fields.has("harness") else ""
    form = own or conversion.form or "events"
    if form not in FORMS:
        fields.note("schema", f"must be one of {' and '.join(FORMS)}", "harness", "sigma")
        return ""
    try:
        search = _search(data.decode("utf-8", "replace"), form, conversion)
    except ImportError:
        fields.note("sigma", "Sigma rules need pySigma", "detection", hint="pip install 'harness[sigma]'")
        return ""
    except _NotConvertedError as error:
        fields.note("sigma", f"the rule cannot be converted: {error}", "detection")
        return ""
    return f"{search} | `{document.path.stem}_filter`"


class _NotConvertedError(Exception):
    pass


def _search(text: str, form: str, conversion: Conversion) -> str:
    from sigma.backends.splunk import SplunkBackend
    from sigma.collection import SigmaCollection
    from sigma.exceptions import SigmaError

    try:
        # A conversion changes the pipeline as it does the rule, so that each begins with its own.
        backend = SplunkBackend(_pipeline(form, conversion))
        searches = backend.convert(SigmaCollection.from_yaml(text), OUTPUTS[form])
    except (SigmaError, OSError, ValueError) as error:  # a pipeline may be no YAML, or not there
        raise _NotConvertedError(str(error)) from error
    if len(searches) != 1:
        raise _NotConvertedError(f"it makes {len(searches)} searches, not one")
    search = str(searches[0]).strip()
    if search.startswith("|") and form == "events":
        raise _NotConvertedError(
            "the backend makes a search that reads no events: it begins with | for a regular expression"
        )
    return search


def _pipeline(form: str, conversion: Conversion) -> ProcessingPipeline:
    from sigma.pipelines.splunk import splunk_cim_data_model
    from sigma.processing.resolver import ProcessingPipelineResolver

    if not conversion.pipelines:
        usual: ProcessingPipeline = splunk_cim_data_model() if form == "data_model" else _sysmon() + _windows_sources()
        return usual
    paths = [conversion.root / name for name in conversion.pipelines]
    named = zip(conversion.pipelines, paths, strict=True)
    resolver = ProcessingPipelineResolver(_pipelines())
    found: ProcessingPipeline = resolver.resolve([str(path) if path.is_file() else name for name, path in named])
    return found


def _pipelines() -> dict[str, Any]:
    """The pipelines of installed plugins by name. Those that pySigma makes with its decorator are left out: all of them
    are one object there, that of the last to be imported."""
    import sigma.pipelines as plugins
    from sigma.pipelines.base import Pipeline

    found: dict[str, Any] = {"sysmon": _sysmon}
    for module in pkgutil.iter_modules(plugins.__path__, f"{plugins.__name__}."):
        if module.name.rpartition(".")[2] not in ("base", "common", "test"):
            named = getattr(importlib.import_module(module.name), "pipelines", {})
            found |= {name: each for name, each in named.items() if not isinstance(each, Pipeline)}
    return found


def _sysmon() -> ProcessingPipeline:
    """As ``sysmon`` of its plugin: the event codes of each log source."""
    from sigma.pipelines.sysmon.sysmon import sysmon_generic_logsource_eventid_mapping
    from sigma.processing.conditions import LogsourceCondition
    from sigma.processing.pipeline import ProcessingItem, ProcessingPipeline
    from sigma.processing.transformations import AddConditionTransformation, ChangeLogsourceTransformation

    items: list[ProcessingItem] = []
    for category, codes in sysmon_generic_logsource_eventid_mapping.items():
        code: Any = {"EventID": codes}
        service = ChangeLogsourceTransformation(category=category, product="windows", service="sysmon")
        for change in (AddConditionTransformation(code), service):
            is_source = LogsourceCondition(category=category, product="windows")
            items.append(ProcessingItem(change, rule_conditions=[is_source]))
    return ProcessingPipeline(items, priority=10)


def _windows_sources() -> ProcessingPipeline:
    """As ``splunk_windows`` of the backend, but an event log may as well be collected as XML: the add-on for Windows
    calls its source XmlWinEventLog then."""
    from sigma.pipelines.common import logsource_windows, windows_logsource_mapping
    from sigma.processing.pipeline import ProcessingItem, ProcessingPipeline
    from sigma.processing.transformations import AddConditionTransformation, FieldMappingTransformation

    items = [ProcessingItem(FieldMappingTransformation({"EventID": "EventCode"}))]
    for service, logs in windows_logsource_mapping.items():
        names = logs if isinstance(logs, list) else [logs]
        sources = [f"{kind}:{name}" for name in names for kind in ("WinEventLog", "XmlWinEventLog")]
        condition = AddConditionTransformation({"source": sources})
        items.append(ProcessingItem(condition, rule_conditions=[logsource_windows(service)]))
    return ProcessingPipeline(items, priority=20)
