"""Roles that suffice, a second `up` that finds nothing to do, and Lake Formation's grants."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from pipeline.athena import run_query
from pipeline.deploy_plan import UNCHANGED
from pipeline.errors import RunFailedError
from pipeline.request import new_run_id
from smoke.check import CannotCheckError, WrongError, check
from smoke.subject import DENIED, client_of, refused

if TYPE_CHECKING:
    from smoke.subject import Subject


def _asked_as_analyst(subject: Subject, sql: str) -> int:
    result = run_query(
        subject.as_role("analyst"),
        subject.names.analyst_workgroup,
        subject.names.database,
        sql,
        token=new_run_id(),
        clock=subject.clock,
        max_rows=1,
        count_all=False,
    )
    return int(result.rows[0][0])


@check
def operator_role(subject: Subject) -> str:
    """IAM roles let each actor do its work."""
    if not subject.run.succeeded:
        raise WrongError(f"a run as operator did not succeed: {subject.run.problem}")
    return "a run as operator succeeded, with job and crawler under their own roles"


@check
def analyst_role(subject: Subject) -> str:
    """A query as analyst needs no more than its policy, and the key through S3 alone."""
    subject.need_run()
    try:
        songs = _asked_as_analyst(subject, "SELECT count(*) FROM songs")
    except (RunFailedError, ClientError) as error:
        raise WrongError(f"a query of songs as analyst failed: {error}") from error
    subject.need_aws("it asks no identity policy, so a refusal proves nothing")
    kms, key = client_of(subject.as_role("analyst"), "kms"), subject.outputs["kms_key_arn"]
    if not refused(lambda: kms.generate_data_key(KeyId=key, KeySpec="AES_256")):
        raise WrongError("the analyst used the key without S3")
    try:
        _asked_as_analyst(subject, "SELECT count(*) FROM users")
    except (RunFailedError, ClientError):
        return f"{songs} songs counted as analyst; users and the key by itself refused"
    raise WrongError("the analyst read users, which is not among analystTables")


@check
def second_up(subject: Subject) -> str:
    """The real aws provider creates, updates and deletes every resource."""
    operations = subject.deployment.up()
    changes = {name: count for name, count in operations.items() if count and name not in UNCHANGED}
    if changes:
        raise WrongError(f"a second up changed what nobody had changed: {changes}")
    return f"a second up left {operations.get('same', 0)} resources as they were"


@check
def lake_formation(subject: Subject) -> str:
    """Lake Formation takes the grants of `lakeFormation: grants`, a database that was closed to IAM
    stays so, and Athena asks it.
    """
    subject.need_run()
    made = subject.deployment.up(**{"lakehouse:lakeFormation": "grants"})
    if not made.get("create"):
        raise WrongError("no grant was made")
    subject.need_aws("nothing there looks at a grant")
    table = {"DatabaseName": subject.names.database, "Name": "songs"}
    try:
        _close_database(subject)
        subject.client("lakeformation").revoke_permissions(
            Principal={"DataLakePrincipalIdentifier": "IAM_ALLOWED_PRINCIPALS"},
            Resource={"Table": table},
            Permissions=["ALL"],
        )
    except ClientError as error:
        if error.response["Error"]["Code"] not in DENIED:
            raise
        raise CannotCheckError(
            "closing songs to IAM takes an administrator of Lake Formation, which the caller is not"
        ) from error
    subject.deployment.up()
    if _open_to_iam(subject):
        raise WrongError("an up opened the database to IAM again, which had been closed")
    try:
        songs = _asked_as_analyst(subject, "SELECT count(*) FROM songs")
    except (RunFailedError, ClientError) as error:
        raise WrongError(
            f"with the grant alone, songs is closed to the analyst: {error}"
        ) from error
    return f"{songs} songs counted by the grant alone"


def _close_database(subject: Subject) -> None:
    """Let new tables follow Lake Formation, as docs/security.md says: no `up` can."""
    name, glue = subject.names.database, subject.client("glue")
    database = glue.get_database(Name=name)["Database"]
    kept = ("Name", "Description", "LocationUri", "Parameters")
    same = {key: database[key] for key in kept if key in database}
    glue.update_database(Name=name, DatabaseInput={**same, "CreateTableDefaultPermissions": []})


def _open_to_iam(subject: Subject) -> bool:
    found = subject.client("glue").get_database(Name=subject.names.database)["Database"]
    return any(
        one.get("Principal", {}).get("DataLakePrincipalIdentifier") == "IAM_ALLOWED_PRINCIPALS"
        for one in found.get("CreateTableDefaultPermissions", [])
    )


CHECKS = (operator_role, analyst_role, second_up)
DISTURBING = (lake_formation,)
"""After it a table is closed to IAM."""
