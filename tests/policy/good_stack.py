"""A small stack that breaks no rule, for the changes that each break one."""

from __future__ import annotations

import json
from typing import Any

from policy.model import Resource, Stack
from tests.policy.collected import ACCOUNT

KEY = "arn:aws:kms:us-east-1:111122223333:key/k"


def document(*statements: dict[str, Any]) -> str:
    """The statements as the text of a policy; each allows unless it says otherwise."""
    listed = [{"Sid": "S", "Effect": "Allow", **one} for one in statements]
    return json.dumps({"Version": "2012-10-17", "Statement": listed})


def _bucket(name: str, *, log_to: str | None, encryption: dict[str, Any]) -> list[Resource]:
    arn = f"arn:aws:s3:::{name}"
    tls = {
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": "s3:*",
        "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    header = {
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": "s3:PutObject",
        "Resource": f"{arn}/*",
        "Condition": {
            "Null": {"s3:x-amz-server-side-encryption": "false"},
            "StringNotEquals": {"s3:x-amz-server-side-encryption": "aws:kms"},
        },
    }
    algorithm = "s3:x-amz-server-side-encryption"
    names_key = f"{algorithm}-aws-kms-key-id"
    no_key = {
        **header,
        "Sid": "NoKey",
        "Condition": {"Null": {algorithm: "false", names_key: "true"}},
    }
    other_key = {
        **header,
        "Sid": "OtherKey",
        "Condition": {"Null": {names_key: "false"}, "StringNotEquals": {names_key: KEY}},
    }
    four = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
    rule = {
        "id": "tidy-up",
        "status": "Enabled",
        "noncurrentVersionExpiration": {"noncurrentDays": 30},
        "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7},
    }
    kinds: dict[str, dict[str, Any]] = {
        "Bucket": {},
        "BucketPublicAccessBlock": dict.fromkeys(four, True),
        "BucketServerSideEncryptionConfiguration": {"rules": [encryption]},
        "BucketVersioning": {"versioningConfiguration": {"status": "Enabled"}},
        "BucketLifecycleConfiguration": {"rules": [rule]},
        "BucketOwnershipControls": {"rule": {"objectOwnership": "BucketOwnerEnforced"}},
        "BucketPolicy": {"policy": document(tls, *([header, no_key, other_key] if log_to else []))},
    }
    if log_to:
        kinds["BucketLogging"] = {"targetBucket": log_to, "targetPrefix": "x/"}
    return [
        Resource(
            f"aws:s3/{kind[0].lower()}{kind[1:]}:{kind}",
            name,
            {"bucket": name, **properties},
            id=name,
        )
        for kind, properties in kinds.items()
    ]


