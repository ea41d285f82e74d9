"""Lake Formation: who holds which grant on our own database, and nothing about the account.

Grants come on top of the policies in IAM, they replace none: the folders are not registered with
Lake Formation, so that S3 is still read with the rights of the role.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pulumi
import pulumi_aws as aws

from lakehouse.statements import Statement, allow

if TYPE_CHECKING:
    from collections.abc import Sequence


def open_to_iam() -> list[aws.glue.CatalogDatabaseCreateTableDefaultPermissionArgs]:
    """New tables follow IAM alone, even where the account's own default says otherwise."""
    return [
        aws.glue.CatalogDatabaseCreateTableDefaultPermissionArgs(
            permissions=["ALL"],
            principal=aws.glue.CatalogDatabaseCreateTableDefaultPermissionPrincipalArgs(
                data_lake_principal_identifier="IAM_ALLOWED_PRINCIPALS"
            ),
        )
    ]


def data_access() -> Statement:
    """Ask Lake Formation for what it grants; the action takes no resource ARN."""
    return allow("AskLakeFormation", ["lakeformation:GetDataAccess"], ["*"])


@dataclass(frozen=True)
class GrantsArgs:
    """The database, and the roles that work on it."""

    database_name: pulumi.Input[str]
    crawler_role_arn: pulumi.Input[str]
    operator_role_arn: pulumi.Input[str]
    analyst_role_arn: pulumi.Input[str] | None
    analyst_tables: Sequence[str]
    """Must be in the catalog already: Lake Formation refuses a grant on a table not yet made."""


class Grants(pulumi.ComponentResource):
    """What crawler, operator and analyst hold on the database and its tables."""

    def __init__(
        self, name: str, args: GrantsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("lakehouse:lake_formation:Grants", name, None, opts)
        database = aws.lakeformation.PermissionsDatabaseArgs(name=args.database_name)
        every_table = aws.lakeformation.PermissionsTableArgs(
            database_name=args.database_name, wildcard=True
        )
        self._grant(
            "crawler-database",
            args.crawler_role_arn,
            ["CREATE_TABLE", "DESCRIBE"],
            database=database,
        )
        self._grant(
            "crawler-tables", args.crawler_role_arn, ["ALTER", "DESCRIBE"], table=every_table
        )
        self._grant("operator-database", args.operator_role_arn, ["DESCRIBE"], database=database)
        self._grant(
            "operator-tables", args.operator_role_arn, ["DESCRIBE", "SELECT"], table=every_table
        )
        if args.analyst_role_arn is not None:
            self._grant("analyst-database", args.analyst_role_arn, ["DESCRIBE"], database=database)
            for table in args.analyst_tables:
                self._grant(
                    f"analyst-{table}",
                    args.analyst_role_arn,
                    ["DESCRIBE", "SELECT"],
                    table=aws.lakeformation.PermissionsTableArgs(
                        database_name=args.database_name, name=table
                    ),
                )
        self.register_outputs({})

    def _grant(
        self, name: str, role_arn: pulumi.Input[str], permissions: list[str], **on: Any
    ) -> None:
        aws.lakeformation.Permissions(
            name,
            principal=role_arn,
            permissions=permissions,
            **on,
            # A changed grant is a new one: the old, revoked last, would take the new along.
            opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),
        )
