"""The rules: each catches what breaks it, and the real stacks break none."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from lakehouse.runtimes import RUNTIMES
from policy.documents import statements
from policy.glue import SUPPORTED_VERSIONS
from policy.iam_actions import STAR_RESOURCES
from policy.model import UNKNOWN, Resource, Stack
from policy.report import check
from policy.rules import RULES
from policy.waivers import NOT_CHECKED, WAIVERS

if TYPE_CHECKING:
    from collections.abc import Mapping

Break = Callable[[Stack], Stack]

BUCKET = "s3/bucket:Bucket"
POLICY = "s3/bucketPolicy:BucketPolicy"
ENCRYPTION = "s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
LIFECYCLE = "s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
KEY = "kms/key:Key"
ROLE = "iam/role:Role"
ROLE_POLICY = "iam/rolePolicy:RolePolicy"
ATTACHMENT = "iam/rolePolicyAttachment:RolePolicyAttachment"
JOB = "glue/job:Job"
SECURITY = "glue/securityConfiguration:SecurityConfiguration"
CATALOG = "glue/dataCatalogEncryptionSettings:DataCatalogEncryptionSettings"
WORKGROUP = "athena/workgroup:Workgroup"
INGRESS = "vpc/securityGroupIngressRule:SecurityGroupIngressRule"
EGRESS = "vpc/securityGroupEgressRule:SecurityGroupEgressRule"
GROUP = "ec2/securityGroup:SecurityGroup"
ENDPOINT = "ec2/vpcEndpoint:VpcEndpoint"
LOGS = "cloudwatch/logGroup:LogGroup"
TOPIC = "sns/topic:Topic"
TOPIC_POLICY = "sns/topicPolicy:TopicPolicy"


def put(kind: str, path: str, value: Any) -> Break:
    """Set one property of the first resource of a type, by its dotted path."""

    def change(stack: Stack) -> Stack:
        target = stack.of(kind)[0]
        properties: Any = copy.deepcopy(dict(target.properties))
        *steps, last = path.split(".")
        inner = properties
        for step in steps:
            inner = inner[int(step)] if isinstance(inner, list) else inner[step]
        inner[last] = value
        changed = replace(target, properties=properties)
        return replace(
            stack, resources=tuple(changed if one is target else one for one in stack.resources)
        )

    return change


def drop(kind: str, name: str | None = None) -> Break:
    """Leave out the resources of a type, or the one of a name."""

    def change(stack: Stack) -> Stack:
        gone = [one for one in stack.of(kind) if name in {None, one.name}]
        assert gone
        return replace(stack, resources=tuple(one for one in stack.resources if one not in gone))

    return change


def add(kind: str, **properties: Any) -> Break:
    """Declare one more resource."""

    def change(stack: Stack) -> Stack:
        return replace(
            stack, resources=(*stack.resources, Resource(f"aws:{kind}", "more", properties))
        )

    return change


def state(kind: str, name: str = "policy", **statement: Any) -> Break:
    """Add a statement to the policy in the first resource of a type."""

    def change(stack: Stack) -> Stack:
        held = stack.of(kind)[0].document(name)
        listed = [] if held is None else list(held["Statement"])
        whole = {"Statement": [*listed, {"Sid": "More", "Effect": "Allow", **statement}]}
        return put(kind, name, json.dumps(whole))(stack)

    return change


def untagged(stack: Stack) -> Stack:
    """Take the provider's tags away."""
    return replace(stack, default_tags={"Environment": "prod"})


def without_denies(kind: str) -> Break:
    """Take the Deny statements out of the first policy of a type."""

    def change(stack: Stack) -> Stack:
        held = stack.of(kind)[0].document("policy")
        assert held is not None
        allows = [one for one in held["Statement"] if one["Effect"] == "Allow"]
        return put(kind, "policy", json.dumps({"Statement": allows}))(stack)

    return change


def unstated(kind: str, sid: str) -> Break:
    """Take one statement out of the first policy of a type."""

    def change(stack: Stack) -> Stack:
        held = stack.of(kind)[0].document("policy")
        assert held is not None
        rest = [one for one in held["Statement"] if one["Sid"] != sid]
        assert len(rest) == len(held["Statement"]) - 1
        return put(kind, "policy", json.dumps({"Statement": rest}))(stack)

    return change


