"""The calls with which the AWS provider makes, reads and deletes roles, keys, logs, parameters."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

ACCOUNT = "123456789012"
TAGS = [{"Key": "Environment", "Value": "dev"}, {"Key": "ManagedBy", "Value": "pulumi"}]


def _document(**statement: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]}


def test_the_account_is_told_by_both_doors(client: Callable[[str], Any]) -> None:
    """IAM is asked first and STS after it; both name the account that the stack allows."""
    assert client("sts").get_caller_identity()["Account"] == ACCOUNT
    assert client("iam").get_user()["User"]["Arn"].split(":")[4] == ACCOUNT


def test_a_role_has_a_whole_life(client: Callable[[str], Any], refusal: Callable[..., Any]) -> None:
    """With its policy; what is missing has the code that the provider takes for "gone"."""
    iam = client("iam")
    trust = _document(Action="sts:AssumeRole", Principal={"Service": "glue.amazonaws.com"})
    wanted = {"RoleName": "pc-job", "Path": "/", "Description": "d", "MaxSessionDuration": 3600}
    boundary = f"arn:aws:iam::{ACCOUNT}:policy/boundary"
    iam.create_role(
        **wanted, AssumeRolePolicyDocument=json.dumps(trust), Tags=TAGS,
        PermissionsBoundary=boundary,
    )  # fmt: skip
    role = iam.get_role(RoleName="pc-job")["Role"]
    assert wanted.items() <= role.items()
    assert (role["AssumeRolePolicyDocument"], role["Tags"]) == (trust, TAGS)
    assert role["PermissionsBoundary"]["PermissionsBoundaryArn"] == boundary
    assert role["Arn"] == f"arn:aws:iam::{ACCOUNT}:role/pc-job"
    access = _document(Action="s3:GetObject", Resource="*")
    name = {"RoleName": "pc-job", "PolicyName": "access"}
    iam.put_role_policy(**name, PolicyDocument=json.dumps(access))
    assert iam.get_role_policy(**name)["PolicyDocument"] == access
    assert iam.list_role_policies(RoleName="pc-job")["PolicyNames"] == ["access"]
    assert iam.list_attached_role_policies(RoleName="pc-job")["AttachedPolicies"] == []
    iam.update_role(RoleName="pc-job", Description="other", MaxSessionDuration=3600)
    iam.update_assume_role_policy(RoleName="pc-job", PolicyDocument=json.dumps(trust))
    iam.tag_role(RoleName="pc-job", Tags=[{"Key": "Zone", "Value": "bronze"}])
    iam.untag_role(RoleName="pc-job", TagKeys=["Zone"])
    iam.delete_role_permissions_boundary(RoleName="pc-job")
    role = iam.get_role(RoleName="pc-job")["Role"]
    assert (role["Description"], role["Tags"]) == ("other", TAGS)
    assert "PermissionsBoundary" not in role
    gone = ("NoSuchEntity", 404)
    iam.delete_role_policy(**name)
    for call in (iam.get_role_policy, iam.delete_role_policy):
        assert refusal(call, **name) == gone
    assert iam.list_instance_profiles_for_role(RoleName="pc-job")["InstanceProfiles"] == []
    iam.delete_role(RoleName="pc-job")
    for call in (iam.get_role, iam.delete_role):
        assert refusal(call, RoleName="pc-job") == gone


@pytest.mark.parametrize(("given", "shown"), [({}, 365), ({"RotationPeriodInDays": 180}, 180)])
def test_a_key_waits_for_its_end(
    client: Callable[[str], Any], refusal: Callable[..., Any], given: Any, shown: int
) -> None:
    """Rotation is told with its period; a deleted key is pending, and not deleted twice."""
    kms = client("kms")
    policy = json.dumps(_document(Action="kms:*", Resource="*", Principal={"AWS": "*"}))
    tags = [{"TagKey": tag["Key"], "TagValue": tag["Value"]} for tag in TAGS]
    key = kms.create_key(
        Description="d", KeySpec="SYMMETRIC_DEFAULT", KeyUsage="ENCRYPT_DECRYPT", Policy=policy,
        MultiRegion=False, BypassPolicyLockoutSafetyCheck=False, Tags=tags,
    )["KeyMetadata"]  # fmt: skip
    named = {"KeyId": key["KeyId"]}
    assert (key["KeyState"], key["Origin"], key["MultiRegion"]) == ("Enabled", "AWS_KMS", False)
    assert "RotationPeriodInDays" not in kms.get_key_rotation_status(**named)
    kms.enable_key_rotation(**named, **given)
    status = kms.get_key_rotation_status(**named)
    assert (status["KeyRotationEnabled"], status["RotationPeriodInDays"]) == (True, shown)
    assert kms.get_key_policy(**named, PolicyName="default")["Policy"] == policy
    assert kms.list_resource_tags(**named)["Tags"] == tags
    alias = {"AliasName": f"alias/pc-{shown}"}
    kms.create_alias(**alias, TargetKeyId=key["KeyId"])
    (found,) = [a for a in kms.list_aliases()["Aliases"] if a["AliasName"] == alias["AliasName"]]
    assert found["TargetKeyId"] == key["KeyId"]
    assert found["AliasArn"] == f"arn:aws:kms:us-east-1:{ACCOUNT}:{alias['AliasName']}"
    kms.delete_alias(**alias)
    assert refusal(kms.delete_alias, **alias) == ("NotFoundException", 400)
    kms.schedule_key_deletion(**named, PendingWindowInDays=30)
    assert kms.describe_key(**named)["KeyMetadata"]["KeyState"] == "PendingDeletion"
    again = refusal(kms.schedule_key_deletion, **named, PendingWindowInDays=30)
    assert again == ("KMSInvalidStateException", 400)
    with pytest.raises(kms.exceptions.KMSInvalidStateException, match="is pending deletion"):
        kms.schedule_key_deletion(**named)
    missing = "00000000-0000-0000-0000-000000000000"
    assert refusal(kms.describe_key, KeyId=missing) == ("NotFoundException", 400)


def test_a_log_group_has_a_whole_life(
    client: Callable[[str], Any], refusal: Callable[..., Any]
) -> None:
    """It shows key, retention and class; a new one of the same name begins without tags."""
    logs = client("logs")
    name, key = "/pc/output", f"arn:aws:kms:us-east-1:{ACCOUNT}:key/0e5a"
    arn = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:{name}"
    logs.create_log_group(logGroupName=name, kmsKeyId=key, tags={"ManagedBy": "pulumi"})
    logs.create_log_group(logGroupName=f"{name}-too")
    logs.put_retention_policy(logGroupName=name, retentionInDays=30)
    group, _ = logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    assert (group["logGroupName"], group["arn"]) == (name, f"{arn}:*")
    assert (group["kmsKeyId"], group["retentionInDays"]) == (key, 30)
    assert group["logGroupClass"] == "STANDARD"
    logs.tag_resource(resourceArn=arn, tags={"Zone": "bronze"})
    logs.untag_resource(resourceArn=arn, tagKeys=["ManagedBy"])
    assert logs.list_tags_for_resource(resourceArn=arn)["tags"] == {"Zone": "bronze"}
    logs.delete_log_group(logGroupName=name)
    assert refusal(logs.delete_log_group, logGroupName=name) == ("ResourceNotFoundException", 400)
    logs.create_log_group(logGroupName=name)
    assert logs.list_tags_for_resource(resourceArn=arn)["tags"] == {}
    for left in (name, f"{name}-too"):
        logs.delete_log_group(logGroupName=left)
    assert logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"] == []


def test_a_parameter_has_a_whole_life(
    client: Callable[[str], Any], refusal: Callable[..., Any]
) -> None:
    """Value and ARN come from one call, tier and description from another, for both versions."""
    ssm = client("ssm")
    name = "/lakehouse/pc/outputs"
    by_name = [{"Key": "Name", "Option": "Equals", "Values": [name]}]
    wanted = {"Name": name, "Type": "String", "Description": "d"}
    ssm.put_parameter(**wanted, Value="{}", Tags=TAGS, Overwrite=False)
    assert refusal(ssm.put_parameter, **wanted, Value="{}")[0] == "ParameterAlreadyExists"
    ssm.put_parameter(**wanted, Value='{"version": 1}', Overwrite=True)
    shown = ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]
    assert (shown["Value"], shown["Version"], shown["DataType"]) == ('{"version": 1}', 2, "text")
    assert shown["ARN"] == f"arn:aws:ssm:us-east-1:{ACCOUNT}:parameter{name}"
    (described,) = ssm.describe_parameters(ParameterFilters=by_name)["Parameters"]
    assert {**wanted, "Tier": "Standard"}.items() <= described.items()
    tags = ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId=name)["TagList"]
    assert tags == TAGS
    ssm.delete_parameter(Name=name)
    assert refusal(ssm.delete_parameter, Name=name) == ("ParameterNotFound", 400)
    assert refusal(ssm.get_parameter, Name=name) == ("ParameterNotFound", 400)
    assert ssm.describe_parameters(ParameterFilters=by_name)["Parameters"] == []
