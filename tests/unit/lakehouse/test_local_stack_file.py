"""The stack `local` sends whatever the provider calls to localaws, and nothing anywhere else."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pulumi_aws as aws
import yaml

ROOT = Path(__file__).parents[3]
# The endpoints of the provider that a module of resources needs, where its name says another.
SERVICES = {"vpc": "ec2"}
CLOUDWATCH = {"eventRule": "events", "eventTarget": "events", "logGroup": "logs"}
# Asked for the account, and for the tags of buckets, by the provider itself.
ALWAYS = {"iam", "s3control", "sts"}


def _settings() -> dict[str, Any]:
    content = yaml.safe_load((ROOT / "Pulumi.local.yaml").read_text(encoding="utf-8"))
    config: dict[str, Any] = content["config"]
    return config


def _needed() -> set[str]:
    declared = "\n".join(
        path.read_text(encoding="utf-8") for path in (Path(__file__).parent / "golden").iterdir()
    )
    types = set(re.findall(r"^aws:(\w+)/(\w+):", declared, re.MULTILINE))
    assert len(types) > 25
    return ALWAYS | {
        CLOUDWATCH.get(name, "cloudwatch")
        if module == "cloudwatch"
        else SERVICES.get(module, module)
        for module, name in types
    }


def test_every_service_of_the_program_has_an_endpoint() -> None:
    """A service that is not listed would be asked for at AWS."""
    (endpoints,) = _settings()["aws:endpoints"]
    assert _needed() <= endpoints.keys()
    for service in endpoints:
        assert hasattr(aws.ProviderEndpointArgs, service), service


def test_all_endpoints_and_the_proxy_are_one_server() -> None:
    """S3 Control has a name that takes the account in front; the proxy makes it resolvable."""
    settings = _settings()
    (endpoints,) = settings["aws:endpoints"]
    (server,) = {url for service, url in endpoints.items() if service != "s3control"}
    assert endpoints["s3control"] == server.replace("127.0.0.1", "localhost")
    assert settings["aws:httpProxy"] == settings["aws:httpsProxy"] == server
    assert settings["aws:noProxy"] == "127.0.0.1"
    assert settings["aws:skipRequestingAccountId"] is False
