"""One writer at a time, also across jobs, laptops and drivers that were thought dead.

Delta on S3 written by Spark has no mutual exclusion between drivers (S3SingleDriverLogStore), and
Glue's MaxConcurrentRuns counts per job. So a writer holds a lease object in the bronze zone, made
by a conditional put (Amazon S3: If-None-Match, If-Match), and looks at it again before each commit.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from spark.errors import LeaseHeldError, LeaseLostError, StorageError
from spark.storage import Storage, split

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LEASE_KEY = "_lease/writer.json"
_REFUSED = {"PreconditionFailed", "ConditionalRequestConflict", "412", "409"}


def _now() -> datetime:
    return datetime.now(UTC)


class Lease:
    """The right to write the bronze zone until `expires`. Take it with `hold`."""

    def __init__(
        self, storage: Storage, bronze: str, owner: str, now: Callable[[], datetime] = _now
    ) -> None:
        self._storage = storage
        self._bucket, self._key = split(f"{bronze}/{LEASE_KEY}")
        self._owner = owner
        self._now = now
        self._etag = ""

    @property
    def path(self) -> str:
        """Where the lease object lies."""
        return f"s3://{self._bucket}/{self._key}"

    def take(self, minutes: int) -> None:
        """Take the lease for `minutes`, over an expired one too, and over one's own.

        Raises LeaseHeldError, naming the owner, when another writer's lease has not expired.
        """
        found = self._read()
        expires = self._now() + timedelta(minutes=minutes)
        if found is None:
            condition = {"IfNoneMatch": "*"}
        else:
            etag, owner, until = found
            if owner != self._owner and until > self._now():
                raise self._held(owner, until)
            condition = {"IfMatch": etag}
        body = json.dumps({"owner": self._owner, "expires": expires.isoformat()})
        try:
            answer = self._storage.s3.put_object(
                Bucket=self._bucket,
                Key=self._key,
                Body=body.encode(),
                **condition,  # type: ignore[arg-type] # one of two keyword arguments
            )
        except ClientError as error:
            if error.response["Error"]["Code"] in _REFUSED:
                raise self._held("another writer", expires) from error
            raise StorageError(f"Cannot take the lease {self.path}: {error}.") from error
        except BotoCoreError as error:
            raise StorageError(f"Cannot take the lease {self.path}: {error}.") from error
        self._etag = answer["ETag"]

    def check(self) -> None:
        """Look whether the lease is still ours, before a commit.

        Raises LeaseLostError when it expired or another writer holds it.
        """
        found = self._read()
        if found is None or found[0] != self._etag:
            owner = found[1] if found else "nobody"
            raise LeaseLostError(
                f"The lease {self.path} is no longer held by run {self._owner} but by {owner}. "
                f"Nothing was committed since; start the job again, it finishes what is open."
            )
        if found[2] <= self._now():
            raise LeaseLostError(
                f"The lease {self.path} of run {self._owner} expired at {found[2].isoformat()}. "
                f"Start the job again, with a longer --lease_minutes if the work is that large."
            )

    def release(self) -> None:
        """Give the lease back, if it is still ours."""
        found = self._read()
        if found is not None and found[0] == self._etag:
            self._storage.delete_under(self.path)

    def _read(self) -> tuple[str, str, datetime] | None:
        try:
            answer = self._storage.s3.get_object(Bucket=self._bucket, Key=self._key)
            document = json.loads(answer["Body"].read())
            return (
                answer["ETag"],
                str(document["owner"]),
                datetime.fromisoformat(document["expires"]),
            )
        except ClientError as error:
            if error.response["Error"]["Code"] in {"NoSuchKey", "404"}:
                return None
            raise StorageError(f"Cannot read the lease {self.path}: {error}.") from error
        except (BotoCoreError, ValueError, KeyError) as error:
            raise StorageError(
                f"Cannot read the lease {self.path}: {error}. If no writer runs, delete the object."
            ) from error

    def _held(self, owner: str, until: datetime) -> LeaseHeldError:
        return LeaseHeldError(
            f"Another run writes the bronze zone: the lease {self.path} is held by {owner} until "
            f"{until.isoformat()}. Wait for it to end; if it is dead, delete the lease object."
        )


@contextmanager
def hold(storage: Storage, bronze: str, owner: str, minutes: int) -> Iterator[Lease]:
    """Hold the bronze zone's lease for the length of a with block.

    Raises LeaseHeldError when another writer holds it.
    """
    lease = Lease(storage, bronze, owner)
    lease.take(minutes)
    try:
        yield lease
    finally:
        lease.release()
