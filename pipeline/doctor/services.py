"""Whether Lake Formation, Athena and KMS are as the stack takes them to be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from pipeline.doctor.findings import Verdict, refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.doctor.subject import Subject

ENGINE = "Athena engine version 3"
"""Without it Athena reads no Delta tables."""

EVERYONE = "IAM_ALLOWED_PRINCIPALS"
"""Lake Formation's name for: whomever IAM lets in."""

TO_CREATE_A_KEY = ("kms:CreateKey", "kms:CreateAlias", "kms:PutKeyPolicy")


def lake_formation(subject: Subject) -> Iterator[Verdict]:
    """Who may create databases, and who may grant, fits `lakehouse:lakeFormation`."""
    settings = subject.need_settings()
    subject.need_account()
    told = subject.client("lakeformation").get_data_lake_settings()["DataLakeSettings"]
    admins = [one["DataLakePrincipalIdentifier"] for one in told.get("DataLakeAdmins", [])]
    caller = _role(subject.caller or "")
    if settings.lake_formation == "grants":
        if caller in admins:
            yield Verdict("ok", "you are one of its administrators, and may make the grants")
        else:
            yield Verdict(
                "problem",
                f"lakehouse:lakeFormation is grants, and its administrators "
                f"({', '.join(admins) or 'none'}) do not include {caller}",
                "Have an administrator add whoever deploys, or set lakeFormation to off.",
            )
        return
    shut = [
        kind
        for kind in ("Database", "Table")
        if EVERYONE
        not in {
            one["Principal"]["DataLakePrincipalIdentifier"]
            for one in told.get(f"Create{kind}DefaultPermissions", [])
        }
    ]
    if not shut or caller in admins:
        yield Verdict("ok", "new databases and tables are open to whom IAM lets in")
    else:
        yield Verdict(
            "warning",
            f"new {' and '.join(kind.lower() + 's' for kind in shut)} of this account are not "
            f"open to {EVERYONE}",
            "Have whoever deploys granted CREATE_DATABASE by an administrator of Lake Formation; "
            "the stack opens its own database to IAM.",
        )


def athena(subject: Subject) -> Iterator[Verdict]:
    """Its third engine is there."""
    subject.need_account()
    client = subject.client("athena")
    try:
        # One page holds more engines than there are.
        listed = client.list_engine_versions()["EngineVersions"]
        engines = {one["EffectiveEngineVersion"] for one in listed}
    except ClientError as error:
        # The workgroup that every account has tells what it runs on.
        group = client.get_work_group(WorkGroup="primary")["WorkGroup"]
        engine = group.get("Configuration", {}).get("EngineVersion", {})
        engines = {engine.get("EffectiveEngineVersion", refusal(error))}
    if ENGINE in engines:
        yield Verdict("ok", f"{ENGINE} is there")
    else:
        yield Verdict(
            "problem",
            f"{ENGINE} is not among {', '.join(sorted(engines)) or 'nothing'}",
            "Choose a region that has it: older engines read no Delta tables.",
        )


def key(subject: Subject) -> Iterator[Verdict]:
    """The given key can encrypt, or one may be made."""
    given = subject.need_settings().kms_key_arn
    subject.need_account()
    if given is None:
        yield from _may_create(subject)
        return
    try:
        told = subject.client("kms").describe_key(KeyId=given)["KeyMetadata"]
    except ClientError as error:
        yield Verdict(
            "problem",
            f"lakehouse:kmsKeyArn: {refusal(error)}",
            "Give the ARN of a key of this region that you may use, or leave the setting out.",
        )
        return
    usage = told.get("KeyUsage") or "ENCRYPT_DECRYPT"
    spec = told.get("KeySpec", told.get("CustomerMasterKeySpec", "SYMMETRIC_DEFAULT"))
    if told["KeyState"] != "Enabled":
        yield Verdict(
            "problem",
            f"{given} is {told['KeyState']}",
            "Enable it: `aws kms cancel-key-deletion` where it waits to be deleted, then `aws kms "
            "enable-key`.",
        )
    elif usage != "ENCRYPT_DECRYPT" or spec != "SYMMETRIC_DEFAULT":
        yield Verdict(
            "problem",
            f"{given} is for {usage} with {spec}",
            "Give a symmetric key for encryption: S3 and Glue take no other.",
        )
    else:
        yield Verdict("ok", f"{given} is enabled")


def _may_create(subject: Subject) -> Iterator[Verdict]:
    told = subject.client("iam").simulate_principal_policy(
        PolicySourceArn=_role(subject.caller or ""), ActionNames=list(TO_CREATE_A_KEY)
    )
    denied = [
        one["EvalActionName"]
        for one in told["EvaluationResults"]
        if one["EvalDecision"] != "allowed"
    ]
    if denied:
        yield Verdict(
            "problem",
            f"{subject.caller} may not {', '.join(denied)}",
            "Deploy as the deployer of bootstrap/, or give a key with lakehouse:kmsKeyArn.",
        )
    else:
        yield Verdict("ok", "you may create a key")


def _role(arn: str) -> str:
    """The role behind a session; policies and grants name that one."""
    if ":assumed-role/" not in arn:
        return arn
    head, _, rest = arn.replace(":sts:", ":iam:").partition(":assumed-role/")
    return f"{head}:role/{rest.partition('/')[0]}"
