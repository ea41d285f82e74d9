"""Why an object version could not be read: its content, or Amazon S3 that did not hand it over.

What is wrong with the content stays wrong: such a version is tried again some times, then parked.
What S3 refused, or a connection that broke, says nothing about the object: such a version is never
parked, and where S3 refuses everything, the run fails with S3's own word for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from spark.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

S3_FAILED = "Amazon S3: "
"""How the reason begins where it was S3, or the way to it."""

_DENIED = {"AccessDenied", "Forbidden", "403"}
"""S3's codes for what the role may not do: it concerns more than one object."""


def of_s3(reason: str | None) -> bool:
    """Whether S3, not the content, is why a version could not be read."""
    return reason is not None and reason.startswith(S3_FAILED)


def stop_where_s3_refuses(read: Mapping[str, str | None], again: Collection[str]) -> None:
    """Stop a batch of which S3 handed over nothing new, or denied access to anything.

    `read` has the reason, or None, of every version that was to be read, by path; those of the
    paths in `again` had failed before. Raises StorageError, with S3's code, before anything of the
    batch counts as seen.
    """
    refused = {path: reason for path, reason in read.items() if reason and of_s3(reason)}
    denied = {
        path: reason
        for path, reason in refused.items()
        if reason.removeprefix(S3_FAILED) in _DENIED
    }
    new = read.keys() - again
    told = denied or (refused if new and new <= refused.keys() else {})
    if told:
        path, reason = min(told.items())
        raise StorageError(
            f"{reason.removeprefix(S3_FAILED)} from Amazon S3 for {len(told)} of {len(read)} "
            f"objects, {path} the first. Nothing of this batch is in any table or counts as seen. "
            f"Check that the job's role may read the object (s3:GetObject) and decrypt it "
            f"(kms:Decrypt), that its KMS key is enabled, and that S3 is reached; then run again."
        )
