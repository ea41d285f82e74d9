"""What breaks each rule: one change of a stack that is good, named by the rule that catches it."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from policy.model import UNKNOWN, Resource, Stack
from policy.network import ROUTE_TARGETS

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


def of(key: str, value: str, operator: str = "StringEquals") -> dict[str, Any]:
    """A condition on one key."""
    return {"Condition": {operator: {key: value}}}


def tagged(environment: str) -> Break:
    """Call the environment something else."""
    return lambda stack: replace(
        stack, default_tags={**stack.default_tags, "Environment": environment}
    )


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
OURS, OTHER = "111122223333", "999999999999"
NOT, IF_THERE = "StringNotEquals", "StringEqualsIfExists"
ANYTHING: dict[str, Any] = {"Principal": "*", "Action": "s3:*", "Resource": "*"}
PUBLISH: dict[str, Any] = {
    "Principal": {"Service": "events.amazonaws.com"},
    "Action": "sns:Publish",
    "Resource": "arn:aws:sns:us-east-1:111122223333:topic",
}
ALL, READ_ALL = (
    json.dumps({"Statement": {"Effect": "Allow", "Action": action, "Resource": place}})
    for action, place in (("*", "*"), ("s3:GetObject", "arn:aws:s3:::*"))
)
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
        state(POLICY, Action="s3:GetObject", Resource="arn:aws:s3:::landing/*", **STRANGER),
        state(POLICY, Action="s3:GetObject", **EVERYBODY, **of("aws:PrincipalAccount", OTHER)),
        state(
            POLICY,
            Action="s3:GetObject",
            **EVERYBODY,
            **of("aws:PrincipalOrgID", "o-*", "StringLike"),
        ),
        state(
            POLICY,
            Principal={"Service": "logging.s3.amazonaws.com"},
            Action="s3:PutObject",
            Resource="arn:aws:s3:::landing/*",
            **of("aws:SourceArn", "arn:aws:s3:::*", "ArnLike"),
        ),
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
        state(KEY, Action="kms:*", Resource="*", **STRANGER),
        state(
            KEY,
            Principal="*",
            Action="kms:Decrypt",
            Resource="*",
            **of("kms:CallerAccount", OURS, "StringNotEquals"),
        ),
        state(
            KEY,
            Principal={"Service": "logs.us-east-1.amazonaws.com"},
            Action="kms:Decrypt",
            Resource="*",
            **of("kms:EncryptionContext:aws:logs:arn", "arn:aws:logs:*:*:*", "ArnLike"),
        ),
    ],
    "key-life": [put(KEY, "isEnabled", False), put(KEY, "deletionWindowInDays", 7)],
    "key-lock-out": [put(KEY, "bypassPolicyLockoutSafetyCheck", True)],
    "every-key": [
        may("kms:Decrypt"),
        may("kms:*"),
        may("kms:ReEncryptFrom", "arn:aws:kms:us-east-1:111122223333:key/*"),
        may("kms:Decrypt", "arn:aws:kms:*:*:*"),
        may("kms:Decrypt", **of("kms:ResourceAliases", "alias/x", "ForAllValues:StringEquals")),
        may("kms:Decrypt", **of("kms:ViaService", "s3.*", "StringNotLike")),
        may("kms:Decrypt", **of("kms:CallerAccount", OURS)),
    ],
    "managed-policies": [
        put(ATTACHMENT, "policyArn", "arn:aws:iam::aws:policy/service-role/AWSGlueServiceRole"),
        put(ROLE, "managedPolicyArns", [ADMINISTRATOR]),
        add("iam/userPolicyAttachment:UserPolicyAttachment", policyArn=ADMINISTRATOR),
    ],
    "every-resource": [
        may("s3:ListAllMyBuckets"),
        may("glue:GetJob"),
        may("s3:PutObject", "arn:aws:s3:::*"),
        may("s3:PutObject", "arn:aws:s3:::*/*"),
        may("s3:GetObject", "arn:aws:s3:*:*:*"),
        may("s3:GetObject", "arn:aws:s3*"),
        put(ROLE, "inlinePolicies", [{"name": "x", "policy": READ_ALL}]),
    ],
    "every-action": [
        may("*"),
        may("s3:*", "arn:aws:s3:::landing"),
        may("s3:Get*", "arn:aws:s3:::landing"),
        state(ROLE_POLICY, NotAction="iam:*", Resource="arn:aws:s3:::landing"),
        put(ROLE, "inlinePolicies", [{"name": "x", "policy": ALL}]),
        add("iam/userPolicy:UserPolicy", policy=ALL),
        add("iam/groupPolicy:GroupPolicy", policy=ALL),
    ],
    "escalation": [
        may("iam:PutRolePolicy", "arn:aws:iam::111122223333:role/job"),
        may("iam:PassRole", "arn:aws:iam::111122223333:role/job"),
        may(
            "iam:PassRole",
            Condition={"StringEquals": {"iam:PassedToService": "glue.amazonaws.com"}},
        ),
        may(
            "iam:PassRole",
            "arn:aws:iam::111122223333:role/job",
            **of("iam:PassedToService", "glue.amazonaws.com", "StringNotEquals"),
        ),
        may(
            "iam:PassRole",
            "arn:aws:iam::111122223333:role/job",
            **of("iam:PassedToService", "*", "StringLike"),
        ),
    ],
    "exposure": [
        may("sts:GetFederationToken"),
        may("s3:GetObject"),
        may("s3:GetObject", "arn:aws:s3:::*"),
        may("s3:PutObject", "arn:aws:s3:::*/*"),
        may("glue:StartJobRun", **of("aws:SecureTransport", "true", "Bool")),
        may("glue:StartJobRun", **of("aws:PrincipalAccount", OTHER, "StringNotEquals")),
        may("s3:PutBucketPolicy", "arn:aws:s3:::landing"),
        may("glue:*", "arn:aws:glue:us-east-1:111122223333:job/job"),
        may("glue:StartJobRun"),
    ],
    "trust": [
        state(ROLE, "assumeRolePolicy", **GLUE),
        state(ROLE, "assumeRolePolicy", Principal={"AWS": "*"}, Action="sts:AssumeRole"),
        *(
            state(ROLE, "assumeRolePolicy", Principal={"AWS": whole}, Action="sts:AssumeRole")
            for whole in (OURS, OTHER, f"arn:aws:iam::{OURS}:root", f"arn:aws:iam::{OTHER}:root")
        ),
        state(ROLE, "assumeRolePolicy", **GLUE, **of("aws:SourceAccount", OTHER)),
        state(ROLE, "assumeRolePolicy", **GLUE, **of("aws:SourceAccount", "*", "StringLike")),
        state(ROLE, "assumeRolePolicy", **GLUE, **of("aws:SourceAccount", OURS, NOT)),
        state(ROLE, "assumeRolePolicy", **GLUE, **of("aws:SourceAccount", OURS, IF_THERE)),
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
    "tags": [untagged, tagged("production"), tagged("Prod")],
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
        add("ec2/defaultRouteTable:DefaultRouteTable", routes=[{"natGatewayId": "nat-1"}]),
        add("ec2/vpcPeeringConnection:VpcPeeringConnection", peerVpcId="vpc-2"),
        *(add("ec2/route:Route", **{target: "x-1"}) for target in ROUTE_TARGETS),
    ],
    "closed-groups": [
        put(INGRESS, "cidrIpv4", "0.0.0.0/0"),
        put(EGRESS, "cidrIpv6", "::/0"),
        put(EGRESS, "cidrIpv4", "3.0.0.0/8"),
        put(EGRESS, "cidrIpv4", "10.0.0.0/8"),
        put(INGRESS, "cidrIpv4", "10.1.0.0/16"),
        put(GROUP, "ingress", [{"cidrBlocks": ["3.0.0.0/8"]}]),
        add("ec2/securityGroupRule:SecurityGroupRule", cidrBlocks=["3.0.0.0/8"]),
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
        state(ENDPOINT, Principal="*", Action="s3:*", NotResource="arn:aws:s3:::landing/*"),
        state(ENDPOINT, **ANYTHING, **of("aws:PrincipalAccount", OURS, NOT)),
        state(ENDPOINT, **ANYTHING, **of("aws:ResourceAccount", OURS, NOT)),
        state(ENDPOINT, **ANYTHING, **of("aws:PrincipalAccount", OTHER)),
        *(
            state(ENDPOINT, Principal="*", Action="s3:*", Resource=place)
            for place in (
                "arn:aws:s3:::evil/*",
                "arn:aws:s3:::*",
                "arn:aws:s3:::land*",
                "arn:aws:s3:::aws-glue-assets/*",
                f"arn:aws:kms:us-east-1:{OTHER}:key/k",
            )
        ),
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
        lambda stack: put(LOGS, "retentionInDays", 30)(tagged("production")(stack)),
        lambda stack: put(LOGS, "retentionInDays", 30)(replace(stack, default_tags={})),
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
        state(TOPIC_POLICY, **PUBLISH, **of("aws:SourceAccount", OURS, NOT)),
        state(TOPIC_POLICY, **PUBLISH, **of("aws:SourceArn", "arn:aws:events:*:*:*", "ArnLike")),
        state(TOPIC_POLICY, Action="sns:Publish", Resource="*", **STRANGER),
    ],
}
"""Rule -> changes of the good stack that it has to catch."""
