"""The Glue job, and its code in the scripts bucket."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi
import pulumi_aws as aws

if TYPE_CHECKING:
    from lakehouse.artifacts import Artifact
    from lakehouse.runtimes import Runtime

_DELTA_CONF = (
    "spark.sql.extensions=io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog=org.apache.spark.sql.delta.catalog.DeltaCatalog",
    "spark.delta.logStore.class=org.apache.spark.sql.delta.storage.S3SingleDriverLogStore",
)


_NOTHING_ELSE = {
    # pip is asked for what is there already, and may neither look for anything nor bring it along:
    # an empty list is no requirement to pip, which would fail.
    "--additional-python-modules": "boto3",
    "--python-modules-installer-option": "--no-index --no-deps",
    "--extra-jars": "",
    "--extra-files": "",
}
"""Ways for code to come along that this job has no use for, each closed by a value of its own."""

FIXED_ARGUMENTS = (
    "--extra-py-files",
    *_NOTHING_ELSE,
    "--conf",
    "--TempDir",
    "--landing",
    "--bronze",
    "--processing",
)
"""What no run may have otherwise; of two values Glue takes the fixed one ("Job parameters")."""

_LEASE_MARGIN_MINUTES = 30
"""By how much a writer's lease outlasts the job's timeout."""


@dataclass(frozen=True)
class JobsArgs:
    """Where the job reads and writes, what it runs and on how much."""

    job_name: str
    role_arn: pulumi.Input[str]
    region: str
    runtime: Runtime
    script: Artifact
    modules: Artifact
    scripts_bucket: pulumi.Input[str]
    landing_bucket: pulumi.Input[str]
    bronze_bucket: pulumi.Input[str]
    processing_bucket: pulumi.Input[str]
    worker_type: str
    worker_count: int
    timeout_minutes: int
    report_days: int
    """How long maintenance keeps the reports of runs, and the way back to before them."""
    quarantine_days: int | None
    """How long maintenance keeps quarantined records; None for ever."""
    spare_capacity: bool
    """Whether to run cheaper, on capacity that is left over and may take a while to be found."""
    key_arn: pulumi.Input[str]
    security_configuration: pulumi.Input[str]
    metrics_namespace: str | None
    """Where a run tells that it succeeded; None where nobody listens."""
    logs: pulumi.Resource
    """The log groups, which have to be there before the first run would make its own."""
    connections: tuple[pulumi.Input[str], ...] = ()
    """Into the network in which it runs, in the order in which Glue tries them."""


class Jobs(pulumi.ComponentResource):
    """One job for every writer: Delta on S3 has no lock between two Spark drivers."""

    job_name: pulumi.Output[str]
    """The job; its ``--task`` says what a run does."""

    def __init__(
        self, name: str, args: JobsArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("lakehouse:jobs:Jobs", name, None, opts)
        script_uri = self._upload("job-script", args, args.script)
        modules_uri = self._upload("job-modules", args, args.modules)
        arguments = _default_arguments(args, modules_uri)
        job = aws.glue.Job(
            "bronze",
            name=args.job_name,
            description="Landing JSON to bronze Delta tables",
            role_arn=args.role_arn,
            glue_version=args.runtime.glue,
            command=aws.glue.JobCommandArgs(
                name="glueetl", python_version="3", script_location=script_uri
            ),
            default_arguments=arguments,
            # StartJobRun takes arguments, --scriptLocation among them: whoever may start the job
            # must not have its role run other code, or this code elsewhere (OWN-GLUE-3).
            non_overridable_arguments={
                "--scriptLocation": script_uri,
                **{name: arguments[name] for name in FIXED_ARGUMENTS},
            },
            connections=list(args.connections) or None,
            worker_type=args.worker_type,
            number_of_workers=args.worker_count,
            timeout=args.timeout_minutes,
            execution_class="FLEX" if args.spare_capacity else "STANDARD",
            # The pipeline retries, and knows which run it is waiting for; one run at a time,
            # refused rather than queued (OWN-GLUE-1, OWN-GLUE-2).
            max_retries=0,
            execution_property=aws.glue.JobExecutionPropertyArgs(max_concurrent_runs=1),
            job_run_queuing_enabled=False,
            security_configuration=args.security_configuration,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[args.logs]),
        )
        self.job_name = job.name
        self.register_outputs({"job_name": self.job_name})

    def _upload(self, name: str, args: JobsArgs, artifact: Artifact) -> pulumi.Output[str]:
        # The content travels in the state rather than as a path, which would name the machine
        # that ran the last `up`.
        stored = aws.s3.BucketObjectv2(
            name,
            bucket=args.scripts_bucket,
            key=artifact.key,
            server_side_encryption="aws:kms",
            kms_key_id=args.key_arn,
            content_base64=base64.b64encode(artifact.content).decode(),
            opts=pulumi.ResourceOptions(parent=self),
        )
        return pulumi.Output.concat("s3://", stored.bucket, "/", stored.key)


def _default_arguments(
    args: JobsArgs, modules_uri: pulumi.Output[str]
) -> dict[str, pulumi.Input[str]]:
    processing = pulumi.Output.concat("s3://", args.processing_bucket)
    # Glue takes one --conf, whose value carries the others. Since 5.1 S3 is reached by S3A, which
    # looks in us-east-2 when no region is given.
    conf = " --conf ".join((*_DELTA_CONF, f"spark.hadoop.fs.s3a.endpoint.region={args.region}"))
    in_network = {"--disable-proxy-v2": "true"} if args.connections else {}
    arguments: dict[str, pulumi.Input[str]] = {
        "--task": "ingest",
        "--landing": pulumi.Output.concat("s3://", args.landing_bucket),
        "--bronze": pulumi.Output.concat("s3://", args.bronze_bucket),
        "--processing": processing,
        # A lease that ran out before the run did would stop the run's last commits.
        "--lease_minutes": str(args.timeout_minutes + _LEASE_MARGIN_MINUTES),
        "--report_days": str(args.report_days),
        "--quarantine_days": str(args.quarantine_days or 0),
        "--TempDir": pulumi.Output.concat(processing, "/temp/"),
        "--extra-py-files": modules_uri,
        **_NOTHING_ELSE,
        "--datalake-formats": "delta",
        "--conf": conf,
        "--job-language": "python",
        "--job-bookmark-option": "job-bookmark-disable",
        "--enable-metrics": "true",
        "--enable-observability-metrics": "true",
        "--enable-job-insights": "true",
        # Or Glue carries the script's calls to S3, Glue and CloudWatch past the endpoints.
        **in_network,
    }
    if args.metrics_namespace is not None:
        arguments["--metrics_namespace"] = args.metrics_namespace
    return arguments
