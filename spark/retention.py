"""What maintenance removes for its age: quarantined records, reports, restore points, dead stages.

Quarantined records hold raw text, which may be personal data; they are kept unless the stack says
for how long.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from pyspark.sql import functions as F  # noqa: N812 # the name that Spark's own documentation uses

from spark import manifest, restore_point
from spark.care import care_of
from spark.tables import QUARANTINED_RECORDS

if TYPE_CHECKING:
    from spark.arguments import Arguments
    from spark.delta import Bronze


def remove_dead_stages(bronze: Bronze, processing: str) -> int:
    """Remove the stages that have no manifest, and say how many they were.

    Their runs ended before anything of them counted as seen. An open manifest's stage stays.
    """
    dead = manifest.without_manifest(bronze.storage, processing)
    for batch in dead:
        bronze.lease.check()
        manifest.remove(bronze.storage, processing, batch)
    return len(dead)


def remove_expired(bronze: Bronze, arguments: Arguments) -> dict[str, int]:
    """Remove what is older than its retention, and count it by kind."""
    now = datetime.now(UTC)
    reports = f"{arguments.processing}/reports/"
    points = restore_point.folder(arguments.processing)
    before = now - timedelta(days=arguments.report_days)
    return {
        "reports": _remove_objects(bronze, reports, before),
        "restore_points": _remove_objects(bronze, points, before),
        "quarantined_records": _remove_quarantined(bronze, arguments.quarantine_days, now),
    }


def _remove_objects(bronze: Bronze, folder: str, before: datetime) -> int:
    expired = [found.path for found in bronze.storage.list(folder) if found.modified < before]
    if expired:
        bronze.lease.check()
        bronze.storage.delete(expired)
    return len(expired)


def _remove_quarantined(bronze: Bronze, days: int, now: datetime) -> int:
    """Remove the records that were quarantined more than `days` ago; 0 keeps all."""
    if days == 0:
        return 0
    before = (now - timedelta(days=days)).replace(microsecond=0)
    expired = (
        bronze.read(QUARANTINED_RECORDS).where(F.col("quarantined_at") < F.lit(before)).count()
    )
    if expired:
        bronze.lease.check()
        location = bronze.location(QUARANTINED_RECORDS)
        care_of(bronze).delete_older(location, "quarantined_at", before)
    return expired
