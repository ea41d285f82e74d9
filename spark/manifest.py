"""The manifest of a batch: which object versions it has seen and what their reading gave.

Written after the stage and before the first table, at `<processing>/runs/<batch id>/manifest.json`.
From then on the versions count as seen: a run that finds a manifest without its ledger entries
finishes it before it does anything else.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from spark.errors import StorageError
from spark.storage import ObjectVersion

if TYPE_CHECKING:
    from collections.abc import Iterator

    from spark.storage import Storage

FORMAT = 5
_READABLE = {1, 2, 3, 4, FORMAT}
"""Format 1 knew neither held versions, reprocessing nor drift, format 2 took no record from the
quarantine, format 3 did not name the files of its stage, and format 4 no moments."""

MOMENTS_SINCE = 5
"""The format from which on entries have their first and last moments."""

INGEST = "ingest"
REPROCESS = "reprocess"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One object version of a batch, with the account of its records.

    `error` is None for a version that was read whole and is not `held`; the others bring no record
    to any table. A held version has its counts all the same.
    """

    source: str
    path: str
    etag: str
    modified: datetime
    size: int
    error: str | None
    records_read: int
    kept: int
    ignored: int
    quarantined: int
    duplicates: int
    first: int | None = None
    """The first moment of the records that it brings, in milliseconds since 1970. None where it
    brings none, where they have none, and in a manifest of an earlier release."""
    last: int | None = None
    """The last of these moments."""
    held: bool = False
    from_quarantine: int | None = None
    """How many records the batch took from the quarantine's text; None where it read the object."""
    removed: int = 0
    """Of `quarantined`, those that the quarantine does not have any more."""

    @property
    def version(self) -> ObjectVersion:
        """The object version that the entry is about."""
        return ObjectVersion(self.path, self.etag, self.modified, self.size)

    @property
    def status(self) -> str:
        """The ledger's word for what became of the version."""
        if self.held:
            return "held"
        return "ingested" if self.error is None else "failed"


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What a batch has seen. `batch` is an id that no other batch ever has."""

    batch: str
    run_id: str
    contract_version: int
    entries: tuple[Entry, ...]

    refused: tuple[str, ...]
    """Paths whose rows in the stage count for nothing: failed, held, or changed since listed."""
    reasons: dict[str, int]
    """How many records were quarantined for each reason."""
    task: str = INGEST
    drift: tuple[dict[str, Any], ...] = ()
    """See `spark.drift`."""
    quality: tuple[dict[str, Any], ...] = ()
    """What the rules of records say of the batch; see `spark.quality`."""
    unread: dict[str, str] = field(default_factory=dict)
    """Path -> why a version that is in the tables could not be read again. Its entry stays."""

    changed: int = 0
    """Versions that were gone when they were to be read: not seen, what is there now is another."""

    files: dict[str, list[str]] | None = None
    """The files of the stage of each source, by its name, and those in which to look for its latest
    records; None in a manifest of an earlier release."""

    format: int = FORMAT
    """That of the release which wrote it."""

    @property
    def is_again(self) -> bool:
        """Whether the batch reads versions again: what it says takes the place of what was."""
        return self.task == REPROCESS

    @property
    def is_from_quarantine(self) -> bool:
        """Whether the batch was read from the quarantine's text, without any object."""
        return any(entry.from_quarantine is not None for entry in self.entries)

    def has(self, source: str) -> bool:
        """Whether the batch brings any record of the source."""
        return any(e.source == source and e.error is None for e in self.entries)


def write(storage: Storage, processing: str, manifest: Manifest) -> None:
    """Make the batch count as seen."""
    entries = [asdict(e) | {"modified": e.modified.isoformat()} for e in manifest.entries]
    document = {
        "format": manifest.format,
        "batch": manifest.batch,
        "run_id": manifest.run_id,
        "contract_version": manifest.contract_version,
        "entries": entries,
        "refused": manifest.refused,
        "reasons": manifest.reasons,
        "task": manifest.task,
        "drift": manifest.drift,
        "quality": manifest.quality,
        "unread": manifest.unread,
        "changed": manifest.changed,
        "files": manifest.files,
    }
    storage.write_json(path(processing, manifest.batch), document)


def unfinished(storage: Storage, processing: str) -> Iterator[Manifest]:
    """The manifests that earlier runs left behind, in the order of their batches' ids.

    The stage of a run that ended before its manifest is deleted: nothing of it was seen.
    """
    for batch in without_manifest(storage, processing):
        remove(storage, processing, batch)
    yield from open_batches(storage, processing)


def open_batches(storage: Storage, processing: str) -> list[Manifest]:
    """The manifests that earlier runs left behind; nothing is deleted."""
    places = [path(processing, batch) for batch in batches(storage, processing)]
    documents = [(storage.read_json(place), place) for place in places]
    return [_read(document, place) for document, place in documents if document is not None]


def without_manifest(storage: Storage, processing: str) -> list[str]:
    """The batches of which only a stage is there."""
    return [
        batch
        for batch in batches(storage, processing)
        if storage.read_json(path(processing, batch)) is None
    ]


def remove(storage: Storage, processing: str, batch: str) -> None:
    """Delete a batch's stage and manifest: the ledger has all of it, or nothing of it was seen."""
    storage.delete_under(f"{processing}/runs/{batch}/")


def batches(storage: Storage, processing: str) -> list[str]:
    """The ids of all batches that have left anything, in their order."""
    below = f"{processing}/runs/"
    found = (there.path.removeprefix(below).split("/")[0] for there in storage.list(below))
    return [*dict.fromkeys(found)]


def path(processing: str, batch: str) -> str:
    """Where the manifest of a batch lies."""
    return f"{processing}/runs/{batch}/manifest.json"


def _read(document: Any, place: str) -> Manifest:
    if document.get("format") not in _READABLE:
        raise StorageError(
            f"{place} has format {document.get('format')}, and this job reads up to {FORMAT}. "
            f"Let the release of the job that wrote it finish its run first."
        )
    return Manifest(
        batch=document["batch"],
        run_id=document["run_id"],
        contract_version=document["contract_version"],
        entries=tuple(
            Entry(**entry | {"modified": datetime.fromisoformat(entry["modified"])})
            for entry in document["entries"]
        ),
        refused=tuple(document["refused"]),
        reasons=document["reasons"],
        task=document.get("task", INGEST),
        drift=tuple(document.get("drift", ())),
        quality=tuple(document.get("quality", ())),
        unread=document.get("unread", {}),
        changed=document.get("changed", 0),
        files=document.get("files"),
        format=document["format"],
    )
