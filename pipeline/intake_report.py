"""What a run tells people about input that is not in the tables, or not as it used to be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

KEYS = (
    "reasons",
    "open",
    "held",
    "failures",
    "released",
    "unread",
    "gone",
    "lost",
    "from_quarantine",
    "dropped_runs",
    "drift",
    "quality",
)
"""Keys of the job's report that a run's document takes over."""

SHOWN = 10
"""Objects of a kind that people see; the document has them all."""


def lines(document: Mapping[str, Any]) -> list[str]:
    """Say, a line each, what waits for somebody and what to do about it."""
    told = [f"released: {path}" for path in document.get("released", [])]
    held = document.get("held", [])
    waiting = document.get("open", {})  # the job lists the first of them only
    told += [f"held: {found['path']}: {found['error']}" for found in held[:SHOWN]]
    if held:
        told.append(
            f"{_objects(waiting.get('held', len(held)))} held: nothing of them is in the tables. "
            "Land better ones under the same keys, or release with `lakehouse run --accept PATH`."
        )
    unread = document.get("unread", {})
    told += [f"not read again: {path}: {error}" for path, error in unread.items()]
    told += [dropped(run) for run in document.get("dropped_runs", [])]
    told += _gone(document)
    counts = document.get("files", document)  # a dry run counts them beside its sources
    if over := counts.get("passed_over", 0):
        told.append(
            f"passed over in the sources' folders, for their names are no input's: {over:,}. Land "
            "them as .json or .json.gz."
        )
    if changed := counts.get("changed", 0):
        told.append(
            f"overwritten or deleted while the job ran: {changed:,}. The next run takes what is "
            "there then."
        )
    told += [_drift(found) for found in document.get("drift", [])]
    told += [
        f"quality: {found['severity']}: {found['table']}.{found['rule']}: {found['broken']:,} of "
        f"{found['checked']:,} break it"
        for found in document.get("quality", [])
        if not found["passed"]
    ]
    failures = document.get("failures", [])
    for found in failures[:SHOWN]:
        what = "parked" if found["parked"] else "tried again by a later run"
        told.append(f"failed: {found['path']}: {found['error']} ({what})")
    if (failed := waiting.get("failed", len(failures))) > SHOWN:
        told.append(f"{_objects(failed)} could not be read")
    return told


def dropped(run: str) -> str:
    """Say that what a run was to read again was lost on its way into the tables."""
    return (
        f"dropped: what run {run} read again: its stage was lost before all tables had it. Nothing "
        "else is lost: run that reprocess again."
    )


_LOST = {
    "removed": "the quarantine does not have them any more, by its retention or by hand",
    "altered": "the quarantine does not have the text that was refused",
    "elsewhere": "their objects were of another landing zone",
}
"""Why records cannot come back, by the names of the job's report."""


def _gone(document: Mapping[str, Any]) -> list[str]:
    """What was or would be read without its object, and what cannot come back."""
    told = []
    if gone := document.get("gone", 0):
        told.append(f"{gone:,} object versions to requeue are not in the landing zone any more.")
    texts = document.get("from_quarantine", {})
    if texts.get("versions"):
        what = (
            f"{texts['taken']:,} of their records were taken into the tables"
            if "taken" in texts
            else f"{texts['records']:,} of their records would be read"
        )
        told.append(f"from the quarantine's text: {what} ({texts['versions']:,} object versions).")
    told += [
        f"cannot come back: {count:,} records: {_LOST.get(why, why)}."
        for why, count in document.get("lost", {}).items()
        if count
    ]
    return told


def _drift(found: Mapping[str, Any]) -> str:
    what = {
        "unknown": "is not in the contract and in no table",
        "missing": "is missing in every record",
        "type": "is of the wrong type in every record",
    }[found["kind"]]
    renamed = f"; probably {found['instead_of']} under another name" if found["instead_of"] else ""
    return (
        f"drift: {found['source']}: {found['field']} {what} ({found['records']:,} records, first "
        f"in {found['first_file']}){renamed}"
    )


def _objects(count: int) -> str:
    return "1 object" if count == 1 else f"{count:,} objects"
