"""Tags of buckets by way of S3 Control: they are S3's own, under its lock and in its state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from moto.s3.models import S3Backend, s3_backends
from moto.s3control.models import S3ControlBackend

from localaws.patching import replace

if TYPE_CHECKING:
    from localaws.services import Services


def install(services: Services) -> None:
    """Replace the three calls on tags; on a bucket that does not exist they fail as in AWS."""
    list_tags = S3ControlBackend.list_tags_for_resource

    def list_tags_for_resource(self: S3ControlBackend, resource_arn: str) -> list[dict[str, str]]:
        _check(_s3(self), resource_arn)
        return list_tags(self, resource_arn)

    def tag_resource(self: S3ControlBackend, resource_arn: str, tags: list[dict[str, str]]) -> None:
        with services.changing("s3"):
            _check(_s3(self), resource_arn)
            _s3(self).tag_resource(resource_arn, {tag["Key"]: tag["Value"] for tag in tags})

    def untag_resource(self: S3ControlBackend, resource_arn: str, tag_keys: list[str]) -> None:
        with services.changing("s3"):
            _check(_s3(self), resource_arn)
            _s3(self).untag_resource(resource_arn, tag_keys)

    replace(
        S3ControlBackend,
        list_tags_for_resource=list_tags_for_resource,
        tag_resource=tag_resource,
        untag_resource=untag_resource,
    )


def _s3(backend: S3ControlBackend) -> S3Backend:
    found: S3Backend = s3_backends[backend.account_id][backend.partition]
    return found


def _check(backend: S3Backend, arn: str) -> None:
    """Raise S3's NoSuchBucket unless the ARN is that of a bucket that exists, or of no bucket."""
    service, _, name = arn.partition(":::")
    if service.endswith(":s3"):
        backend.get_bucket(name)
