"""The calls on Athena workgroups and named queries that moto lacks or answers wrongly.

Semantics from the Athena API reference: UpdateWorkGroup changes only what it names, with a field
`Remove...` for each setting that can be taken away.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any, Final

from moto.athena.models import AthenaBackend, Execution, NamedQuery, WorkGroup
from moto.athena.responses import AthenaResponse
from moto.core.exceptions import JsonRESTError

from localaws.patching import replace

if TYPE_CHECKING:
    from localaws.services import Services

_ENGINE: Final = "Athena engine version 3"
_TAGGED: Final = ("work_groups", "data_catalogs", "capacity_reservations")


def invalid(message: str) -> JsonRESTError:
    """Return the error with which Athena answers most mistakes."""
    return JsonRESTError("InvalidRequestException", message)


def install(services: Services) -> None:  # noqa: ARG001 - every extension has this signature
    """Add the calls."""
    create, describe = WorkGroup.__init__, AthenaBackend.get_work_group

    def init(self: WorkGroup, *args: Any, **named: Any) -> None:
        create(self, *args, **named)
        vars(self)["created"] = time.time()
        self.configuration["EngineVersion"].setdefault("EffectiveEngineVersion", _ENGINE)

    def get_work_group(self: AthenaBackend, name: str) -> dict[str, Any] | None:
        found = describe(self, name)
        return found and found | {"CreationTime": vars(self.work_groups[name])["created"]}

    def list_work_groups(self: AthenaBackend) -> list[dict[str, Any]]:
        groups = [get_work_group(self, name) or {} for name in self.work_groups]
        hidden = {"Configuration"}
        return [{k: v for k, v in group.items() if k not in hidden} for group in groups]

    replace(WorkGroup, __init__=init)
    replace(AthenaBackend, get_work_group=get_work_group, list_work_groups=list_work_groups)
    replace(
        AthenaResponse,
        delete_named_query=delete_named_query,
        delete_work_group=delete_work_group,
        get_named_query=get_named_query,
        batch_get_named_query=batch_get_named_query,
        get_work_group=answer_work_group,
        list_tags_for_resource=list_tags_for_resource,
        update_named_query=update_named_query,
        update_work_group=update_work_group,
    )


def _find_group(backend: AthenaBackend, name: str) -> WorkGroup:
    if name not in backend.work_groups:
        raise invalid(f"WorkGroup {name} is not found.")
    return backend.work_groups[name]


def answer_work_group(self: AthenaResponse) -> str:
    """Describe a workgroup; one that does not exist is an error, not an empty reply."""
    name = self._get_param("WorkGroup")
    _find_group(self.athena_backend, name)
    return json.dumps({"WorkGroup": self.athena_backend.get_work_group(name)})


def update_work_group(self: AthenaResponse) -> str:
    """Change the description, the state and the named settings of a workgroup."""
    group = _find_group(self.athena_backend, self._get_param("WorkGroup"))
    group.description = self._get_param("Description", group.description)
    group.state = self._get_param("State", group.state)
    _apply(self._get_param("ConfigurationUpdates", {}), group.configuration)
    group.configuration["EngineVersion"].setdefault("EffectiveEngineVersion", _ENGINE)
    return "{}"


def _apply(updates: dict[str, Any], settings: dict[str, Any]) -> None:
    for name, value in updates.items():
        if name == "ResultConfigurationUpdates":
            _apply(value, settings.setdefault("ResultConfiguration", {}))
        elif name.startswith("Remove"):
            if value:
                settings.pop(name.removeprefix("Remove"), None)
        else:
            settings[name] = value


def delete_work_group(self: AthenaResponse) -> str:
    """Delete a workgroup: an empty one, or with RecursiveDeleteOption all that it holds."""
    backend, name = self.athena_backend, self._get_param("WorkGroup")
    if name == "primary":
        raise invalid("WorkGroup primary is not deletable")
    _find_group(backend, name)
    queries = [key for key, query in backend.named_queries.items() if query.workgroup.name == name]
    runs = [key for key, run in backend.executions.items() if _belongs(run, name)]
    statements = [
        key for key, one in backend.prepared_statements.items() if str(one.workgroup) == name
    ]
    if (queries or runs or statements) and not self._get_param("RecursiveDeleteOption"):
        raise invalid(f"WorkGroup {name} is not empty")
    for held, keys in (
        (backend.named_queries, queries),
        (backend.executions, runs),
        (backend.query_results, runs),
        (backend.prepared_statements, statements),
    ):
        for key in keys:
            held.pop(key, None)
    del backend.work_groups[name]
    return "{}"


def _belongs(run: Execution, name: str) -> bool:
    return run.workgroup is not None and run.workgroup.name == name


def list_tags_for_resource(self: AthenaResponse) -> str:
    """List the tags of a resource; one without tags has an empty list."""
    backend, arn = self.athena_backend, self._get_param("ResourceARN")
    if not any(item.arn == arn for kind in _TAGGED for item in vars(backend)[kind].values()):
        raise JsonRESTError("ResourceNotFoundException", f"Athena resource {arn} does not exist")
    return json.dumps(backend.tagger.list_tags_for_resource(arn))


def _find_query(backend: AthenaBackend, query: str) -> NamedQuery:
    if query not in backend.named_queries:
        raise invalid(f"NamedQuery {query} was not found")
    return backend.named_queries[query]


def _describe(query: NamedQuery) -> dict[str, Any]:
    return {
        "Name": query.name,
        "Description": query.description,
        "Database": query.database,
        "QueryString": query.query_string,
        "NamedQueryId": query.id,
        "WorkGroup": query.workgroup.name,
    }


def get_named_query(self: AthenaResponse) -> str:
    """Describe a named query."""
    query = _find_query(self.athena_backend, self._get_param("NamedQueryId"))
    return json.dumps({"NamedQuery": _describe(query)})


def batch_get_named_query(self: AthenaResponse) -> str:
    """Describe named queries, and tell which of them do not exist."""
    known = self.athena_backend.named_queries
    asked: list[str] = self._get_param("NamedQueryIds")
    missing = [{"NamedQueryId": query} for query in asked if query not in known]
    found = [_describe(known[query]) for query in asked if query in known]
    return json.dumps({"NamedQueries": found, "UnprocessedNamedQueryIds": missing})


def update_named_query(self: AthenaResponse) -> str:
    """Replace the name, the description and the text of a named query."""
    query = _find_query(self.athena_backend, self._get_param("NamedQueryId"))
    query.name = self._get_param("Name")
    query.description = self._get_param("Description", "")
    query.query_string = self._get_param("QueryString")
    return "{}"


def delete_named_query(self: AthenaResponse) -> str:
    """Delete a named query."""
    query = _find_query(self.athena_backend, self._get_param("NamedQueryId"))
    del self.athena_backend.named_queries[query.id]
    return "{}"
