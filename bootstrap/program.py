"""State bucket, key for secrets, GitHub's identity provider, deployer, previewer and boundary."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi
import pulumi_aws as aws

from bootstrap import deployer, resources, trust
from bootstrap.boundary import boundary
from bootstrap.config import load_settings
from bootstrap.names import GITHUB, PATH, BootstrapNames
from lakehouse import bucket_policies
from lakehouse.account import resolve_account
from lakehouse.config import AwsSettings
from lakehouse.documents import json_text
from lakehouse.errors import ConfigError
from lakehouse.statements import document
from lakehouse.storage import ZoneBucket, ZoneBucketArgs

if TYPE_CHECKING:
    from lakehouse.statements import Document

_STATE_VERSION_DAYS = 365
"""How long an earlier state can be brought back."""
_LOG_DAYS = 365


def program() -> None:
    """Declare all of it.

    Raises:
        ConfigError: before the first resource, when settings or account do not fit.
    """
    stack = pulumi.get_stack()
    settings = load_settings(stack)
    config = pulumi.Config("aws")
    accounts = tuple(config.get_object("allowedAccountIds") or ())
    if not accounts:
        raise ConfigError(
            stack,
            "aws:allowedAccountIds is missing: give the id of the account, so that wrong "
            "credentials stop before they touch anything",
        )
    account = resolve_account(
        AwsSettings.model_validate(
            {"region": config.require("region"), "allowedAccountIds": accounts}
        ),
        stack,
    )
    names = BootstrapNames(settings.prefix, account)
    kept = pulumi.ResourceOptions(protect=True, retain_on_delete=True)
    key = aws.kms.Key(
        "secrets",
        description=f"The Pulumi state of the stacks of {names.prefix}, and the secrets in it",
        enable_key_rotation=True,
        deletion_window_in_days=30,
        policy=json_text(_key_policy(names)),
        opts=kept,
    )
    alias = aws.kms.Alias("secrets", name=names.key_alias, target_key_id=key.key_id, opts=kept)
    bucket = _state_bucket(names, key.arn)
    provider = settings.oidc_provider_arn or _identity_provider()
    made = aws.iam.Policy(
        "boundary",
        name=f"{names.prefix}-boundary",
        path=PATH,
        description=f"What no role of the stacks of {names.prefix} can exceed",
        policy=json_text(boundary(names)),
        opts=pulumi.ResourceOptions(protect=True),
    )
    deploys = _role(
        "deployer",
        names,
        pulumi.Output.from_input(provider).apply(lambda arn: trust.deployer_trust(arn, settings)),
        {
            "storage": pulumi.Output.from_input(resources.storage(names)),
            "services": pulumi.Output.from_input(resources.services(names)),
            "network": pulumi.Output.from_input(resources.network(names)),
            "identity": key.arn.apply(lambda arn: deployer.identity(names, arn)),
        },
    )
    previews = _role(
        "previewer",
        names,
        pulumi.Output.from_input(provider).apply(lambda arn: trust.previewer_trust(arn, settings)),
        {
            "first": key.arn.apply(lambda arn: deployer.previewer(names, arn)[0]),
            "second": key.arn.apply(lambda arn: deployer.previewer(names, arn)[1]),
        },
    )
    pulumi.export("backend_url", pulumi.Output.concat("s3://", bucket.name))
    pulumi.export(
        "secrets_provider",
        pulumi.Output.concat("awskms:///", alias.name, "?region=", account.region),
    )
    pulumi.export("deployer_role_arn", deploys)
    pulumi.export("previewer_role_arn", previews)
    pulumi.export("permissions_boundary_arn", made.arn)


def _key_policy(names: BootstrapNames) -> Document:
    """The account decides, by identity policies."""
    return document(
        [
            {
                "Sid": "AccountDecidesByIdentityPolicies",
                "Effect": "Allow",
                "Principal": {"AWS": names.arn("iam", "root", regional=False)},
                "Action": "kms:*",
                "Resource": "*",
            }
        ]
    )


def _state_bucket(names: BootstrapNames, key_arn: pulumi.Output[str]) -> ZoneBucket:
    def make(zone: str, name: str, *extra: Any, **how: Any) -> ZoneBucket:
        arn = names.s3(name)
        return ZoneBucket(
            zone,
            ZoneBucketArgs(
                bucket_name=name,
                bucket_arn=arn,
                statements=(bucket_policies.tls_only(arn), *extra),
                force_destroy=False,
                protect=True,
                noncurrent_version_days=_STATE_VERSION_DAYS,
                **how,
            ),
        )

    state, logs = names.state_bucket, names.log_bucket
    delivery = bucket_policies.log_delivery(names.s3(logs), [names.s3(state)], names.account.id)
    target = make("access-logs", logs, delivery, key_arn=None, expire_after_days=_LOG_DAYS)
    return make("state", state, key_arn=key_arn, log_target=target)


def _identity_provider() -> pulumi.Output[str]:
    return aws.iam.OpenIdConnectProvider(
        "github",
        url=f"https://{GITHUB}",
        client_id_lists=[trust.AUDIENCE],
        opts=pulumi.ResourceOptions(protect=True),
    ).arn


def _role(
    name: str,
    names: BootstrapNames,
    trusted: pulumi.Output[Document],
    parts: dict[str, pulumi.Output[Document]],
) -> pulumi.Output[str]:
    """A role, told only once all of its policies are attached."""
    role = aws.iam.Role(
        name,
        name=f"{names.prefix}-{name}",
        path=PATH,
        description=f"The {name} of the stacks of {names.prefix}, for workflows on GitHub",
        assume_role_policy=pulumi.Output.json_dumps(trusted, sort_keys=True),
        max_session_duration=3600,
    )
    attached = []
    for part, held in parts.items():
        policy = aws.iam.Policy(
            f"{name}-{part}",
            name=f"{names.prefix}-{name}-{part}",
            path=PATH,
            policy=pulumi.Output.json_dumps(held, sort_keys=True),
        )
        attached.append(
            aws.iam.RolePolicyAttachment(f"{name}-{part}", role=role.name, policy_arn=policy.arn).id
        )
    return pulumi.Output.all(role.arn, *attached).apply(lambda made: str(made[0]))
