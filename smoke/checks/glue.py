"""The job and the crawler as Glue itself runs them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from smoke.check import WrongError, check

if TYPE_CHECKING:
    from smoke.subject import Subject

_UNDER_WAY = frozenset({"STARTING", "RUNNING", "STOPPING", "WAITING"})


def _job_run(subject: Subject) -> dict[str, Any]:
    document = subject.need_run()
    found: dict[str, Any] = subject.client("glue").get_job_run(
        JobName=subject.outputs["job_name"], RunId=document["job_run_id"]
    )["JobRun"]
    return found


@check
def job_start(subject: Subject) -> str:
    """Glue starts the job with `--extra-py-files` and the Delta conf."""
    document, run = subject.need_run(), _job_run(subject)
    if not document["records"]["read"]:
        raise WrongError("the job succeeded and read nothing")
    version, wanted = run.get("GlueVersion"), subject.outputs["runtime"]["glue"]
    if version != wanted:
        raise WrongError(f"the job ran on Glue {version} instead of {wanted}")
    return f"{document['records']['read']} records read on Glue {version}"


@check
def nobodys_code(subject: Subject) -> str:
    """Glue takes pip without an index and no jars and files, and a run cannot bring its own."""
    subject.need_run()
    subject.need_aws("it installs nothing, for whoever asks")
    glue, job = subject.client("glue"), subject.outputs["job_name"]
    # Were it looked for, the run would fail to start.
    absent = {"--additional-python-modules": "lakehouse-smoke-of-nobody==0.0.0"}
    run = glue.start_job_run(JobName=job, Arguments=absent)["JobRunId"]

    def ended() -> dict[str, Any] | None:
        found: dict[str, Any] = glue.get_job_run(JobName=job, RunId=run)["JobRun"]
        return found if found["JobRunState"] not in _UNDER_WAY else None

    found = subject.until(ended, "end of a run that asked for a package")
    if found["JobRunState"] != "SUCCEEDED":
        told = found.get("ErrorMessage", "it gave no reason")
        raise WrongError(f"a run that asked for a package ended {found['JobRunState']}: {told}")
    return "a run that asked for a package did not get it, and succeeded"


@check
def spare_capacity(subject: Subject) -> str:
    """A run on spare capacity (FLEX) starts and ends."""
    run = _job_run(subject)
    if run.get("ExecutionClass") != "FLEX":
        raise WrongError(f"the run was of the class {run.get('ExecutionClass')}")
    return f"a FLEX run took {run.get('ExecutionTime')} s"


@check
def native_tables(subject: Subject) -> str:
    """The crawler's parameters for native Delta tables."""
    subject.need_run()
    wanted = {"classification": "delta", "table_type": "DELTA"}
    tables = subject.outputs["tables"]
    for name, location in tables.items():
        found = subject.client("glue").get_table(
            DatabaseName=subject.outputs["database_name"], Name=name
        )["Table"]
        parameters = {key.lower(): value for key, value in found.get("Parameters", {}).items()}
        for key, value in wanted.items():
            if key in parameters and parameters[key].lower() != value.lower():
                raise WrongError(f"{name} has {key} = {parameters[key]}")
        if not set(wanted) & set(parameters):
            raise WrongError(f"{name} says nowhere that it is a Delta table: {sorted(parameters)}")
        if "symlink" in str(found["StorageDescriptor"].get("InputFormat", "")).lower():
            raise WrongError(f"{name} was registered by a manifest, not as a native table")
        if found["StorageDescriptor"]["Location"].rstrip("/") != location.rstrip("/"):
            raise WrongError(f"{name} lies at {found['StorageDescriptor']['Location']}")
    return f"{len(tables)} native Delta tables in the catalog"


@check
def log_groups(subject: Subject) -> str:
    """The names of the log groups of job and crawler."""
    subject.need_run()
    expected = set(subject.outputs["log_groups"].values())
    pages = subject.client("logs").get_paginator("describe_log_groups")
    found = {
        group["logGroupName"]
        for page in pages.paginate(logGroupNamePrefix="/aws-glue/")
        for group in page["logGroups"]
        if subject.names.base in group["logGroupName"]
    }
    if found != expected:
        raise WrongError(f"Glue writes to {sorted(found - expected)} beside what the stack made")
    output = subject.outputs["log_groups"]["job_output"]
    if not subject.client("logs").describe_log_streams(logGroupName=output)["logStreams"]:
        raise WrongError(f"Glue wrote nothing to {output}")
    return f"{len(expected)} groups, all of them the stack's own"


CHECKS = (job_start, nobodys_code, spare_capacity, native_tables, log_groups)
