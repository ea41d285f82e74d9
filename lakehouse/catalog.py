"""The Data Catalog: a database, and the crawler that reads the Delta logs into it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi
import pulumi_aws as aws

from lakehouse.lake_formation import open_to_iam

if TYPE_CHECKING:
    from collections.abc import Mapping

# The version has to be a JSON number. Partition indexes serve tables whose partitions stand in the
# catalog; those of a native Delta table stand in its log.
_CRAWLER_CONFIGURATION = json.dumps({"Version": 1.0, "CreatePartitionIndex": False})


@dataclass(frozen=True)
class CatalogArgs:
    """Names, the crawler's role and the folder of each table."""

    database_name: str
    crawler_name: str
    crawler_role_arn: pulumi.Input[str]
    security_configuration: pulumi.Input[str]
    logs: pulumi.Resource
    """The log groups, which have to be there before the first crawl would make its own."""
    tables: Mapping[str, pulumi.Input[str]]
    """Table -> s3://bucket/folder/ of its Delta log; the folder's name becomes the table's."""
    open_to_iam: bool
    """Whether IAM alone decides on new tables, without Lake Formation."""
    connection: pulumi.Input[str] | None = None
    """Into the network from which the crawler reads."""


class Catalog(pulumi.ComponentResource):
    """Where Athena finds the tables."""

    database_name: pulumi.Output[str]
    """The database of the bronze tables."""
    crawler_name: pulumi.Output[str]
    """The crawler that fills it."""

    def __init__(
        self, name: str, args: CatalogArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("lakehouse:catalog:Catalog", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        database = aws.glue.CatalogDatabase(
            "bronze",
            name=args.database_name,
            description="The bronze Delta tables of the music lakehouse",
            create_table_default_permissions=open_to_iam() if args.open_to_iam else None,
            opts=child,
        )
        crawler = aws.glue.Crawler(
            "bronze",
            name=args.crawler_name,
            description="Registers the bronze Delta tables as native Delta tables",
            database_name=database.name,
            role=args.crawler_role_arn,
            delta_targets=[
                aws.glue.CrawlerDeltaTargetArgs(
                    delta_tables=list(args.tables.values()),
                    write_manifest=False,
                    connection_name=args.connection,
                    create_native_delta_table=True,
                )
            ],
            # Delta targets know no other recrawl behaviour than this, the default; a table whose
            # log is gone is only reported, for a crawl must never drop what somebody queries.
            recrawl_policy=aws.glue.CrawlerRecrawlPolicyArgs(recrawl_behavior="CRAWL_EVERYTHING"),
            schema_change_policy=aws.glue.CrawlerSchemaChangePolicyArgs(
                update_behavior="UPDATE_IN_DATABASE", delete_behavior="LOG"
            ),
            configuration=_CRAWLER_CONFIGURATION,
            security_configuration=args.security_configuration,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[args.logs]),
        )
        self.database_name = database.name
        self.crawler_name = crawler.name
        self.register_outputs(
            {"database_name": self.database_name, "crawler_name": self.crawler_name}
        )
