"""Who may be deployer or previewer: runs of one repository's workflows, by GitHub's tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bootstrap.names import GITHUB
from lakehouse.trust import trust

if TYPE_CHECKING:
    from bootstrap.config import Settings
    from lakehouse.statements import Document

AUDIENCE = "sts.amazonaws.com"


def deployer_trust(provider_arn: str, settings: Settings) -> Document:
    """Runs on the main branch, and those that GitHub let into the environment of production."""
    return _trust(
        "MainBranchAndProduction",
        provider_arn,
        [
            f"repo:{settings.repository}:environment:{settings.environment}",
            f"repo:{settings.repository}:ref:refs/heads/{settings.branch}",
        ],
    )


def previewer_trust(provider_arn: str, settings: Settings) -> Document:
    """Runs for pull requests. GitHub gives none of these tokens to runs for forks."""
    return _trust("PullRequests", provider_arn, [f"repo:{settings.repository}:pull_request"])


def _trust(sid: str, provider_arn: str, subjects: list[str]) -> Document:
    return trust(
        sid,
        {"Federated": provider_arn},
        {"StringEquals": {f"{GITHUB}:aud": AUDIENCE, f"{GITHUB}:sub": subjects}},
        action="sts:AssumeRoleWithWebIdentity",
    )
