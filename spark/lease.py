"""One writer at a time, also across jobs, laptops and drivers that were thought dead.

Delta on S3 written by Spark has no mutual exclusion between drivers (S3SingleDriverLogStore), and
Glue's MaxConcurrentRuns counts per job. So a writer holds a lease object in the bronze zone, made
by a conditional put (Amazon S3: If-None-Match, If-Match), and looks at it again before each commit.
S3 may carry a put out whose answer is lost, and the client's own retry is refused then: the lease
bears a mark of its taker's own, by which a taker knows what is its own.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

from botocore.exceptions import BotoCoreError, ClientError

from spark.errors import LeaseHeldError, LeaseLostError, StorageError
from spark.storage import CONDITION_FAILED, NOT_THERE, Storage, split

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LEASE_KEY = "_lease/writer.json"
MARGIN = timedelta(minutes=5)
"""With less of the lease left, no commit is begun: it could end after the lease."""
MIN_MINUTES = 10
"""The shortest lease that is worth to be taken."""

_REFUSED = CONDITION_FAILED | {"ConditionalRequestConflict", "409"}


@dataclass(frozen=True, kw_only=True)
class Writer:
    """Who writes: the run, and the Glue job run that carries it (empty outside Glue)."""

    run_id: str
    job_name: str = ""
    job_run_id: str = ""


def _now() -> datetime:
    return datetime.now(UTC)


def _never(writer: Writer) -> bool:
    del writer
    return False


class Lease:
    """The right to write the bronze zone until it expires. Take it with `hold`.

    `has_ended` says of another writer whether it is known to have ended: a run that was killed
    leaves its lease behind, and nobody should wait for the expiry then.
    """

    def __init__(
        self,
        storage: Storage,
        bronze: str,
        writer: Writer,
        *,
        has_ended: Callable[[Writer], bool] = _never,
        now: Callable[[], datetime] = _now,
    ) -> None:
        self._storage = storage
        self._bucket, self._key = split(f"{bronze}/{LEASE_KEY}")
        self._writer = writer
        self._has_ended = has_ended
        self._now = now
        self._etag = ""
        self._mark = uuid4().hex

    @property
    def path(self) -> str:
        """Where the lease object lies."""
        return f"s3://{self._bucket}/{self._key}"

    def take(self, minutes: int) -> None:
        """Take the lease for `minutes`, over one that expired or whose writer has ended.

        Raises LeaseHeldError, naming the other writer, when neither is so.
        """
        found = self._read()
        if found is None:
            condition = {"IfNoneMatch": "*"}
        else:
            etag, other, until, _ = found
            if until > self._now() and not self._has_ended(other):
                raise self._held(f"run {other.run_id} until {until.isoformat()}")
            condition = {"IfMatch": etag}
        expires = self._now() + timedelta(minutes=minutes)
        body = json.dumps(
            {
                "writer": asdict(self._writer),
                "expires": expires.isoformat(),
                "mark": self._mark,
            }
        )
        try:
            answer = self._storage.s3.put_object(
                Bucket=self._bucket,
                Key=self._key,
                Body=body.encode(),
                **condition,  # type: ignore[arg-type] # one of two keyword arguments
            )
            self._etag = answer["ETag"]
        except ClientError as error:
            if error.response["Error"]["Code"] not in _REFUSED | NOT_THERE:
                raise StorageError(f"Cannot take the lease {self.path}: {error}.") from error
            now = self._read()
            if now is None or now[3] != self._mark:
                raise self._held(
                    "a run that took it or gave it back at this very moment"
                ) from error
            self._etag = now[0]
        except BotoCoreError as error:
            raise StorageError(f"Cannot take the lease {self.path}: {error}.") from error

    def check(self) -> None:
        """Look whether the lease is still ours, before a commit.

        Raises LeaseLostError when it expires within MARGIN or another writer holds it.
        """
        found = self._read()
        if found is None or found[0] != self._etag:
            holder = f"by run {found[1].run_id}" if found else "by nobody"
            raise LeaseLostError(
                f"The lease {self.path} is no longer held by run {self._writer.run_id} but "
                f"{holder}. This run stops before its next commit; start the job again, it "
                f"finishes what is open."
            )
        if found[2] - self._now() < MARGIN:
            raise LeaseLostError(
                f"The lease {self.path} of run {self._writer.run_id} expires at "
                f"{found[2].isoformat()}: too soon to begin a commit. Start the job again, with "
                f"more --lease_minutes if the work is that large."
            )

    def release(self) -> None:
        """Give the lease back, if it is still ours."""
        try:
            self._storage.s3.delete_object(Bucket=self._bucket, Key=self._key, IfMatch=self._etag)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code not in _REFUSED | NOT_THERE:
                raise StorageError(f"Cannot release the lease {self.path}: {error}.") from error
        except BotoCoreError as error:
            raise StorageError(f"Cannot release the lease {self.path}: {error}.") from error

    def _read(self) -> tuple[str, Writer, datetime, str] | None:
        try:
            answer = self._storage.s3.get_object(Bucket=self._bucket, Key=self._key)
            document = json.loads(answer["Body"].read())
            return (
                answer["ETag"],
                Writer(**document["writer"]),
                datetime.fromisoformat(document["expires"]),
                document.get("mark", ""),
            )
        except ClientError as error:
            if error.response["Error"]["Code"] in NOT_THERE:
                return None
            raise StorageError(f"Cannot read the lease {self.path}: {error}.") from error
        except (BotoCoreError, ValueError, KeyError, TypeError) as error:
            raise StorageError(
                f"Cannot read the lease {self.path}: {error}. If no writer runs, delete the object."
            ) from error

    def _held(self, holder: str) -> LeaseHeldError:
        return LeaseHeldError(
            f"Another run writes the bronze zone: the lease {self.path} is held by {holder}. "
            f"Wait for it to end; if it is dead, delete the lease object."
        )


@contextmanager
def hold(lease: Lease, minutes: int) -> Iterator[Lease]:
    """Hold a lease for the length of a with block.

    Raises LeaseHeldError when another writer holds the bronze zone.
    """
    lease.take(minutes)
    try:
        yield lease
    finally:
        lease.release()
