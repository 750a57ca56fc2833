"""The roles that every Splunk comes with, and what they may do (M8.27, N1.14, N1.15)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

_USER: Final = """
change_own_password edit_connections edit_datasets edit_own_objects edit_spl2_module_permissions edit_spl2_modules
export_results_is_visible get_metadata get_typeahead input_file list_accelerate_search list_all_objects
list_field_filter list_inputs list_metrics_catalog list_spl2_modules list_tokens_own metric_alerts output_file
pattern_detect read_connections read_datasets read_o11y_content request_remote_tok rest_access_server_endpoints
rest_apps_view rest_properties_get rest_properties_set run_collect run_commands_ignoring_field_filter run_custom_command
run_dump run_mcollect run_msearch run_sendalert schedule_rtsearch search search_process_config_refresh
upload_lookup_files write_datasets write_o11y_content accelerate_search
"""

_POWER: Final = """
edit_log_alert_event edit_messages edit_search_schedule_window edit_sourcetypes edit_statsd_transforms embed_report
rtsearch schedule_search
"""

_ADMIN: Final = """
accelerate_datamodel admin_all_objects apps_backup apps_restore auto_refresh_dashboards capture_ingest_events
change_audit change_authentication create_external_lookup deactivate_dashboards delete_oauth_config_clients
dispatch_rest_to_indexers edit_authentication_extensions edit_authentication_node edit_bookmarks_mc edit_certificates
edit_cloudconnect_settings edit_cmd edit_conf_objects edit_dashboard_allow_list edit_data_management_agent
edit_data_management_edgeprocessor edit_data_management_otelcollector edit_data_management_pipeline
edit_data_management_pipeline_job edit_deployment_client edit_deployment_server edit_dist_peer
edit_encryption_key_provider edit_external_lookup edit_federated_indexes edit_federated_providers edit_field_filter
edit_forwarders edit_global_banner edit_health edit_heap_profiler edit_httpauths edit_indexer_cluster
edit_indexerdiscovery edit_ingest_rulesets edit_input_defaults edit_input_ingest_processor edit_kvstore edit_local_apps
edit_manager_xml edit_metric_schema edit_metrics_rollup edit_modinput_journald edit_monitor
edit_oauth_config_role_mappings edit_oauth_configs edit_output_ingest_processor edit_published_dashboards edit_restmap
edit_roles edit_scripted edit_search_concurrency_all edit_search_head_clustering edit_search_schedule_priority
edit_search_scheduler edit_search_server edit_server edit_server_crl edit_spl2_datasets edit_splunktcp
edit_splunktcp_ssl edit_splunktcp_token edit_storage_passwords edit_storage_passwords_masking edit_tcp edit_tcp_stream
edit_telemetry_settings edit_token_http edit_tokens_all edit_tokens_own edit_tokens_settings edit_udp
edit_upload_and_index edit_user edit_user_seed edit_view_html edit_web_features edit_web_settings edit_workload_policy
edit_workload_pools edit_workload_rules fsh_manage fsh_search get_diag indexes_edit install_apps license_edit
license_tab license_view_warnings list_authentication_node list_cascading_plans list_certificates list_conf_objects
list_data_management_otelcollector list_deployment_client list_deployment_server list_dist_peer
list_federated_providers list_forwarders list_health list_httpauths list_indexer_cluster list_indexerdiscovery
list_ingest_rulesets list_introspection list_oauth_config_clients list_oauth_config_role_mappings list_oauth_configs
list_pipeline_sets list_remote_input_queue list_remote_output_queue list_search_head_clustering list_search_scheduler
list_settings list_storage_passwords list_token_http list_tokens_all list_topology list_workload_policy
list_workload_pools list_workload_rules merge_buckets never_expire never_lockout preview_data_management_pipeline
provision_data_management_agent refresh_application_licenses rest_apps_management restart_reason restart_splunkd
run_debug_commands select_workload_pools splunk_mobile_administration upgrade_splunk_idxc upgrade_splunk_shc
upload_mmdb_files use_remote_proxy web_debug
"""


@dataclass(frozen=True, slots=True)
class BuiltInRole:
    imported: tuple[str, ...]
    capabilities: frozenset[str]
    settings: Mapping[str, Json]


def _quotas(jobs: int, realtime: int, disk: int, all_jobs: int, all_realtime: int) -> dict[str, Json]:
    return {
        "srchJobsQuota": jobs,
        "rtSrchJobsQuota": realtime,
        "srchDiskQuota": disk,
        "cumulativeSrchJobsQuota": all_jobs,
        "cumulativeRTSrchJobsQuota": all_realtime,
    }


ROLES: Final[Mapping[str, BuiltInRole]] = {
    "admin": BuiltInRole(
        ("power", "user"),
        frozenset(_ADMIN.split()),
        {
            **_quotas(50, 100, 10000, 200, 400),
            "srchFilter": "*",
            "srchIndexesAllowed": ["*", "_*"],
            "srchIndexesDefault": ["main", "os"],
            "srchTimeEarliest": 0,
            "srchTimeWin": 0,
        },
    ),
    "can_delete": BuiltInRole((), frozenset(("delete_by_keyword", "edit_own_objects", "schedule_rtsearch")), {}),
    "power": BuiltInRole(
        ("user",),
        frozenset(_POWER.split()),
        {
            **_quotas(10, 20, 500, 200, 400),
            "srchIndexesAllowed": ["*"],
            "srchIndexesDefault": ["main"],
            "srchTimeEarliest": -1,
            "srchTimeWin": -1,
        },
    ),
    "splunk-system-role": BuiltInRole(("admin",), frozenset(), {}),
    "user": BuiltInRole(
        (),
        frozenset(_USER.split()),
        {
            **_quotas(3, 6, 100, 100, 100),
            "srchIndexesAllowed": ["*"],
            "srchIndexesDefault": ["main"],
            "srchTimeEarliest": -1,
            "srchTimeWin": -1,
        },
    ),
}
"""By name; the built-in roles that matter to a search head."""

_UNGRANTED: Final = """
create_bulk_data_move customer_cases delete_saml_user edit_alert_actions edit_health_subset edit_internal_oauth_clients
edit_roles_grantable edit_saved_search edit_saved_search_owner edit_search_concurrency_scheduled edit_watchdog
license_read list_alert_actions list_all_roles list_all_users list_health_subset list_internal_oauth_clients
list_saved_searches list_tokens_scs request_pstacks run_walklex
"""
"""What a role may be given and none of the above has."""

EVERY_CAPABILITY: Final = frozenset(_UNGRANTED.split()).union(*(role.capabilities for role in ROLES.values()))
