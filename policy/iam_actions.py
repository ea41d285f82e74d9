"""What is known about single IAM actions: which are dangerous, and which take no resource."""

from __future__ import annotations

_EC2_TELLS = "takes no ARN; it tells, and changes nothing"

STAR_RESOURCES = {
    "cloudwatch:PutMetricData": "takes no ARN; a condition on its namespace limits it",
    "ec2:DescribeNetworkInterfaces": _EC2_TELLS,
    "ec2:DescribeRouteTables": _EC2_TELLS,
    "ec2:DescribeSecurityGroups": _EC2_TELLS,
    "ec2:DescribeSubnets": _EC2_TELLS,
    "ec2:DescribeVpcEndpoints": _EC2_TELLS,
    "glue:GetSecurityConfiguration": "takes no ARN; a security configuration holds no secret",
    "lakeformation:GetDataAccess": "takes no ARN; the grants in Lake Formation limit it",
}
"""Action -> why it may stand beside ``Resource: *``. Nothing else may."""

_NO_ARN = "takes no ARN; only the deployer of CI holds it"

DEPLOYER_STARS = {
    "ec2:DescribeAvailabilityZones": _EC2_TELLS,
    "ec2:DescribeFlowLogs": _EC2_TELLS,
    "ec2:DescribeManagedPrefixLists": _EC2_TELLS,
    "ec2:DescribeNetworkAcls": _EC2_TELLS,
    "ec2:DescribePrefixLists": _EC2_TELLS,
    "ec2:DescribeSecurityGroupRules": _EC2_TELLS,
    "ec2:DescribeVpcs": _EC2_TELLS,
    "glue:CreateCrawler": _NO_ARN,
    "glue:CreateSecurityConfiguration": _NO_ARN,
    "glue:DeleteSecurityConfiguration": _NO_ARN,
    "kms:CreateKey": "takes no ARN; a condition on the tag of the new key limits it",
    "kms:ListAliases": "takes no ARN; it tells names, no secret",
    "sns:GetSubscriptionAttributes": "takes no ARN; it tells where a topic's notices go",
    "sns:Unsubscribe": _NO_ARN,
    "ssm:DescribeParameters": "takes no ARN; it tells names, no value",
}
"""The same for what bootstrap/ lets the deployer and the previewer of CI do."""

ESCALATION = (
    "cloudformation:CreateStack",
    "datapipeline:CreatePipeline",
    "glue:CreateDevEndpoint",
    "glue:UpdateDevEndpoint",
    "iam:AddUserToGroup",
    "iam:AttachGroupPolicy",
    "iam:AttachRolePolicy",
    "iam:AttachUserPolicy",
    "iam:CreateAccessKey",
    "iam:CreateLoginProfile",
    "iam:CreatePolicyVersion",
    "iam:PutGroupPolicy",
    "iam:PutRolePolicy",
    "iam:PutUserPolicy",
    "iam:SetDefaultPolicyVersion",
    "iam:UpdateAssumeRolePolicy",
    "iam:UpdateLoginProfile",
    "lambda:CreateFunction",
    "lambda:UpdateFunctionCode",
)
"""Actions by which a role could give itself more than it has (CKV_AWS_286)."""

CREDENTIALS = (
    "cognito-identity:GetCredentialsForIdentity",
    "ecr:GetAuthorizationToken",
    "iam:CreateServiceSpecificCredential",
    "iam:ResetServiceSpecificCredential",
    "iam:UpdateAccessKey",
    "rds-db:connect",
    "redshift:GetClusterCredentials",
    "sso:GetRoleCredentials",
    "sts:GetFederationToken",
    "sts:GetSessionToken",
)
"""Actions that hand out credentials (CKV_AWS_287)."""

SECRETS = (
    "s3:GetObject",
    "secretsmanager:GetSecretValue",
    "ssm:GetParameter",
    "ssm:GetParameters",
    "ssm:GetParametersByPath",
)
"""Actions that read what is stored, and so must name it (CKV_AWS_288)."""

PERMISSIONS = (
    "glue:DeleteResourcePolicy",
    "glue:PutResourcePolicy",
    "iam:*",
    "kms:CreateGrant",
    "kms:PutKeyPolicy",
    "lakeformation:GrantPermissions",
    "lakeformation:PutDataLakeSettings",
    "s3:DeleteBucketPolicy",
    "s3:PutBucketAcl",
    "s3:PutBucketPolicy",
    "s3:PutObjectAcl",
    "sns:AddPermission",
)
"""Actions that change who may do what; iam:PassRole is judged by its own rule (CKV_AWS_289)."""

READ_VERBS = ("BatchGet", "Describe", "Filter", "Get", "Head", "List", "Lookup", "Search")
"""How the names of actions begin that change nothing."""