def good_stack() -> Stack:
    """A production stack of one resource of each kind that a rule speaks of; it breaks none."""
    of_account = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
    by_kms = {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": KEY}
    under_kms = {"applyServerSideEncryptionByDefault": by_kms, "bucketKeyEnabled": True}
    by_s3 = {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}
    modes = {
        "cloudwatchEncryption": {"cloudwatchEncryptionMode": "SSE-KMS", "kmsKeyArn": KEY},
        "jobBookmarksEncryption": {"jobBookmarksEncryptionMode": "CSE-KMS", "kmsKeyArn": KEY},
        "s3Encryption": {"s3EncryptionMode": "SSE-KMS", "kmsKeyArn": KEY},
    }
    workgroup = {
        "enforceWorkgroupConfiguration": True,
        "publishCloudwatchMetricsEnabled": True,
        "bytesScannedCutoffPerQuery": 10**9,
        "engineVersion": {"selectedEngineVersion": "Athena engine version 3"},
        "resultConfiguration": {
            "outputLocation": "s3://results/",
            "expectedBucketOwner": ACCOUNT,
            "encryptionConfiguration": {"encryptionOption": "SSE_KMS", "kmsKeyArn": KEY},
        },
    }
    job = {
        "name": "job",
        "glueVersion": "5.1",
        "securityConfiguration": "secure",
        "executionProperty": {"maxConcurrentRuns": 1},
        "timeout": 60,
        "maxRetries": 0,
        "defaultArguments": {"--landing": "s3://landing"},
        "nonOverridableArguments": {
            "--scriptLocation": "s3://scripts/job.py",
            "--extra-py-files": "s3://scripts/spark.zip",
            "--conf": "a=b",
            "--additional-python-modules": "boto3",
            "--python-modules-installer-option": "--no-index",
            "--extra-jars": "",
            "--extra-files": "",
        },
    }
    door = document({"Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::landing/*"})
    interface = {
        "vpcId": "vpc-1",
        "vpcEndpointType": "Interface",
        "privateDnsEnabled": True,
        "securityGroupIds": ["sg-1"],
        "policy": door,
    }
    read = {"Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::landing/*"]}
    run_job = {
        "Action": ["glue:GetJobRun"],
        "Resource": [f"arn:aws:glue:us-east-1:{ACCOUNT}:job/job"],
    }
    group = {"securityGroupId": "sg-1", "description": "d", "fromPort": 443, "toPort": 443}
    publish = {
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": "arn:aws:sns:us-east-1:111122223333:topic",
        "Condition": of_account,
    }
    tls = {
        **publish,
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    root = {
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        "Action": "kms:*",
        "Resource": "*",
    }
    glue = {
        "Principal": {"Service": "glue.amazonaws.com"},
        "Action": "sts:AssumeRole",
        "Condition": of_account,
    }
    others: dict[str, dict[str, Any]] = {
        "s3/bucketObjectv2:BucketObjectv2": {"bucket": "landing", "kmsKeyId": KEY},
        "kms/key:Key": {
            "enableKeyRotation": True,
            "deletionWindowInDays": 30,
            "policy": document(root),
        },
        "iam/role:Role": {"name": "job", "assumeRolePolicy": document(glue)},
        "iam/rolePolicy:RolePolicy": {"role": "job", "policy": document(read, run_job)},
        "iam/rolePolicyAttachment:RolePolicyAttachment": {
            "role": "job",
            "policyArn": f"arn:aws:iam::{ACCOUNT}:policy/own",
        },
        "glue/securityConfiguration:SecurityConfiguration": {
            "name": "secure",
            "encryptionConfiguration": modes,
        },
        "glue/job:Job": job,
        "glue/crawler:Crawler": {"name": "crawler", "securityConfiguration": "secure"},
        "glue/dataCatalogEncryptionSettings:DataCatalogEncryptionSettings": {
            "dataCatalogEncryptionSettings": {
                "encryptionAtRest": {"catalogEncryptionMode": "SSE-KMS"},
                "connectionPasswordEncryption": {"returnConnectionPasswordEncrypted": True},
            }
        },
        "athena/workgroup:Workgroup": {"name": "queries", "configuration": workgroup},
        "ec2/flowLog:FlowLog": {"vpcId": "vpc-1", "trafficType": "ALL"},
        "ec2/defaultSecurityGroup:DefaultSecurityGroup": {"vpcId": "vpc-1"},
        "ec2/subnet:Subnet": {"vpcId": "vpc-1", "mapPublicIpOnLaunch": False},
        "ec2/routeTable:RouteTable": {"vpcId": "vpc-1"},
        "vpc/securityGroupIngressRule:SecurityGroupIngressRule": {
            **group,
            "referencedSecurityGroupId": "sg-1",
            "fromPort": 0,
            "toPort": 65535,
        },
        "vpc/securityGroupEgressRule:SecurityGroupEgressRule": {**group, "prefixListId": "pl-1"},
        "cloudwatch/logGroup:LogGroup": {"name": "logs", "kmsKeyId": KEY, "retentionInDays": 365},
        "sns/topic:Topic": {"name": "topic", "kmsMasterKeyId": KEY},
        "sns/topicPolicy:TopicPolicy": {"arn": "topic", "policy": document(publish, tls)},
    }
    resources = [Resource(f"aws:{kind}", "x", inputs) for kind, inputs in others.items()]
    resources += [
        Resource("aws:ec2/vpc:Vpc", "x", {"cidrBlock": "10.0.0.0/16"}, id="vpc-1"),
        Resource("aws:ec2/securityGroup:SecurityGroup", "x", {"description": "d"}, id="sg-1"),
        *_bucket("landing", log_to="access-logs", encryption=under_kms),
        *_bucket("results", log_to="access-logs", encryption=under_kms),
        *_bucket("access-logs", log_to=None, encryption=by_s3),
    ]
    for service in ("s3", "glue", "kms", "logs", "monitoring", "sts"):
        how = interface if service != "s3" else {"vpcId": "vpc-1", "policy": door}
        name = f"com.amazonaws.us-east-1.{service}"
        resources.append(
            Resource("aws:ec2/vpcEndpoint:VpcEndpoint", service, {**how, "serviceName": name})
        )
    tags = {"Project": "lakehouse", "Environment": "prod", "ManagedBy": "pulumi"}
    return Stack(tuple(resources), tags)
