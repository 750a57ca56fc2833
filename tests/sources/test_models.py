"""The data models of the Common Information Model: the datasets, constraints and fields that searches rely on."""

from __future__ import annotations

import functools

import pytest

from harness.knowledge.datamodels import Dataset
from harness.knowledge.knowledge import Knowledge, shipped_apps
from harness.spl.eval_expression import parse_eval
from harness.spl.parser import parse_pipeline
from harness.values.pcre import compile_pcre

MODELS = (
    "Alerts", "Authentication", "Certificates", "Change", "Change_Analysis", "Compute_Inventory", "DLP",
    "Data_Access", "Databases", "Email", "Endpoint", "Event_Signatures", "Interprocess_Messaging",
    "Intrusion_Detection", "JVM", "Malware", "Network_Resolution", "Network_Sessions", "Network_Traffic",
    "Performance", "Splunk_Audit", "Ticket_Management", "Updates", "Vulnerabilities", "Web",
)  # fmt: skip


@functools.cache
def shipped() -> Knowledge:
    return Knowledge.load(shipped_apps())


def field_names(dataset: Dataset) -> list[str]:
    calculated = [output.name for calculation in dataset.calculations for output in calculation.outputs]
    return [*(field.name for field in dataset.fields), *calculated]


def limits(dataset: Dataset) -> list[str]:
    """What limits the dataset: its constraints, or the search that makes it."""
    return [dataset.base_search, *dataset.constraints] if dataset.base_search else list(dataset.constraints)


def test_all_models_are_there() -> None:
    assert set(MODELS) <= set(shipped().data_model_names())


@pytest.mark.parametrize("name", MODELS)
def test_each_model_is_limited_by_its_index_macro(name: str) -> None:
    macro = shipped().macros.get(f"cim_{name}_indexes", 0)
    assert macro is not None
    assert macro.definition == "()"
    for root in shipped().data_model(name).roots:
        assert any(f"`cim_{name}_indexes`" in constraint for constraint in limits(root))


@pytest.mark.parametrize("name", MODELS)
def test_constraints_and_calculations_are_searches_and_expressions(name: str) -> None:
    for dataset in shipped().data_model(name).datasets.values():
        for constraint in limits(dataset):
            parse_pipeline(f"search {constraint.replace(f'`cim_{name}_indexes`', '*')}")
        for calculation in dataset.calculations:
            if calculation.kind == "Eval":
                parse_eval(calculation.settings["expression"])
            elif calculation.kind == "Rex":
                assert list(compile_pcre(calculation.settings["expression"]).names) == [calculation.outputs[0].name]
            else:
                assert shipped().lookup(calculation.settings["lookupName"]) is not None


