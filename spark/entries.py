"""What a manifest and the ledger say of one object version, from the account of its reading."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spark.manifest import Entry

if TYPE_CHECKING:
    from spark.account import Account
    from spark.contract import Source
    from spark.requeue import Refused
    from spark.storage import ObjectVersion


def of_read(source: Source, version: ObjectVersion, account: Account) -> Entry:
    """A version that was read whole, or failed. No record in what is not empty is a failure."""
    if account.error is not None:
        return _failed(source, version, account.error)
    if account.counts.records_read == 0 and version.size > 0:
        return _failed(source, version, "no record in an object that is not empty")
    return _counted(source, version, account, None)


def of_held(source: Source, version: ObjectVersion, account: Account, why: str) -> Entry:
    """A version that was read and is held: it has its counts all the same."""
    return _counted(source, version, account, why)


def of_texts(source: Source, before: Refused, account: Account) -> Entry:
    """A version that is gone and of whose refused records the quarantine's texts were read.

    They move within its account: what the object held stays what it was. A key that one of its
    other records has counts as kept all the same, for these are not there to be looked at.
    """
    taken = account.counts.rows + account.counts.ignored
    version = before.version
    return Entry(
        source=source.name,
        path=version.path,
        etag=version.etag,
        modified=version.modified,
        size=version.size,
        error=None,
        records_read=before.records_read,
        kept=before.kept + account.kept,
        ignored=before.ignored + account.counts.ignored,
        quarantined=before.quarantined - taken,
        duplicates=before.duplicates + account.duplicates,
        first=account.counts.first,
        last=account.counts.last,
        from_quarantine=taken,
        removed=before.removed,
    )


def too_large(source: Source, version: ObjectVersion, limit: int) -> Entry:
    """A version that is refused for its size, without being read."""
    return _failed(
        source,
        version,
        f"not read: larger than {limit} bytes, the most that one object may have "
        "(--max_object_bytes). Land it in parts",
    )


def not_had(source: Source, version: ObjectVersion) -> Entry:
    """A version that S3 lists, before the reading and after it, and does not hand over."""
    return _failed(source, version, "listed as it was, but Amazon S3 has another one or none")


def _counted(source: Source, version: ObjectVersion, account: Account, held: str | None) -> Entry:
    return Entry(
        source=source.name,
        path=version.path,
        etag=version.etag,
        modified=version.modified,
        size=version.size,
        error=held,
        records_read=account.counts.records_read,
        kept=account.kept,
        ignored=account.counts.ignored,
        quarantined=account.counts.quarantined,
        duplicates=account.duplicates,
        first=account.counts.first,
        last=account.counts.last,
        held=held is not None,
    )


def _failed(source: Source, version: ObjectVersion, error: str) -> Entry:
    return Entry(
        source=source.name,
        path=version.path,
        etag=version.etag,
        modified=version.modified,
        size=version.size,
        error=error,
        records_read=0,
        kept=0,
        ignored=0,
        quarantined=0,
        duplicates=0,
    )
