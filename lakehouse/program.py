"""The lakehouse: reads the settings, builds the components, exports what they made.

Shared by ``pulumi up``, the Automation API and provisioning in process; it keeps no state of its
own, so that it may run more than once in one process.
"""

from __future__ import annotations

from typing import Any

import pulumi

from lakehouse.account import resolve_account
from lakehouse.alerts import METRICS_NAMESPACE, Alerts, AlertsArgs
from lakehouse.artifacts import job_modules, job_script
from lakehouse.budget import Budget, BudgetArgs
from lakehouse.catalog import Catalog, CatalogArgs
from lakehouse.config import load_settings
from lakehouse.cron import longest_gap
from lakehouse.encryption import Encryption, EncryptionArgs
from lakehouse.given_key import require_usable_key
from lakehouse.jobs import Jobs, JobsArgs
from lakehouse.lake_formation import Grants, GrantsArgs
from lakehouse.logs import Logs, LogsArgs
from lakehouse.maintenance import Maintenance, MaintenanceArgs
from lakehouse.naming import BRONZE, LANDING, PROCESSING, RESULTS, SCRIPTS, make_names
from lakehouse.network_plan import plan_network
from lakehouse.networking import Networking, NetworkingArgs
from lakehouse.outputs import PublishedOutputs, PublishedOutputsArgs
from lakehouse.permissions import Permissions, PermissionsArgs
from lakehouse.query import Query, QueryArgs
from lakehouse.renamed import keep_renamed
from lakehouse.runtimes import RUNTIMES
from lakehouse.schedule import Schedule, ScheduleArgs
from lakehouse.storage import Storage, StorageArgs
from spark.tables import TABLE_NAMES


