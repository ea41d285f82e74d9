"""Bucket policies that say yes and no for the right reasons.

moto takes every condition that it does not know as met, so that a policy which denies plain HTTP
denies everything. Here a statement counts only if action, resource, principal and all conditions
match, for requests to buckets as well as to objects. A Deny wins; an Allow is needed only by
unsigned requests, as every signed one comes from the account that owns the buckets.
"""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any, Final

from moto.iam.access_control import PermissionResult
from moto.s3.exceptions import BucketAccessDeniedError, S3ClientError
from moto.s3.models import FakeBucket, S3Backend
from moto.s3.responses import S3Response

from localaws import s3_conditions
from localaws.errors import UnsupportedError
from localaws.patching import replace
from localaws.s3_conditions import wildcard
from localaws.s3_request import PolicyRequest, bucket_action, object_action

if TYPE_CHECKING:
    from moto.core.request import Request

    from localaws.services import Services

_KNOWN: Final = {
    "Action", "Condition", "Effect", "NotAction", "NotPrincipal", "NotResource", "Principal",
    "Resource", "Sid",
}  # fmt: skip
# The root user of the account can always mend a policy that locks everybody out.
_ALWAYS_ALLOWED: Final = {"s3:DeleteBucketPolicy", "s3:GetBucketPolicy", "s3:PutBucketPolicy"}

# The request that this thread answers: moto's buckets are not told.
_current = threading.local()


class MalformedPolicyError(S3ClientError):
    """A bucket policy that cannot be evaluated; the message says why."""

    def __init__(self, message: str) -> None:
        super().__init__("MalformedPolicy", message)


def check_policy(document: bytes) -> None:
    """Raise `MalformedPolicyError` unless the policy is one that `evaluate` understands."""
    try:
        policy = json.loads(document)
    except ValueError:
        raise MalformedPolicyError("The policy is not valid JSON") from None
    if not isinstance(policy, dict) or not _as_list(policy.get("Statement")):
        raise MalformedPolicyError("Missing required field Statement")
    for statement in _as_list(policy["Statement"]):
        if not isinstance(statement, dict):
            raise MalformedPolicyError("A statement must be an object")
        for field in statement:
            if field not in _KNOWN:
                raise MalformedPolicyError(f"Unknown field {field}")
        for pair in ("Action", "Principal", "Resource"):
            if (pair in statement) == (f"Not{pair}" in statement):
                raise MalformedPolicyError(f"Missing required field {pair}")
        if statement.get("Effect") not in {"Allow", "Deny"}:
            raise MalformedPolicyError(f"Invalid effect: {statement.get('Effect')}")
        try:
            s3_conditions.check(statement.get("Condition", {}))
        except UnsupportedError as error:
            raise MalformedPolicyError(str(error)) from None


def evaluate(document: bytes, request: PolicyRequest) -> PermissionResult:
    """Return what the policy says to the request: DENIED, PERMITTED or NEUTRAL."""
    effects = {
        statement["Effect"]
        for statement in _as_list(json.loads(document)["Statement"])
        if _concerns(statement, request)
    }
    if "Deny" in effects:
        return PermissionResult.DENIED
    return PermissionResult.PERMITTED if "Allow" in effects else PermissionResult.NEUTRAL


def _as_list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _concerns(statement: dict[str, Any], request: PolicyRequest) -> bool:
    return (
        _matches(statement, "Action", request.action, ignore_case=True)
        and _matches(statement, "Resource", request.resource)
        and _names_caller(statement, request)
        and s3_conditions.holds(statement.get("Condition", {}), request)
    )


def _matches(
    statement: dict[str, Any], field: str, value: str, *, ignore_case: bool = False
) -> bool:
    wanted = field in statement
    patterns = _as_list(statement[field if wanted else f"Not{field}"])
    if ignore_case:
        value, patterns = value.lower(), [pattern.lower() for pattern in patterns]
    return any(wildcard(pattern, value) for pattern in patterns) == wanted


def _names_caller(statement: dict[str, Any], request: PolicyRequest) -> bool:
    wanted = "Principal" in statement
    principal = statement["Principal" if wanted else "NotPrincipal"]
    kind = "Service" if request.service else "AWS"
    names = [principal] if isinstance(principal, str) else _as_list(principal.get(kind))
    return any(name in request.names for name in names) == wanted


def install(services: Services) -> None:  # noqa: ARG001 - every extension has this signature
    """Make moto's S3 evaluate bucket policies with this module."""
    put_bucket_policy = S3Backend.put_bucket_policy
    authorize = S3Response._authenticate_and_authorize_s3_action
    setup_class = S3Response.setup_class

    def setup_and_remember(
        self: S3Response, request: Request, full_url: str | None = None, headers: Any = None
    ) -> None:
        _current.request = request
        setup_class(self, request, full_url, headers)

    def put_checked(self: S3Backend, bucket_name: str, policy: bytes) -> None:
        check_policy(policy)
        put_bucket_policy(self, bucket_name, policy)

    def get_permission(self: FakeBucket, action: str, resource: str) -> PermissionResult:
        # moto asks with the HTTP method as the action before it knows better; `authorize` denies
        # with the right one. Of DeleteObjects it asks for each key, and needs the whole answer.
        if self.policy is None:
            return PermissionResult.NEUTRAL
        request = _current.request
        several = request.method == "POST" and "delete" in request.args
        result = evaluate(self.policy, _seen(self, action, resource))
        if result is PermissionResult.DENIED and not several:
            return PermissionResult.NEUTRAL
        return result

    def authorize_by_policy(
        self: S3Response, bucket_name: str | None = None, key_name: str | None = None
    ) -> None:
        authorize(self, bucket_name, key_name)
        bucket = self.backend.buckets.get(bucket_name or "")
        if bucket is None or bucket.policy is None:
            return
        method, query = self.request.method, self.request.args
        action = object_action(method, query) if key_name else bucket_action(method, query)
        if action in _ALWAYS_ALLOWED or (method == "POST" and "delete" in query):
            return
        name = f"{bucket.name}/{key_name}" if key_name else bucket.name
        seen = _seen(bucket, action, f"arn:{bucket.partition}:s3:::{name}")
        if evaluate(bucket.policy, seen) is PermissionResult.DENIED:
            raise BucketAccessDeniedError(bucket=bucket.name)

    def lets_logs_in(
        self: FakeBucket, target_bucket: FakeBucket, target_prefix: str | None
    ) -> bool:
        if target_bucket.policy is None:
            return False
        delivery = PolicyRequest(
            action="s3:PutObject",
            resource=f"{target_bucket.arn}/{target_prefix or ''}log",
            headers={},
            query={},
            account=self.account_id,
            service="logging.s3.amazonaws.com",
            source=self.arn,
        )
        return evaluate(target_bucket.policy, delivery) is PermissionResult.PERMITTED

    replace(S3Backend, put_bucket_policy=put_checked)
    replace(FakeBucket, get_permission=get_permission, _log_permissions_enabled_policy=lets_logs_in)
    replace(
        S3Response,
        _authenticate_and_authorize_s3_action=authorize_by_policy,
        setup_class=setup_and_remember,
    )


def _seen(bucket: FakeBucket, action: str, resource: str) -> PolicyRequest:
    request = _current.request
    headers = {name.lower(): value for name, value in request.headers.items()}
    return PolicyRequest(
        action=action,
        resource=resource,
        headers=headers,
        query=request.args,
        account=bucket.account_id,
    )
