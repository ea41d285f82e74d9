"""Analysts, the permissions boundary and Lake Formation: what settings add to the roles."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, get_args

import pytest

from lakehouse import policies
from lakehouse.analyst_policies import analyst_policy
from lakehouse.config import AnalystTable
from lakehouse.statements import use_key
from spark.tables import TABLE_NAMES

if TYPE_CHECKING:
    from collections.abc import Callable

    from lakehouse.naming import Names

TEAM = "arn:aws:iam::123456789012:role/analysts"
ANALYSTS = {"lakehouse:analystPrincipals": json.dumps([TEAM])}
GRANT = "lakeformation/permissions:Permissions"


@pytest.fixture(scope="module")
def analysed(declare: Callable[..., Any]) -> Any:
    """A stack with analysts."""
    return declare(ANALYSTS)


def test_there_are_analysts_only_where_they_are_named(dev: Any, analysed: Any) -> None:
    """Nobody's role is a role that nobody watches."""
    assert "analyst-role" not in dev.of_type("iam/role:Role")
    assert "analyst" not in dev.of_type("athena/workgroup:Workgroup")
    role = analysed.of_type("iam/role:Role")["analyst-role"]
    (trust,) = json.loads(role["assumeRolePolicy"])["Statement"]
    assert trust["Principal"] == {"AWS": [TEAM]}


def test_an_analyst_reads_the_chosen_tables_alone(declare: Callable[..., Any]) -> None:
    """The setting decides in the catalog and in S3 alike, and the quarantine is no choice."""
    chosen = declare({**ANALYSTS, "lakehouse:analystTables": '["users"]'})
    policy = chosen.of_type("iam/rolePolicy:RolePolicy")["analyst-role"]["policy"]
    assert "/users/*" in policy
    assert "/songs/*" not in policy
    assert set(get_args(AnalystTable)) == set(TABLE_NAMES) - {
        "quarantined_records",
        "ingested_files",
    }


def test_the_results_of_analysts_lie_apart(analysed: Any, names: Names) -> None:
    """What the operator reads from the quarantine must not be found among their own results."""
    groups = analysed.of_type("athena/workgroup:Workgroup")
    folder = groups["analyst"]["configuration"]["resultConfiguration"]["outputLocation"]
    assert folder == f"s3://{names.bucket('query-results')}/{policies.ANALYST_RESULTS}"
    settings = [dict(group["configuration"]) for group in groups.values()]
    for one in settings:
        location = dict(one.pop("resultConfiguration"))
        location.pop("outputLocation")
        one["results"] = location
    assert settings[0] == settings[1], "cost and encryption are bounded alike"
    attached = analysed.of_type("iam/rolePolicy:RolePolicy")["analyst-role"]["policy"]
    tables = ("songs", "artists", "time", "songplays")
    expected = analyst_policy(names, tables)["Statement"]
    uses = use_key(names, "analyst", analysed.outputs["kms_key_arn"])
    assert json.loads(attached)["Statement"] == [*expected, *uses]


def test_a_boundary_limits_every_role(declare: Callable[..., Any], dev: Any) -> None:
    """An account that demands a boundary refuses a role without one."""
    arn = "arn:aws:iam::123456789012:policy/boundary"
    bounded = declare({**ANALYSTS, "lakehouse:permissionsBoundaryArn": arn})
    assert {role["permissionsBoundary"] for role in bounded.of_type("iam/role:Role").values()} == {
        arn
    }
    assert not any(
        role.get("permissionsBoundary") for role in dev.of_type("iam/role:Role").values()
    )


def test_without_lake_formation_the_database_says_that_iam_decides(dev: Any) -> None:
    """An account whose own default is Lake Formation would lock everyone out of new tables."""
    (database,) = dev.of_type("glue/catalogDatabase:CatalogDatabase").values()
    assert database["createTableDefaultPermissions"] == [
        {
            "permissions": ["ALL"],
            "principal": {"dataLakePrincipalIdentifier": "IAM_ALLOWED_PRINCIPALS"},
        }
    ]
    assert not dev.of_type(GRANT)


def test_lake_formation_grants_each_actor_its_own_and_touches_no_account_setting(
    declare: Callable[..., Any], names: Names
) -> None:
    """Crawler, operator and analyst hold grants on this database; the analyst on chosen tables."""
    granted = declare({**ANALYSTS, "lakehouse:lakeFormation": "grants"})
    (database,) = granted.of_type("glue/catalogDatabase:CatalogDatabase").values()
    assert not database.get("createTableDefaultPermissions")
    grants = granted.of_type(GRANT)
    assert grants.keys() == {
        "crawler-database",
        "crawler-tables",
        "operator-database",
        "operator-tables",
        "analyst-database",
        *(f"analyst-{table}" for table in ("songs", "artists", "time", "songplays")),
    }
    for name, grant in grants.items():
        target = grant.get("table") or grant["database"]
        assert target.get("databaseName", target.get("name")) == names.database
        assert name.startswith("crawler") or set(grant["permissions"]) <= {"DESCRIBE", "SELECT"}
    for actor in ("crawler", "operator", "analyst"):
        policy = granted.of_type("iam/rolePolicy:RolePolicy")[f"{actor}-role"]["policy"]
        assert "lakeformation:GetDataAccess" in policy
    types = {inputs["type"] for inputs in granted.resources.values()}
    assert [name for name in types if "lakeformation" in name] == [f"aws:{GRANT}"]
