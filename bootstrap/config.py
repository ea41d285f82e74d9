"""The settings of ``bootstrap/Pulumi.<stack>.yaml``, read and checked before any resource."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pulumi

from lakehouse.errors import ConfigError

NAMESPACE = "bootstrap"

_TAKES = {
    "repository": (
        r"[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+",
        "owner/name of the repository that deploys",
    ),
    "prefix": (
        r"[a-z][a-z0-9-]{0,18}[a-z0-9]",
        "2 to 20 characters a-z, 0-9 and '-', beginning with a letter",
    ),
    # No wildcard: the names become part of a condition in the roles' trust.
    "branch": (r"[A-Za-z0-9._/-]+", "the name of a branch"),
    "environment": (r"[A-Za-z0-9._-]+", "the name of an environment"),
    "oidcProviderArn": (
        r"arn:aws[a-z-]*:iam::\d{12}:oidc-provider/token\.actions\.githubusercontent\.com",
        "the ARN of GitHub's identity provider",
    ),
}
"""Key -> what it may be, as a pattern and in words."""


@dataclass(frozen=True)
class Settings:
    """What the administrator chose."""

    repository: str
    prefix: str = "music"
    branch: str = "main"
    environment: str = "prod"
    oidc_provider_arn: str | None = None


def load_settings(stack: str) -> Settings:
    """Read and check the settings of the running stack.

    Raises:
        ConfigError: naming every key that is missing or not what it may be.
    """
    config = pulumi.Config(NAMESPACE)
    given = {key: config.get(key) for key in _TAKES}
    problems = [
        f"bootstrap:{key} = {value!r} is not allowed: give {words}"
        for key, (pattern, words) in _TAKES.items()
        if (value := given[key]) is not None and not re.fullmatch(pattern, value)
    ]
    repository = given.pop("repository")
    if repository is None:
        problems.append(f"bootstrap:repository is missing: give {_TAKES['repository'][1]}")
    if problems or repository is None:
        raise ConfigError(stack, *problems)
    provider = given.pop("oidcProviderArn")
    chosen = {key: value for key, value in given.items() if value is not None}
    return Settings(repository=repository, oidc_provider_arn=provider, **chosen)
