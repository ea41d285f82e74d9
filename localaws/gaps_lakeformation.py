"""Lake Formation: moto loses a grant that is added to, and cannot list grants on all tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.lakeformation.models import LakeFormationBackend, Permission, PermissionCatalog

from localaws.patching import replace

if TYPE_CHECKING:
    from localaws.services import Services


def install(services: Services) -> None:  # noqa: ARG001 - every extension has this signature
    """Replace the listing of grants on tables, and the adding to a grant."""
    list_permissions = LakeFormationBackend.list_permissions

    def list_with_tables(
        self: LakeFormationBackend,
        catalog_id: str,
        principal: dict[str, str] | None = None,
        resource: Any = None,
        resource_type: Any = None,
    ) -> list[dict[str, Any]]:
        if resource is None or resource.table is None:
            return list_permissions(self, catalog_id, principal, resource, resource_type)
        wanted = (
            resource.table.database_name,
            resource.table.name,
            resource.table.table_wildcard is not None,
        )
        found = list_permissions(self, catalog_id, principal, None, resource_type)
        return [grant for grant in found if _table(grant["Resource"]) == wanted]

    replace(LakeFormationBackend, list_permissions=list_with_tables)
    replace(PermissionCatalog, add_permission=add_permission)


def add_permission(self: PermissionCatalog, permission: Permission) -> None:
    """Add to what the principal holds already; the set finds a grant by all that is in it."""
    for held in list(self.permissions):
        if permission.equal_principal_and_resouce(held):
            self.permissions.remove(held)
            permission.merge(held)
    self.permissions.add(permission)


def _table(resource: dict[str, Any]) -> tuple[str, str | None, bool] | None:
    """The database, the table and whether it is all tables; None for a grant on something else."""
    table = resource.get("Table")
    if table is None:
        return None
    return table["DatabaseName"], table.get("Name"), "TableWildcard" in table