def program() -> None:
    """Declare the whole stack.

    Raises:
        ConfigError: before the first resource, when settings, names or account do not fit.
    """
    stack = pulumi.get_stack()
    settings, aws_settings = load_settings(stack)
    account = resolve_account(aws_settings, stack)
    names = make_names(settings.prefix, stack, account)
    runtime = RUNTIMES[settings.glue_version]
    plan = plan_network(settings, account, stack)
    require_usable_key(settings.kms_key_arn, stack)
    keep_renamed()

    encryption = Encryption(
        "encryption",
        EncryptionArgs(
            names=names,
            given_key_arn=settings.kms_key_arn,
            protect=settings.is_production,
            budget=settings.monthly_budget_usd is not None,
        ),
    )
    logs = Logs(
        "logs",
        LogsArgs(
            groups=names.log_groups,
            key_arn=encryption.key_arn,
            retention_days=settings.log_retention,
        ),
    )
    storage = Storage(
        "storage",
        StorageArgs(
            names=names,
            key_arn=encryption.key_arn,
            allow_data_deletion=settings.allow_data_deletion,
            protect_data=settings.is_production,
            noncurrent_version_days=settings.noncurrent_version_days,
            query_result_days=settings.query_result_days,
            access_log_days=settings.access_log_days,
        ),
    )
    buckets = storage.buckets
    networking = None
    if plan is not None:
        networking = Networking(
            "networking",
            NetworkingArgs(
                names=names,
                plan=plan,
                log_retention_days=settings.log_retention,
                log_key_arn=encryption.key_arn,
                boundary=settings.permissions_boundary_arn,
            ),
        )
    connections = networking.connections if networking else ()
    permissions = Permissions(
        "permissions",
        PermissionsArgs(
            names=names,
            key_arn=encryption.key_arn,
            tables=TABLE_NAMES,
            # Outside production everyone whom the account's own administrators let in may operate.
            operator_principals=settings.operator_principals or (names.iam_arn("root"),),
            analyst_principals=settings.analyst_principals,
            analyst_tables=settings.analyst_tables,
            boundary=settings.permissions_boundary_arn,
            lake_formation=settings.lake_formation == "grants",
            network=networking.ids if networking else None,
        ),
    )
    tables = {
        table: pulumi.Output.concat("s3://", buckets[BRONZE], "/", table, "/")
        for table in TABLE_NAMES
    }
    catalog = Catalog(
        "catalog",
        CatalogArgs(
            database_name=names.database,
            crawler_name=names.crawler,
            crawler_role_arn=permissions.crawler_role_arn,
            security_configuration=encryption.security_configuration,
            logs=logs,
            tables=tables,
            open_to_iam=settings.lake_formation == "off",
            connection=connections[0] if connections else None,
        ),
    )
    if settings.lake_formation == "grants":
        Grants(
            "grants",
            GrantsArgs(
                database_name=catalog.database_name,
                crawler_role_arn=permissions.crawler_role_arn,
                operator_role_arn=permissions.operator_role_arn,
                analyst_role_arn=permissions.analyst_role_arn,
                analyst_tables=settings.analyst_tables,
            ),
        )
    jobs = Jobs(
        "jobs",
        JobsArgs(
            job_name=names.job,
            role_arn=permissions.job_role_arn,
            region=account.region,
            runtime=runtime,
            script=job_script(),
            modules=job_modules(),
            scripts_bucket=buckets[SCRIPTS],
            landing_bucket=buckets[LANDING],
            bronze_bucket=buckets[BRONZE],
            processing_bucket=buckets[PROCESSING],
            worker_type=settings.worker_type,
            worker_count=settings.worker_count,
            timeout_minutes=settings.job_timeout_minutes,
            report_days=settings.report_days,
            quarantine_days=settings.quarantine_days,
            spare_capacity=settings.takes_spare_capacity,
            connections=connections,
            key_arn=encryption.key_arn,
            security_configuration=encryption.security_configuration,
            metrics_namespace=METRICS_NAMESPACE if settings.alerts else None,
            logs=logs,
        ),
    )
    schedule = None
    if settings.cron is not None:
        schedule = Schedule(
            "schedule",
            ScheduleArgs(
                names=names,
                expression=settings.cron,
                job_name=jobs.job_name,
                crawler_name=catalog.crawler_name,
            ),
        )
    maintenance = None
    if settings.maintenance_cron is not None:
        maintenance = Maintenance(
            "maintenance", MaintenanceArgs(names, settings.maintenance_cron, jobs.job_name)
        )
    if settings.alerts:
        alerts = Alerts(
            "alerts",
            AlertsArgs(
                names=names,
                key_arn=encryption.key_arn,
                emails=settings.alert_emails,
                schedule_gap_minutes=longest_gap(settings.cron) if settings.cron else None,
                budget=settings.monthly_budget_usd is not None,
            ),
        )
        if settings.monthly_budget_usd is not None:
            Budget("budget", BudgetArgs(names, settings.monthly_budget_usd, alerts.topic_arn))
    query = Query(
        "query",
        QueryArgs(
            workgroup_name=names.workgroup,
            database_name=catalog.database_name,
            results_bucket=buckets[RESULTS],
            account_id=account.id,
            bytes_limit=settings.query_bytes_limit,
            force_destroy=settings.allow_data_deletion,
            analyst_workgroup_name=names.analyst_workgroup if settings.analyst_principals else None,
            key_arn=encryption.key_arn,
        ),
    )
    outputs = {
        "job_name": jobs.job_name,
        # The same job: every writer has to pass through its one-run-at-a-time door.
        "maintenance_job_name": jobs.job_name,
        "crawler_name": catalog.crawler_name,
        "database_name": catalog.database_name,
        "workgroup_name": query.workgroup_name,
        "landing_bucket": buckets[LANDING],
        "bronze_bucket": buckets[BRONZE],
        "results_bucket": buckets[RESULTS],
        "bucket_names": dict(buckets),
        "tables": tables,
        "operator_role_arn": permissions.operator_role_arn,
        "network": networking.outputs if networking else None,
        "kms_key_arn": encryption.key_arn,
        "log_groups": dict(logs.groups),
        "schedule": _times(schedule, maintenance),
        "runtime": runtime.as_dict(),
    }
    PublishedOutputs("outputs", PublishedOutputsArgs(names.parameter, outputs))
    for key, value in outputs.items():
        pulumi.export(key, value)


def _times(schedule: Schedule | None, maintenance: Maintenance | None) -> dict[str, Any] | None:
    """What runs by itself, for the outputs; None where nothing does."""
    if schedule is None and maintenance is None:
        return None
    return {
        **(schedule.outputs if schedule else {"expression": None, "workflow_name": None}),
        "maintenance": maintenance.outputs if maintenance else None,
    }