@pytest.mark.parametrize("name", MODELS)
def test_no_dataset_names_a_field_twice(name: str) -> None:
    for dataset in shipped().data_model(name).datasets.values():
        names = field_names(dataset)
        assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize(
    ("model", "dataset", "constraint", "fields"),
    [
        ("Endpoint", "Processes", "tag=process tag=report",
         "action dest original_file_name os parent_process parent_process_exec parent_process_guid parent_process_id "
         "parent_process_name parent_process_path process process_current_directory process_exec process_guid "
         "process_hash process_id process_integrity_level process_name process_path user user_bunit user_category "
         "user_id vendor_product"),
        ("Endpoint", "Registry", "tag=endpoint tag=registry",
         "action dest process_guid process_id registry_hive registry_key_name registry_path registry_value_data "
         "registry_value_name registry_value_text registry_value_type status user vendor_product"),
        ("Endpoint", "Filesystem", "tag=endpoint tag=filesystem",
         "action dest file_access_time file_acl file_create_time file_hash file_modify_time file_name file_path "
         "file_size process_guid process_id user vendor_product"),
        ("Endpoint", "Services", "tag=service tag=report",
         "dest service service_dll service_exec service_hash service_id service_name service_path start_mode status"),
        ("Endpoint", "Ports", "tag=listening tag=port", "creation_time dest dest_port src state transport user"),
        ("Authentication", "Authentication", "tag=authentication NOT (action=success user=*$)",
         "action app authentication_method dest reason signature signature_id src src_category src_user user "
         "user_category user_id user_role user_type vendor_account"),
        ("Change", "All_Changes", "tag=change",
         "action change_type command dest dvc object object_attrs object_category object_id object_path result "
         "result_id src status user user_agent user_type vendor_account vendor_region"),
        ("Change", "Account_Management", "tag=account", "dest_nt_domain src_nt_domain src_user src_user_name"),
        ("Network_Traffic", "All_Traffic", "tag=network tag=communicate",
         "action app bytes bytes_in bytes_out dest dest_category dest_ip dest_port dest_zone direction packets "
         "process_id rule src src_category src_ip src_port src_zone transport user"),
        ("Network_Resolution", "DNS", "tag=network tag=resolution tag=dns",
         "answer answer_count dest message_type query query_count record_type reply_code reply_code_id src"),
        ("Web", "Web", "tag=web",
         "action app bytes bytes_in bytes_out category dest dest_port http_content_type http_method http_referrer "
         "http_user_agent http_user_agent_length site src status uri_path uri_query url url_domain url_length user"),
        ("Email", "All_Email", "tag=email", "dest file_hash file_name message_id recipient src src_user subject url"),
        ("Intrusion_Detection", "IDS_Attacks", "tag=ids tag=attack",
         "action category dest dest_category dest_port dvc ids_type severity signature src transport user"),
        ("Malware", "Malware_Attacks", "tag=malware tag=attack",
         "action category date dest file_hash file_name file_path severity signature src user"),
        ("Alerts", "Alerts", "tag=alert", "app description dest id severity signature signature_id src type user"),
    ],
)  # fmt: skip
def test_datasets_have_their_constraint_and_fields(model: str, dataset: str, constraint: str, fields: str) -> None:
    found = shipped().data_model(model).datasets[dataset]
    assert constraint in limits(found)[0]
    assert set(fields.split()) - set(field_names(found)) == set()


@pytest.mark.parametrize(
    ("model", "dataset", "filled"),
    [
        ("Endpoint", "Processes", "dest loaded_file original_file_name parent_process parent_process_name parent_user "
         "process process_name user vendor_product"),
        ("Endpoint", "Filesystem", "action dest file_acl file_hash file_name file_path file_size parent_process "
         "parent_process_name process process_name user vendor_product"),
        ("Endpoint", "Registry", "action dest parent_process parent_process_name process process_name "
         "registry_key_name registry_path registry_value_data registry_value_name registry_value_type user "
         "vendor_product"),
        ("Authentication", "Authentication", "action app dest result src src_user user"),
        ("Network_Resolution", "DNS", "answer answer_count dest message_type query query_count reply_code "
         "reply_code_id vendor_product"),
        ("Network_Traffic", "All_Traffic", "action bytes bytes_in bytes_out dest dest_port dvc packets packets_in "
         "packets_out rule src src_port transport user vendor_product"),
        ("Network_Sessions", "All_Sessions", "dest_dns dest_ip dest_mac dest_nt_host dvc user vendor_product"),
        ("Updates", "Updates", "dest signature signature_id status vendor_product"),
        ("Change", "Instance_Changes", "image_id instance_type"),
    ],
)  # fmt: skip
def test_exactly_these_fields_are_filled_in(model: str, dataset: str, filled: str) -> None:
    """A search that groups by any other field of the model loses the events that lack it."""
    found = shipped().data_model(model).datasets[dataset]
    assert sorted(output.name for each in found.calculations for output in each.outputs) == filled.split()


def test_integrity_levels_are_lower_case_in_the_model() -> None:
    processes = shipped().data_model("Endpoint").datasets["Processes"]
    assert limits(processes)[0].endswith("| eval process_integrity_level=lower(process_integrity_level)")


def test_names_lose_their_dataset_by_macro() -> None:
    macro = shipped().macros.get("drop_dm_object_name", 1)
    assert macro is not None
    assert macro.arguments == ("object",)
    assert macro.definition == "rename $object$.* as *"
