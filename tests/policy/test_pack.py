"""The rules as a Pulumi policy pack: its callbacks, and the server that Pulumi talks to."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
import pytest
import yaml
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime import rpc
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc

from policy.pulumi_pack import policies
from policy.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from policy.model import Stack

ROOT = Path(__file__).resolve().parents[2]
PACK = ROOT / "policy" / "pack"


@pytest.fixture(scope="module")
def analyzer() -> Iterator[analyzer_pb2_grpc.AnalyzerStub]:
    """The pack, started as Pulumi's language host starts it, and a client for it."""
    process = subprocess.Popen(
        [sys.executable, "-u", "__main__.py"], cwd=PACK, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    with process.stdout as lines:
        port = int(lines.readline())
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield analyzer_pb2_grpc.AnalyzerStub(channel)
        process.kill()
        process.wait()


def struct(values: dict[str, Any]) -> struct_pb2.Struct:
    """Properties as the engine sends them."""
    message = struct_pb2.Struct()
    message.update(values)
    return message


def request(
    stack: Stack, *, change: Callable[[str, dict[str, Any]], None] = lambda *_: None
) -> analyzer_pb2.AnalyzeStackRequest:
    """A stack as the engine shows it to a policy pack; a change may edit each resource."""
    resources = []
    provider = analyzer_pb2.AnalyzerProviderResource(
        type="pulumi:providers:aws",
        name="default",
        properties=struct({"defaultTags": '{"tags": ' + str_of(stack.default_tags) + "}"}),
    )
    for one in stack.resources:
        properties = {**one.properties, "id": one.id}
        change(one.type, properties)
        resources.append(
            analyzer_pb2.AnalyzerResource(
                type=one.type,
                name=one.name,
                urn=one.urn,
                properties=struct(properties),
                provider=provider,
            )
        )
    return analyzer_pb2.AnalyzeStackRequest(resources=resources)


def str_of(tags: Any) -> str:
    """The tags as JSON."""
    return "{" + ", ".join(f'"{key}": "{value}"' for key, value in tags.items()) + "}"


def broken(response: Any) -> set[str]:
    """The policies that were violated."""
    return {one.policyName for one in response.diagnostics}


def test_every_rule_is_a_policy_that_stops_a_deployment() -> None:
    """Names and sentences are those of the rule book."""
    made = policies()
    assert [policy.name for policy in made] == [rule.name for rule in RULES]
    for policy, rule in zip(made, RULES, strict=True):
        assert policy.enforcement_level is not None
        assert policy.enforcement_level.value == "mandatory"
        assert rule.ids[0] in policy.description


def test_pulumi_is_told_how_to_start_the_pack() -> None:
    """The file that Pulumi looks for names the language and an environment with the SDK."""
    project = yaml.safe_load((PACK / "PulumiPolicy.yaml").read_text(encoding="utf-8"))
    assert project["runtime"]["name"] == "python"
    assert project["runtime"]["options"]["virtualenv"] == "../../.venv"


def test_the_pack_tells_pulumi_its_policies(analyzer: analyzer_pb2_grpc.AnalyzerStub) -> None:
    """The engine lists them before it asks them anything."""
    info = analyzer.GetAnalyzerInfo(empty_pb2.Empty())
    assert info.name == "lakehouse"
    assert {policy.name for policy in info.policies} == {rule.name for rule in RULES}


def test_the_pack_finds_what_the_checks_find(
    analyzer: analyzer_pb2_grpc.AnalyzerStub, good: Stack
) -> None:
    """A good stack passes; a broken one names resource and rule, with its URN."""
    assert not broken(analyzer.AnalyzeStack(request(good)))

    def unversioned(kind: str, properties: dict[str, Any]) -> None:
        if kind == "aws:s3/bucketVersioning:BucketVersioning":
            properties["versioningConfiguration"] = {"status": "Suspended"}

    response = analyzer.AnalyzeStack(request(good, change=unversioned))
    assert broken(response) == {"bucket-versioning"}
    assert {one.message.splitlines()[-1] for one in response.diagnostics} == {
        f"{name} is not versioned" for name in ("landing", "results", "access-logs")
    }


def test_a_preview_that_does_not_know_a_key_yet_is_no_finding(
    analyzer: analyzer_pb2_grpc.AnalyzerStub, good: Stack
) -> None:
    """Before the first deployment the key's ARN is unknown: it is named, that is what counts."""

    def unknown(kind: str, properties: dict[str, Any]) -> None:
        for name in ("kmsKeyId", "kmsMasterKeyId"):
            if name in properties:
                properties[name] = rpc.UNKNOWN
        if kind == "aws:iam/rolePolicy:RolePolicy":
            properties["policy"] = rpc.UNKNOWN

    response = analyzer.AnalyzeStack(request(good, change=unknown))
    assert not broken(response)


def test_relations_hold_before_names_are_known(
    analyzer: analyzer_pb2_grpc.AnalyzerStub, declare: Callable[..., Stack]
) -> None:
    """In a preview a setting names its bucket only by the dependency that Pulumi reports."""
    stack = declare("prod")
    asked = request(stack)
    urns = {one.properties["bucket"]: one.urn for one in stack.of("s3/bucket:Bucket")}
    (topic,) = stack.of("sns/topic:Topic")
    for one in asked.resources:
        if one.type.startswith("aws:s3/bucket") and one.type != "aws:s3/bucket:Bucket":
            urn = urns[one.properties["bucket"]]
            one.propertyDependencies["bucket"].urns.append(urn)
            one.properties["bucket"] = rpc.UNKNOWN
        if one.type == "aws:athena/workgroup:Workgroup":
            results = one.properties["configuration"]["resultConfiguration"]
            bucket = results["outputLocation"].removeprefix("s3://").partition("/")[0]
            one.propertyDependencies["configuration"].urns.append(urns[bucket])
            results["outputLocation"] = rpc.UNKNOWN
        if one.type == "aws:sns/topicPolicy:TopicPolicy":
            one.propertyDependencies["arn"].urns.append(topic.urn)
            one.properties["arn"] = one.properties["policy"] = rpc.UNKNOWN
    assert not broken(analyzer.AnalyzeStack(asked))
