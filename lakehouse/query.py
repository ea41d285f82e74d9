"""Athena: the workgroup that bounds what a query may cost, and the queries worth keeping."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from lakehouse.policies import ANALYST_RESULTS


@dataclass(frozen=True)
class SavedQuery:
    """A query that people find in the console and the pipeline finds by name."""

    name: str
    description: str
    sql: str


SAVED_QUERIES = (
    SavedQuery(
        "artists-and-songs",
        "Every song with its artist and where the artist comes from",
        "SELECT a.artist_name, s.title AS music, a.artist_location "
        "FROM artists a INNER JOIN songs s ON a.artist_name = s.artist_name",
    ),
    SavedQuery(
        "most-played-songs",
        "The ten songs with the most plays",
        "SELECT s.title, s.artist_name, count(*) AS plays "
        "FROM songplays p INNER JOIN songs s ON p.song_id = s.song_id "
        "GROUP BY s.title, s.artist_name ORDER BY plays DESC, s.title LIMIT 10",
    ),
    SavedQuery(
        "plays-by-hour",
        "When people listen, and on which subscription level (UTC)",
        "SELECT t.hour, p.level, count(*) AS plays "
        'FROM songplays p INNER JOIN "time" t ON p.start_time = t.start_time '
        "GROUP BY t.hour, p.level ORDER BY t.hour, p.level",
    ),
    SavedQuery(
        "plays-of-unknown-songs",
        "What people play that the song data does not hold",
        "SELECT p.artist, p.song, count(*) AS plays FROM songplays p "
        "WHERE p.song_id IS NULL GROUP BY p.artist, p.song ORDER BY plays DESC LIMIT 20",
    ),
)
"""The first is the query of the project that this one replaces, word for word."""


@dataclass(frozen=True)
class QueryArgs:
    """Where results go, in whose account, and how much one query may read."""

    workgroup_name: str
    database_name: pulumi.Input[str]
    results_bucket: pulumi.Input[str]
    account_id: str
    bytes_limit: int
    force_destroy: bool
    analyst_workgroup_name: str | None
    """A workgroup whose results lie apart, for those who may not read all results; None: none."""
    key_arn: pulumi.Input[str]
    """What encrypts the results."""


class Query(pulumi.ComponentResource):
    """The way in for SQL."""

    workgroup_name: pulumi.Output[str]
    """Its settings win over those of the client."""

    def __init__(
        self, name: str, args: QueryArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("lakehouse:query:Query", name, None, opts)
        workgroup = self._workgroup("queries", args.workgroup_name, "", args)
        for query in SAVED_QUERIES:
            aws.athena.NamedQuery(
                query.name,
                name=query.name,
                description=query.description,
                workgroup=workgroup.name,
                database=args.database_name,
                query=query.sql,
                opts=pulumi.ResourceOptions(parent=self),
            )
        if args.analyst_workgroup_name is not None:
            self._workgroup("analyst", args.analyst_workgroup_name, ANALYST_RESULTS, args)
        self.workgroup_name = workgroup.name
        self.register_outputs({"workgroup_name": self.workgroup_name})

    def _workgroup(
        self, logical_name: str, name: str, folder: str, args: QueryArgs
    ) -> aws.athena.Workgroup:
        results = aws.athena.WorkgroupConfigurationResultConfigurationArgs(
            output_location=pulumi.Output.concat("s3://", args.results_bucket, "/", folder),
            expected_bucket_owner=args.account_id,
            encryption_configuration=aws.athena.WorkgroupConfigurationResultConfigurationEncryptionConfigurationArgs(
                encryption_option="SSE_KMS", kms_key_arn=args.key_arn
            ),
        )
        return aws.athena.Workgroup(
            logical_name,
            name=name,
            description="Queries over the music lakehouse",
            # A workgroup with a history is only deleted by force.
            force_destroy=args.force_destroy,
            configuration=aws.athena.WorkgroupConfigurationArgs(
                enforce_workgroup_configuration=True,
                publish_cloudwatch_metrics_enabled=True,
                bytes_scanned_cutoff_per_query=args.bytes_limit,
                # Native Delta tables need version 3.
                engine_version=aws.athena.WorkgroupConfigurationEngineVersionArgs(
                    selected_engine_version="Athena engine version 3"
                ),
                result_configuration=results,
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