def may(action: str, resource: str = "*", **more: Any) -> Break:
    """Let the role do one thing more."""
    return state(ROLE_POLICY, Action=action, Resource=resource, **more)


EVERYBODY: dict[str, Any] = {"Principal": "*", "Resource": "arn:aws:s3:::landing/*"}
STRANGER: dict[str, Any] = {"Principal": {"AWS": "arn:aws:iam::999999999999:root"}}
GLUE: dict[str, Any] = {"Principal": {"Service": "glue.amazonaws.com"}, "Action": "sts:AssumeRole"}
ENABLED = {"id": "more", "status": "Enabled"}
BLOCK = "s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
DEFAULT = "rules.0.applyServerSideEncryptionByDefault"
RESULTS = "configuration.resultConfiguration"
AT_REST = "dataCatalogEncryptionSettings.encryptionAtRest.catalogEncryptionMode"
PASSWORDS = "dataCatalogEncryptionSettings.connectionPasswordEncryption"
GIVEN_KEY = f"arn:aws:kms:us-east-1:111122223333:key/{UUID(int=1)}"
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"

BREAKS: Mapping[str, list[Break]] = {
    "bucket-public-access": [
        put(BLOCK, "blockPublicAcls", False),
        put(BLOCK, "blockPublicPolicy", False),
        put(BLOCK, "ignorePublicAcls", False),
        put(BLOCK, "restrictPublicBuckets", None),
        drop(BLOCK),
        put(BLOCK, "bucket", "another"),
    ],
    "bucket-tls-only": [
        drop(POLICY),
        without_denies(POLICY),
        put(POLICY, "policy", json.dumps({"Statement": []})),
    ],
    "bucket-encryption": [
        drop(ENCRYPTION),
        put(ENCRYPTION, f"{DEFAULT}.sseAlgorithm", "AES256"),
        put(ENCRYPTION, f"{DEFAULT}.kmsMasterKeyId", None),
    ],
    "bucket-encryption-header": [
        state(
            POLICY,
            Effect="Deny",
            Principal="*",
            Action="s3:PutObject",
            Resource="arn:aws:s3:::landing/*",
            Condition={"StringNotEquals": {"s3:x-amz-server-side-encryption": "aws:kms"}},
        ),
        put(POLICY, "policy", json.dumps({"Statement": []})),
        unstated(POLICY, "NoKey"),
        unstated(POLICY, "OtherKey"),
    ],
    "bucket-key": [put(ENCRYPTION, "rules.0.bucketKeyEnabled", False)],
    "bucket-versioning": [
        drop("s3/bucketVersioning:BucketVersioning"),
        put("s3/bucketVersioning:BucketVersioning", "versioningConfiguration.status", "Suspended"),
    ],
    "bucket-access-logs": [
        drop("s3/bucketLogging:BucketLogging", "landing"),
        put("s3/bucketLogging:BucketLogging", "targetBucket", "landing"),
    ],
    "bucket-old-versions": [
        drop(LIFECYCLE),
        put(LIFECYCLE, "rules.0.noncurrentVersionExpiration", None),
        put(LIFECYCLE, "rules.0.status", "Disabled"),
    ],
    "bucket-current-objects": [
        put(LIFECYCLE, "rules.0.expiration", {"days": 400}),
        put(LIFECYCLE, "rules.0.transitions", [{"days": 30, "storageClass": "DEEP_ARCHIVE"}]),
    ],
    "bucket-dead-uploads": [put(LIFECYCLE, "rules.0.abortIncompleteMultipartUpload", None)],
    "bucket-acls": [
        drop("s3/bucketOwnershipControls:BucketOwnershipControls"),
        put(
            "s3/bucketOwnershipControls:BucketOwnershipControls",
            "rule.objectOwnership",
            "ObjectWriter",
        ),
    ],
    "bucket-strangers": [
        state(POLICY, Action="s3:GetObject", **EVERYBODY),
        state(POLICY, Action="s3:PutBucketPolicy", Resource="arn:aws:s3:::landing", **STRANGER),
        state(POLICY, Action="s3:*", Resource="arn:aws:s3:::landing", **STRANGER),
    ],
    "bucket-lock-out": [
        state(
            POLICY,
            Effect="Deny",
            Principal="*",
            Action="s3:*",
            Resource="arn:aws:s3:::landing",
            Condition={"StringNotEquals": {"aws:SourceVpce": "vpce-1"}},
        )
    ],
    "object-encryption": [put("s3/bucketObjectv2:BucketObjectv2", "kmsKeyId", None)],
    "key-rotation": [put(KEY, "enableKeyRotation", False), put(KEY, "enableKeyRotation", None)],
    "key-policy": [put(KEY, "policy", None)],
    "key-strangers": [
        state(KEY, Principal="*", Action="kms:Decrypt", Resource="*"),
        state(
            KEY,
            Principal={"Service": "logs.us-east-1.amazonaws.com"},
            Action="kms:Decrypt",
            Resource="*",
        ),
    ],
    "key-life": [put(KEY, "isEnabled", False), put(KEY, "deletionWindowInDays", 7)],
    "key-lock-out": [put(KEY, "bypassPolicyLockoutSafetyCheck", True)],
    "every-key": [
        may("kms:Decrypt"),
        may("kms:*"),
        may("kms:ReEncryptFrom", "arn:aws:kms:us-east-1:111122223333:key/*"),
    ],
    "managed-policies": [
        put(ATTACHMENT, "policyArn", "arn:aws:iam::aws:policy/service-role/AWSGlueServiceRole"),
        put(ROLE, "managedPolicyArns", [ADMINISTRATOR]),
    ],
    "every-resource": [may("s3:ListAllMyBuckets"), may("glue:GetJob")],
    "every-action": [
        may("*"),
        may("s3:*", "arn:aws:s3:::landing"),
        may("s3:Get*", "arn:aws:s3:::landing"),
        state(ROLE_POLICY, NotAction="iam:*", Resource="arn:aws:s3:::landing"),
    ],
    "escalation": [
        may("iam:PutRolePolicy", "arn:aws:iam::111122223333:role/job"),
        may("iam:PassRole", "arn:aws:iam::111122223333:role/job"),
        may(
            "iam:PassRole",
            Condition={"StringEquals": {"iam:PassedToService": "glue.amazonaws.com"}},
        ),
    ],
    "exposure": [
        may("sts:GetFederationToken"),
        may("s3:GetObject"),
        may("s3:PutBucketPolicy", "arn:aws:s3:::landing"),
        may("glue:*", "arn:aws:glue:us-east-1:111122223333:job/job"),
        may("glue:StartJobRun"),
    ],
    "trust": [
        state(ROLE, "assumeRolePolicy", **GLUE),
        state(ROLE, "assumeRolePolicy", Principal={"AWS": "*"}, Action="sts:AssumeRole"),
        state(
            ROLE,
            "assumeRolePolicy",
            Principal={"Service": "lambda.amazonaws.com"},
            Action="sts:AssumeRole",
            Condition={"StringEquals": {"aws:SourceAccount": "111122223333"}},
        ),
    ],
    "administrators": [put(ATTACHMENT, "policyArn", ADMINISTRATOR), may("*"), may("iam:*")],
    "fixed-code": [
        put(JOB, "nonOverridableArguments", None),
        put(JOB, "nonOverridableArguments", {"--extra-py-files": "x", "--conf": "y"}),
    ],
    "glue-security-configuration": [
        put(JOB, "securityConfiguration", None),
        put("glue/crawler:Crawler", "securityConfiguration", "another"),
        drop(SECURITY),
    ],
    "glue-encryption": [
        put(
            SECURITY,
            "encryptionConfiguration.cloudwatchEncryption.cloudwatchEncryptionMode",
            "DISABLED",
        ),
        put(SECURITY, "encryptionConfiguration.jobBookmarksEncryption", {}),
        put(SECURITY, "encryptionConfiguration.s3Encryption.kmsKeyArn", None),
    ],
    "catalog-encryption": [
        put(CATALOG, AT_REST, "DISABLED"),
        put(CATALOG, f"{PASSWORDS}.returnConnectionPasswordEncrypted", False),
    ],
    "glue-version": [put(JOB, "glueVersion", "3.0"), put(JOB, "glueVersion", None)],
    "tags": [untagged],
    "one-writer": [
        put(JOB, "executionProperty.maxConcurrentRuns", 2),
        put(JOB, "executionProperty", None),
        put(JOB, "jobRunQueuingEnabled", True),
    ],
    "bounded-runs": [put(JOB, "timeout", None), put(JOB, "maxRetries", None)],
    "workgroup-enforced": [
        put(WORKGROUP, "configuration.enforceWorkgroupConfiguration", False),
        put(WORKGROUP, "configuration.enforceWorkgroupConfiguration", None),
    ],
    "workgroup-encryption": [
        put(WORKGROUP, f"{RESULTS}.encryptionConfiguration", {"encryptionOption": "SSE_S3"}),
        put(WORKGROUP, f"{RESULTS}.encryptionConfiguration.kmsKeyArn", None),
    ],
    "workgroup-metrics": [put(WORKGROUP, "configuration.publishCloudwatchMetricsEnabled", False)],
    "workgroup-bounds": [
        put(WORKGROUP, "configuration.bytesScannedCutoffPerQuery", None),
        put(WORKGROUP, "configuration.engineVersion", {"selectedEngineVersion": "AUTO"}),
        put(WORKGROUP, f"{RESULTS}.expectedBucketOwner", None),
    ],
    "flow-logs": [
        drop("ec2/flowLog:FlowLog"),
        put("ec2/flowLog:FlowLog", "trafficType", "REJECT"),
    ],
    "default-group": [
        drop("ec2/defaultSecurityGroup:DefaultSecurityGroup"),
        put("ec2/defaultSecurityGroup:DefaultSecurityGroup", "ingress", [{"protocol": "-1"}]),
    ],
    "no-public-subnet": [
        put("ec2/subnet:Subnet", "mapPublicIpOnLaunch", True),
        add("ec2/internetGateway:InternetGateway", vpcId="vpc-1"),
        add("ec2/natGateway:NatGateway", subnetId="subnet-1"),
        add("ec2/route:Route", gatewayId="igw-1"),
        put("ec2/routeTable:RouteTable", "routes", [{"gatewayId": "igw-1"}]),
    ],
    "closed-groups": [
        put(INGRESS, "cidrIpv4", "0.0.0.0/0"),
        put(EGRESS, "cidrIpv6", "::/0"),
        put(EGRESS, "toPort", 65535),
        put(GROUP, "egress", [{"cidrBlocks": ["0.0.0.0/0"]}]),
    ],
    "described-groups": [
        put(GROUP, "description", None),
        put(GROUP, "ingress", [{"cidrBlocks": ["10.0.0.0/16"]}]),
        put(EGRESS, "description", ""),
        drop(ENDPOINT),
        add("ec2/networkAcl:NetworkAcl", vpcId="vpc-1"),
    ],
    "endpoints": [
        drop(ENDPOINT, "s3"),
        drop(ENDPOINT, "kms"),
        put(ENDPOINT, "policy", None),
        state(ENDPOINT, Principal="*", Action="s3:*", Resource="*"),
        add(
            ENDPOINT,
            serviceName="com.amazonaws.us-east-1.athena",
            vpcEndpointType="Interface",
            policy=UNKNOWN,
        ),
    ],
    "log-groups": [
        put(LOGS, "kmsKeyId", None),
        put(LOGS, "retentionInDays", None),
        put(LOGS, "retentionInDays", 30),
    ],
    "topics": [
        put(TOPIC, "kmsMasterKeyId", "alias/aws/sns"),
        drop(TOPIC_POLICY),
        without_denies(TOPIC_POLICY),
        state(
            TOPIC_POLICY,
            Principal="*",
            Action="sns:Publish",
            Resource="arn:aws:sns:us-east-1:111122223333:topic",
        ),
    ],
}
"""Rule -> changes of the good stack that it has to catch."""


