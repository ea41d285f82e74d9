"""Analysts, a boundary and Lake Formation's grants on the real Pulumi engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.engine

BOUNDARY = "arn:aws:iam::123456789012:policy/boundary"


def grants(client: Callable[[str], Any], role: str) -> list[list[str]]:
    """What Lake Formation grants to a role: the permissions of each grant."""
    listed = client("lakeformation").list_permissions()["PrincipalResourcePermissions"]
    return [
        sorted(grant["Permissions"])
        for grant in listed
        if grant["Principal"]["DataLakePrincipalIdentifier"].endswith(f"role/{role}")
    ]


def test_settings_of_permissions_come_and_go(
    new_stack: Callable[..., Any], client: Callable[[str], Any]
) -> None:
    """They are made with the stack, change nothing the second time, and go when they are unset."""
    stack = new_stack(
        **{
            "lakehouse:analystPrincipals": ["arn:aws:iam::123456789012:role/team"],
            "lakehouse:analystTables": ["songs", "artists"],
            "lakehouse:permissionsBoundaryArn": BOUNDARY,
            "lakehouse:lakeFormation": "grants",
        }
    )
    analyst = f"music-{stack.stack.name}-analyst"
    made = stack.up()["create"]
    role = client("iam").get_role(RoleName=analyst)["Role"]
    assert role["PermissionsBoundary"]["PermissionsBoundaryArn"] == BOUNDARY
    assert sorted(grants(client, analyst)) == [
        ["DESCRIBE"],
        ["DESCRIBE", "SELECT"],
        ["DESCRIBE", "SELECT"],
    ]
    assert stack.up() == {"same": made}

    stack.configure({"lakehouse:analystTables": ["songs"], "lakehouse:lakeFormation": "off"})
    assert stack.up()["delete"] == 8
    assert grants(client, analyst) == []
    stack.destroy()
    roles = [role["RoleName"] for role in client("iam").list_roles()["Roles"]]
    assert analyst not in roles
