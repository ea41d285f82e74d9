"""Lake Formation's grants and permissions boundaries, provisioned in process."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pulumi_aws as aws

from lakehouse.lake_formation import open_to_iam
from tests.local.bridge_programs import TRUST

if TYPE_CHECKING:
    from collections.abc import Callable

ROLE = "arn:aws:iam::123456789012:role/reader"
BOUNDARY = "arn:aws:iam::123456789012:policy/boundary"


def test_a_grant_is_made_changed_and_revoked(
    up: Callable[[Callable[[], None]], Any], client: Callable[[str], Any]
) -> None:
    """A database, a table and all tables: each holds what the program says, and then nothing."""
    database = f"d{uuid4().hex[:12]}"

    def granting(*permissions: str) -> Callable[[], None]:
        def program() -> None:
            table = aws.lakeformation.PermissionsTableArgs
            targets: dict[str, dict[str, Any]] = {
                "database": {"database": aws.lakeformation.PermissionsDatabaseArgs(name=database)},
                "one": {"table": table(database_name=database, name="songs")},
                "all": {"table": table(database_name=database, wildcard=True)},
            }
            for name, target in targets.items():
                aws.lakeformation.Permissions(
                    name, principal=ROLE, permissions=list(permissions), **target
                )

        return program

    def held() -> list[tuple[str, list[str]]]:
        found = client("lakeformation").list_permissions()["PrincipalResourcePermissions"]
        return sorted(
            (json.dumps(grant["Resource"], sort_keys=True), sorted(grant["Permissions"]))
            for grant in found
            if database in json.dumps(grant["Resource"])
        )

    up(granting("DESCRIBE"))
    assert [permissions for _, permissions in held()] == [["DESCRIBE"]] * 3
    assert len({target for target, _ in held()}) == 3
    up(granting("DESCRIBE"))
    up(granting("ALTER", "SELECT"))
    assert [permissions for _, permissions in held()] == [["ALTER", "SELECT"]] * 3
    up(lambda: None)
    assert held() == []


def test_a_boundary_is_put_changed_and_taken_away(
    up: Callable[[Callable[[], None]], Any], client: Callable[[str], Any]
) -> None:
    """The role keeps its id: a boundary changes in place."""
    name = f"r{uuid4().hex[:12]}"

    def bounded(arn: str | None) -> Callable[[], None]:
        def program() -> None:
            aws.iam.Role("r", name=name, assume_role_policy=TRUST, permissions_boundary=arn)

        return program

    identifiers = set()
    for arn in (BOUNDARY, f"{BOUNDARY}-2", None):
        up(bounded(arn))
        role = client("iam").get_role(RoleName=name)["Role"]
        identifiers.add(role["RoleId"])
        assert role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn") == arn
    assert len(identifiers) == 1


def test_default_permissions_stay_until_somebody_takes_them_away(
    up: Callable[[Callable[[], None]], Any], client: Callable[[str], Any]
) -> None:
    """As with the provider itself, which sends no empty list; and what was closed stays so."""
    database, glue = f"d{uuid4().hex[:12]}", client("glue")

    def declared(description: str, *, open_: bool) -> Callable[[], None]:
        def declare() -> None:
            aws.glue.CatalogDatabase(
                "d",
                name=database,
                description=description,
                create_table_default_permissions=open_to_iam() if open_ else None,
            )

        return declare

    def held() -> list[Any]:
        found = glue.get_database(Name=database)["Database"]
        return list(found.get("CreateTableDefaultPermissions", []))

    up(declared("a", open_=True))
    iam = {"DataLakePrincipalIdentifier": "IAM_ALLOWED_PRINCIPALS"}
    assert held() == [{"Principal": iam, "Permissions": ["ALL"]}]
    up(declared("a", open_=False))
    assert held() == [{"Principal": iam, "Permissions": ["ALL"]}]
    closed = {"Name": database, "Description": "a", "CreateTableDefaultPermissions": []}
    glue.update_database(Name=database, DatabaseInput=closed)
    up(declared("b", open_=False))
    assert glue.get_database(Name=database)["Database"]["Description"] == "b"
    assert held() == []
    up(declared("b", open_=True))
    assert held() == [{"Principal": iam, "Permissions": ["ALL"]}]
