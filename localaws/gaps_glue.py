"""The calls on Glue jobs, crawlers, connections and triggers that moto lacks or answers in part.

Semantics from the Glue API reference: an update of a job, a connection or a trigger replaces its
whole definition; an update of a crawler changes only what it names.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import utcnow
from moto.glue.exceptions import CrawlerRunningException, EntityNotFoundException
from moto.glue.models import FakeConnection, FakeJob, GlueBackend
from moto.glue.responses import GlueResponse
from moto.glue.utils import Action, Predicate

from localaws.patching import replace

if TYPE_CHECKING:
    from localaws.services import Services

# Fields of a job that moto forgets.
_JOB_EXTRAS: Final = ("JobMode", "JobRunQueuingEnabled", "MaintenanceWindow")
_JOB_FIELDS: Final = (
    "AllocatedCapacity",
    "CodeGenConfigurationNodes",
    "Command",
    "Connections",
    "DefaultArguments",
    "Description",
    "ExecutionClass",
    "ExecutionProperty",
    "GlueVersion",
    "LogUri",
    "MaxCapacity",
    "MaxRetries",
    "NonOverridableArguments",
    "NotificationProperty",
    "NumberOfWorkers",
    "Role",
    "SecurityConfiguration",
    "SourceControlDetails",
    "Timeout",
    "WorkerType",
)
_KEPT_BY_AN_UPDATE: Final = {"backend", "created_on", "job_runs"}
_CRAWLER_FIELDS: Final = (
    "Classifiers",
    "Configuration",
    "CrawlerSecurityConfiguration",
    "DatabaseName",
    "Description",
    "LineageConfiguration",
    "RecrawlPolicy",
    "Role",
    "Schedule",
    "SchemaChangePolicy",
    "TablePrefix",
    "Targets",
)


def install(services: Services) -> None:  # noqa: ARG001 - every extension has this signature
    """Add the calls."""
    _mend_jobs()
    replace(
        GlueResponse,
        update_crawler=update_crawler,
        update_crawler_schedule=update_crawler_schedule,
        update_trigger=update_trigger,
    )
    _mend_connections()


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def _mend_jobs() -> None:
    create_job, describe = GlueResponse.create_job, FakeJob.as_dict

    def create_job_whole(self: GlueResponse) -> ActionResult:
        reply = create_job(self)
        _keep_extras(self.glue_backend.get_job(self.parameters["Name"]), self.parameters)
        return reply

    def as_dict(self: FakeJob) -> dict[str, Any]:
        extras: dict[str, Any] = vars(self).get("extras", {})
        return {**describe(self), **extras}

    def update_job(self: GlueResponse) -> ActionResult:
        name: str = self.parameters["JobName"]
        wanted: dict[str, Any] = self.parameters["JobUpdate"]
        job = self.glue_backend.get_job(name)
        fields: dict[str, Any] = {_snake(field): wanted.get(field) for field in _JOB_FIELDS}
        changed = FakeJob(name=name, tags={}, backend=self.glue_backend, **fields)
        _keep_extras(changed, wanted)
        kept = {field: value for field, value in vars(job).items() if field in _KEPT_BY_AN_UPDATE}
        vars(job).update(vars(changed) | kept)
        return ActionResult({"JobName": name})

    replace(FakeJob, as_dict=as_dict)
    replace(GlueResponse, create_job=create_job_whole, update_job=update_job)


def _keep_extras(job: FakeJob, wanted: dict[str, Any]) -> None:
    vars(job)["extras"] = {name: wanted[name] for name in _JOB_EXTRAS if name in wanted}


def update_crawler(self: GlueResponse) -> EmptyResult:
    """Change the fields of a crawler that the request names, unless it is running."""
    crawler = self.glue_backend.get_crawler(self.parameters["Name"])
    if crawler.status == "RUNNING":
        raise CrawlerRunningException(f"Crawler {crawler.name} is running; update it afterwards")
    for field in _CRAWLER_FIELDS:
        if field in self.parameters:
            setattr(crawler, _snake(field), self.parameters[field])
    crawler.version += 1
    crawler.last_updated = utcnow()
    return EmptyResult()


def update_crawler_schedule(self: GlueResponse) -> EmptyResult:
    """Change when a crawler runs."""
    crawler = self.glue_backend.get_crawler(self.parameters["CrawlerName"])
    crawler.schedule = self.parameters.get("Schedule", "")
    crawler.last_updated = utcnow()
    return EmptyResult()


def update_trigger(self: GlueResponse) -> ActionResult:
    """Replace the definition of a trigger."""
    trigger = self.glue_backend.get_trigger(self.parameters["Name"])
    wanted: dict[str, Any] = self.parameters["TriggerUpdate"]
    trigger.description = wanted.get("Description", "")
    trigger.schedule = wanted.get("Schedule", "")
    trigger.actions = [Action(action) for action in wanted.get("Actions", [])]
    trigger.predicate = Predicate(wanted["Predicate"]) if wanted.get("Predicate") else None
    trigger.event_batching_condition = wanted.get("EventBatchingCondition", {})
    return ActionResult({"Trigger": trigger.as_dict()})


def _mend_connections() -> None:
    describe = FakeConnection.as_dict

    def as_dict(self: FakeConnection, hide_password: bool = False) -> dict[str, Any]:
        kept = ("ConnectionType", "MatchCriteria")
        known = {name: self.connection_input.get(name) for name in kept}
        return {**describe(self, hide_password), **known}

    replace(FakeConnection, as_dict=as_dict)
    replace(
        GlueResponse,
        batch_delete_connection=batch_delete_connection,
        delete_connection=delete_connection,
        update_connection=update_connection,
    )


def update_connection(self: GlueResponse) -> EmptyResult:
    """Replace the definition of a connection."""
    connection = _connection(self.glue_backend, self.parameters["Name"])
    made = connection.created_time
    wanted: dict[str, Any] = self.parameters["ConnectionInput"]
    changed = FakeConnection(self.glue_backend, connection.catalog_id, wanted, {})
    vars(connection).update(vars(changed))
    connection.created_time = made
    return EmptyResult()


def delete_connection(self: GlueResponse) -> EmptyResult:
    """Delete a connection."""
    name: str = self.parameters["ConnectionName"]
    _connection(self.glue_backend, name)
    del self.glue_backend.connections[name]
    return EmptyResult()


def batch_delete_connection(self: GlueResponse) -> ActionResult:
    """Delete connections, and tell which of them did not exist."""
    succeeded, errors = [], {}
    for name in self.parameters["ConnectionNameList"]:
        if self.glue_backend.connections.pop(name, None) is None:
            missing = {"ErrorCode": "EntityNotFoundException", "ErrorMessage": f"{name} not found"}
            errors[name] = missing
        else:
            succeeded.append(name)
    return ActionResult({"Succeeded": succeeded, "Errors": errors})


def _connection(backend: GlueBackend, name: str) -> FakeConnection:
    if name not in backend.connections:
        raise EntityNotFoundException(f"Connection {name} not found.")
    return backend.connections[name]
