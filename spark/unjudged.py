"""Which runs have changed tables that the rules of tables have not found good since.

One object, `<processing>/unjudged.json`, written before a batch's first commit and removed when the
rules hold. So a run that breaks a rule, or dies before the rules are judged, leaves the verdict to
the next one, also to one that finds nothing new.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spark.delta import Bronze
    from spark.storage import Storage


def runs(storage: Storage, processing: str) -> list[str]:
    """The runs in the order of their first commits."""
    found = storage.read_json(_path(processing))
    return list(found["runs"]) if found else []


def note(bronze: Bronze, processing: str, run_id: str) -> None:
    """Note that the run is about to change tables."""
    waiting = runs(bronze.storage, processing)
    if run_id not in waiting:
        bronze.lease.check()
        bronze.storage.write_json(_path(processing), {"runs": [*waiting, run_id]})


def clear(bronze: Bronze, processing: str) -> None:
    """Forget the runs: the rules hold."""
    bronze.lease.check()
    bronze.storage.delete_under(_path(processing))


def _path(processing: str) -> str:
    return f"{processing}/unjudged.json"
