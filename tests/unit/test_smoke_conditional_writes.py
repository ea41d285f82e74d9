"""The smoke check of the lease's conditions: an S3 that passes over one of them is found out."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from smoke.check import WrongError
from smoke.checks.encryption import conditional_writes


class S3:
    """One object under S3's conditions, but for one of them that it does not look at."""

    def __init__(self, blind_to: str = "") -> None:
        self.blind_to = blind_to
        self.etag = ""
        self.puts = 0

    def _refuse_unless(self, holds: bool, call: str) -> None:
        if not holds and call != self.blind_to:
            raise ClientError({"Error": {"Code": "PreconditionFailed"}}, call)

    def put_object(self, **asked: Any) -> dict[str, str]:
        """Put it, if the conditions hold."""
        self._refuse_unless(not ("IfNoneMatch" in asked and self.etag), "put if none")
        self._refuse_unless(asked.get("IfMatch", self.etag) == self.etag, "put if it is")
        self.puts += 1
        self.etag = f'"{self.puts}"'
        return {"ETag": self.etag}

    def delete_object(self, **asked: Any) -> None:
        """Delete it, if the condition holds."""
        self._refuse_unless(asked.get("IfMatch", self.etag) == self.etag, "delete if it is")
        if "IfMatch" not in asked or self.blind_to != "delete":
            self.etag = ""

    def list_objects_v2(self, **_: Any) -> dict[str, Any]:
        """Say whether it is there."""
        return {"Contents": [{}]} if self.etag else {}


@pytest.mark.parametrize(
    ("blind_to", "told"),
    [
        ("put if none", "a second writer took a lease"),
        ("put if it is", "both took it"),
        ("delete if it is", "gave back the lease that another"),
        ("delete", "is still there"),
    ],
)
def test_a_condition_that_is_passed_over_is_wrong(blind_to: str, told: str) -> None:
    """Each by itself; what the check has put is gone in the end."""
    s3 = S3(blind_to)
    subject: Any = SimpleNamespace(client=lambda _: s3, bucket=lambda zone: zone)
    with pytest.raises(WrongError, match=told):
        conditional_writes.look(subject)
    assert s3.etag == ""


def test_an_s3_that_looks_at_all_of_them_is_good() -> None:
    """Of two writers the second is refused, also when it would delete."""
    s3 = S3()
    subject: Any = SimpleNamespace(client=lambda _: s3, bucket=lambda zone: zone)
    assert "the second is refused" in conditional_writes.look(subject)
    assert s3.etag == ""
