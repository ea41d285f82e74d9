"""Lake Formation's grants on databases and tables."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from localaws.bridge.resource_type import Made, Properties, ResourceType
from localaws.bridge.shapes import Nested, Shape, told

if TYPE_CHECKING:
    from localaws.bridge.clients import Clients

_GRANT: Shape = {
    "principal": "DataLakePrincipalIdentifier",
    "permissions": "Permissions",
    "database": Nested("Database", {"name": "Name"}),
    "table": Nested(
        "Table", {"databaseName": "DatabaseName", "name": "Name", "wildcard": "TableWildcard"}
    ),
}


def _target(inputs: Properties) -> dict[str, Any]:
    """Who holds the grant, and on what, as the API wants it."""
    if "database" in inputs:
        resource = {"Database": {"Name": inputs["database"]["name"]}}
    else:
        table = inputs["table"]
        which = {"TableWildcard": {}} if table.get("wildcard") else {"Name": table["name"]}
        resource = {"Table": {"DatabaseName": table["databaseName"], **which}}
    return {
        "Principal": {"DataLakePrincipalIdentifier": inputs["principal"]},
        "Resource": resource,
    }


def _grants(clients: Clients, inputs: Properties) -> list[dict[str, Any]]:
    target = _target(inputs)
    granted = clients("lakeformation").list_permissions(**target)["PrincipalResourcePermissions"]
    return [grant for grant in granted if grant["Resource"] == target["Resource"]]


def _held(clients: Clients, inputs: Properties) -> set[str]:
    """The permissions that are granted there now."""
    granted = _grants(clients, inputs)
    return {permission for grant in granted for permission in grant["Permissions"]}


def _put(clients: Clients, inputs: Properties) -> Made:
    target, wanted, held = _target(inputs), set(inputs["permissions"]), _held(clients, inputs)
    if wanted - held:
        clients("lakeformation").grant_permissions(**target, Permissions=sorted(wanted - held))
    if held - wanted:
        clients("lakeformation").revoke_permissions(**target, Permissions=sorted(held - wanted))
    return Made(json.dumps(target, sort_keys=True), {})


def _delete(clients: Clients, _: str, inputs: Properties) -> None:
    held = _held(clients, inputs) & set(inputs["permissions"])
    if held:
        clients("lakeformation").revoke_permissions(**_target(inputs), Permissions=sorted(held))


def _describe(clients: Clients, _: str, inputs: Properties) -> Properties | None:
    for grant in _grants(clients, inputs):
        table = grant["Resource"].get("Table", {})
        wildcard = {"TableWildcard": True} if "TableWildcard" in table else {}
        found = {**grant["Resource"], **grant["Principal"]}
        if table:
            found["Table"] = {**table, **wildcard}
        return {**told(_GRANT, found), "permissions": sorted(_held(clients, inputs))}
    return None


TYPES: dict[str, ResourceType] = {
    "aws:lakeformation/permissions:Permissions": ResourceType(
        shape=_GRANT,
        create=_put,
        describe=_describe,
        update=lambda clients, _, inputs: _put(clients, inputs),
        delete=_delete,
        replace_on=frozenset({"principal", "database", "table"}),
        unordered=frozenset({"permissions"}),
    ),
}
