"""What breaks the rules of roles: what they may do, and whom they trust."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.policy.changes import NOT, OTHER, OURS, ROLE_POLICY, add, may, of, put, state

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.policy.changes import Break

ROLE = "iam/role:Role"
ATTACHMENT = "iam/rolePolicyAttachment:RolePolicyAttachment"
GLUE: dict[str, Any] = {"Principal": {"Service": "glue.amazonaws.com"}, "Action": "sts:AssumeRole"}
IF_THERE = "StringEqualsIfExists"
ALL, READ_ALL = (
    json.dumps({"Statement": {"Effect": "Allow", "Action": action, "Resource": place}})
    for action, place in (("*", "*"), ("s3:GetObject", "arn:aws:s3:::*"))
)
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"

ROLE_BREAKS: Mapping[str, list[Break]] = {
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
}
