"""What the checks look at: the stack that was made, its run, and the account as three callers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import boto3
from botocore.exceptions import ClientError

from pipeline.aws import Aws
from pipeline.errors import OutOfTimeError
from pipeline.wait import wait_for
from smoke.check import CannotCheckError, WrongError

if TYPE_CHECKING:
    from collections.abc import Callable

    from lakehouse.naming import Names
    from pipeline.wait import Clock
    from smoke.deployment import Deployment

T = TypeVar("T")

DENIED = frozenset({"AccessDenied", "AccessDeniedException", "403"})
"""The codes with which services refuse whoever may not."""


@dataclass
class Run:
    """What `lakehouse run` answered, as the operator."""

    document: dict[str, Any]
    """What `--json` printed."""

    @property
    def succeeded(self) -> bool:
        """Whether every stage did."""
        return self.document.get("status") == "succeeded"

    @property
    def problem(self) -> str:
        """Why it did not."""
        told = self.document.get("error") or {}
        return str(told.get("message") or "it gave no reason")


@dataclass
class Subject:
    """A deployed stack, for the length of the checks."""

    names: Names
    caller: Aws
    """With the credentials of whoever started the checks."""
    outputs: dict[str, Any]
    deployment: Deployment
    run: Run
    clock: Clock
    patience: float = 20 * 60.0
    """Seconds until what AWS does late (flow logs, metrics) counts as missing."""
    _roles: dict[str, Aws] = field(default_factory=dict)
    _clients: dict[str, Any] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        """A client of the caller's."""
        if service not in self._clients:
            self._clients[service] = client_of(self.caller, service)
        return self._clients[service]

    def as_role(self, actor: str) -> Aws:
        """The account as one of the stack's actors sees it."""
        if actor not in self._roles:
            role = self.names.iam_arn(f"role/{self.names.role(actor)}")
            self._roles[actor] = assumed(self.caller, role, self.clock)
        return self._roles[actor]

    def bucket(self, zone: str) -> str:
        """The bucket of a zone."""
        return str(self.outputs["bucket_names"][zone])

    def need_run(self) -> dict[str, Any]:
        """The document of the run, for a check that looks at what a run leaves.

        Raises:
            CannotCheckError: the pipeline did not succeed.
        """
        if not self.run.succeeded:
            raise CannotCheckError(f"the pipeline did not succeed: {self.run.problem}")
        return self.run.document

    def need_aws(self, why: str) -> None:
        """Go on only on AWS itself.

        Raises:
            CannotCheckError: this is an emulator, with `why` it cannot tell.
        """
        if self.caller.endpoint is not None:
            raise CannotCheckError(f"this is an emulator: {why}")

    def until(self, look: Callable[[], T | None], what: str) -> T:
        """What `look` finds within the patience; it returns None while there is nothing.

        Raises:
            WrongError: it never found anything.
        """
        try:
            return wait_for(look, what=what, timeout=self.patience, clock=self.clock)
        except OutOfTimeError as error:
            minutes = self.patience / 60
            raise WrongError(f"no {what} within {minutes:.0f} minutes") from error


def refused(call: Callable[[], object]) -> bool:
    """Whether a call is refused for want of permission; any other error is raised."""
    try:
        call()
    except ClientError as error:
        if error.response["Error"]["Code"] in DENIED:
            return True
        raise
    return False


def assumed(caller: Aws, role_arn: str, clock: Clock) -> Aws:
    """The account with the credentials of a role; a new role takes a while to be assumable.

    Raises:
        OutOfTimeError: the caller may not assume it, two minutes after it was made.
    """
    sts = client_of(caller, "sts")

    def look() -> dict[str, str] | None:
        try:
            reply = sts.assume_role(RoleArn=role_arn, RoleSessionName="smoke")
        except ClientError as error:
            if error.response["Error"]["Code"] in DENIED:
                return None
            raise
        found: dict[str, str] = reply["Credentials"]
        return found

    credentials = wait_for(look, what=f"the right to assume {role_arn}", timeout=120.0, clock=clock)
    session = boto3.Session(
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
        region_name=caller.session.region_name,
    )
    return Aws(session, caller.endpoint)


def client_of(aws: Aws, service: str, **options: Any) -> Any:
    """A client of a service whose name is only known at run time."""
    make: Any = aws.session.client
    return make(service, endpoint_url=aws.endpoint, **options)