def test_the_rule_book_is_whole() -> None:
    """All 43 lines have a rule, every rule a sentence, ids and a name of its own."""
    assert {rule.line for rule in RULES} == set(range(1, 44))
    assert len({rule.name for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert rule.ids, rule.name
        assert rule.says.endswith("."), rule.name
    assert {rule.name for rule in RULES} == BREAKS.keys()
    checked = {name for rule in RULES for name in rule.ids}
    assert not checked & NOT_CHECKED.keys()


def test_a_good_stack_breaks_no_rule(good: Stack) -> None:
    """Nothing is caught by mistake; the two exceptions of the log bucket are used."""
    report = check(good)
    assert not report.findings, str(report)
    assert {waiver for _, waiver in report.waived} == set(WAIVERS)


@pytest.mark.parametrize(
    ("name", "number"), [(name, n) for name, all_ in BREAKS.items() for n in range(len(all_))]
)
def test_a_rule_catches_what_breaks_it(good: Stack, name: str, number: int) -> None:
    """One thing is changed in a good stack, and the rule says so."""
    report = check(BREAKS[name][number](good))
    caught = [finding for finding in report.findings if finding.rule.name == name]
    assert caught
    assert f"[{name}: {', '.join(caught[0].rule.ids)}]" in str(report)


def test_the_real_stacks_break_no_rule(real: Stack) -> None:
    """What dev, prod and local declare passes every check, but for the table of waivers."""
    report = check(real)
    assert not report.findings, str(report)


@pytest.mark.parametrize(
    "settings",
    [
        {"lakehouse:network": "none"},
        {
            "lakehouse:network": "existing",
            "lakehouse:vpcId": "vpc-0123456789abcdef0",
            "lakehouse:subnetIds": '{"subnet-0123456789abcdef0": "us-east-1a"}',
            "lakehouse:securityGroupId": "sg-0123456789abcdef0",
        },
        {"lakehouse:extraEndpoints": '["athena", "secretsmanager"]'},
        {"lakehouse:availabilityZones": "3"},
        {"lakehouse:lakeFormation": "grants"},
        {"lakehouse:kmsKeyArn": GIVEN_KEY},
        {
            "lakehouse:monthlyBudgetUsd": "50",
            "lakehouse:maintenanceSchedule": "cron(37 4 ? * SUN *)",
        },
    ],
    ids=str,
)
def test_every_setting_passes(declare: Callable[..., Stack], settings: dict[str, str]) -> None:
    """No way that the settings offer breaks a rule."""
    report = check(declare("dev", **settings))
    assert not report.findings, str(report)


def test_no_action_on_every_resource_is_listed_for_nothing(declare: Callable[..., Stack]) -> None:
    """The table holds what the roles really have, and no more."""
    stack = declare("prod", **{"lakehouse:lakeFormation": "grants"})
    used = {
        action
        for policy in stack.of(ROLE_POLICY)
        for statement in statements(policy.document("policy"))
        if "*" in (statement.resources or ())
        for action in statement.actions or ()
    }
    assert used == set(STAR_RESOURCES)


def test_no_waiver_is_there_for_nothing(declare: Callable[..., Stack]) -> None:
    """An exception that nothing needs any more goes."""
    used = {waiver for stack in ("dev", "prod") for _, waiver in check(declare(stack)).waived}
    assert used == set(WAIVERS)
    assert all(waiver.reason for waiver in WAIVERS)


def test_a_change_of_a_real_stack_is_caught(declare: Callable[..., Stack]) -> None:
    """The checks look at what the program really declares, not only at the example."""
    prod = declare("prod")
    for name in (
        "bucket-public-access",
        "bucket-tls-only",
        "bucket-versioning",
        "bucket-old-versions",
        "every-action",
        "trust",
        "one-writer",
        "workgroup-enforced",
        "flow-logs",
        "closed-groups",
        "endpoints",
    ):
        report = check(BREAKS[name][0](prod))
        assert name in {finding.rule.name for finding in report.findings}


def test_landing_may_move_to_what_is_read_at_once(good: Stack) -> None:
    """Cheaper classes are allowed where they answer at once, and only in landing."""
    cheap = [{"days": 30, "storageClass": "STANDARD_IA"}]
    in_landing = put(LIFECYCLE, "rules.0.transitions", cheap)(good)
    assert not check(in_landing).findings
    elsewhere = put(JOB, "defaultArguments", {"--landing": "s3://another"})(in_landing)
    assert [finding.rule.name for finding in check(elsewhere).findings] == [
        "bucket-current-objects"
    ]


def test_results_and_logs_may_expire(good: Stack) -> None:
    """They are by-products: nobody's table is in them."""
    for others in (["landing", "access-logs"], ["landing", "results"]):
        changed = good
        for name in others:
            changed = drop(LIFECYCLE, name)(changed)
        expiring = put(LIFECYCLE, "rules.0.expiration", {"days": 30})(changed)
        names = {finding.rule.name for finding in check(expiring).findings}
        assert names == {"bucket-old-versions", "bucket-dead-uploads"}, "of the buckets without"


def test_the_supported_versions_are_those_of_the_program() -> None:
    """The rule and the table of runtimes move together."""
    assert set(RUNTIMES) == SUPPORTED_VERSIONS
