"""Care of the tables by Delta's own SQL, for Spark on the JVM, as in Glue."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import unquote

from py4j.protocol import Py4JError
from pyspark.errors import PySparkException

from spark.care import TARGET_BYTES, Live
from spark.errors import CareError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from pyspark.sql import Row, SparkSession

    from spark.tables import Column

_OPTIMIZE = "spark.databricks.delta.optimize"
_LISTING_TASKS = "spark.sql.sources.parallelPartitionDiscovery.parallelism"
_FOLDERS_AT_A_TIME = 16
_RETENTION_CHECK = "spark.databricks.delta.retentionDurationCheck.enabled"


class DeltaSql:
    """Care of the tables where Delta runs on Spark; see `spark.care.Care`."""

    def __init__(self, spark: SparkSession) -> None:
        self._spark = spark

    def live(self, location: str) -> Live:
        """What the newest version consists of."""
        detail = self._one("read", location, f"DESCRIBE DETAIL delta.`{location}`")
        last = self._one("read", location, f"DESCRIBE HISTORY delta.`{location}` LIMIT 1")
        return Live(last["version"], detail["numFiles"], detail["sizeInBytes"])

    def compact(self, location: str) -> None:
        """Put the small files of each partition together, in one commit; rows stay as they are."""
        self._spark.conf.set(f"{_OPTIMIZE}.maxFileSize", str(TARGET_BYTES))
        self._spark.conf.set(f"{_OPTIMIZE}.minFileSize", str(TARGET_BYTES))
        self._sql("compact", location, f"OPTIMIZE delta.`{location}`")

    def vacuum(self, location: str, hours: int) -> None:
        """Delete the files that no version of the last `hours` needs, aborted writes' too."""
        # `spark.arguments` has the guard.
        self._spark.conf.set(_RETENTION_CHECK, "false")
        # VACUUM lists a table's folders, a few dozen months, in as many tasks: 10,000 by default.
        self._spark.conf.set(_LISTING_TASKS, str(_FOLDERS_AT_A_TIME))
        self._sql("vacuum", location, f"VACUUM delta.`{location}` RETAIN {hours} HOURS")

    def delete_older(self, location: str, column: str, before: datetime) -> None:
        """Delete the rows whose timestamp in `column` is before the moment, which is in UTC."""
        older = f"{column} < TIMESTAMP '{before:%Y-%m-%dT%H:%M:%SZ}'"
        statement = f"DELETE FROM delta.`{location}` WHERE {older}"  # noqa: S608 # our own words
        self._sql("delete from", location, statement)

    def files_at(self, location: str, version: int) -> set[str]:
        """The data files of a version, as paths below the location."""
        with _told(f"read version {version} of", location):
            reader = self._spark.read.format("delta").option("versionAsOf", version)
            uris = reader.load(location).inputFiles()
        below = f"/{location.removeprefix('s3://').partition('/')[2]}/"
        return {unquote(uri).partition(below)[2] for uri in uris}

    def restore(self, location: str, version: int) -> None:
        """Make an earlier version the newest, in one commit."""
        statement = f"RESTORE TABLE delta.`{location}` TO VERSION AS OF {version}"
        self._sql(f"restore version {version} of", location, statement)

    def properties(self, location: str) -> dict[str, str]:
        """The table's properties."""
        rows = self._sql("read", location, f"SHOW TBLPROPERTIES delta.`{location}`")
        return {row["key"]: row["value"] for row in rows}

    def columns(self, location: str) -> dict[str, str]:
        """The table's columns: name -> type, as Spark SQL writes it."""
        with _told("read", location):
            return dict(self._spark.read.format("delta").load(location).dtypes)

    def add_columns(self, location: str, columns: Sequence[Column]) -> None:
        """Add columns at the end, null in every row that is there; known ones stay."""
        known = self.columns(location)
        new = ", ".join(f"`{name}` {kind}" for name, kind in columns if name not in known)
        if new:
            statement = f"ALTER TABLE delta.`{location}` ADD COLUMNS ({new})"
            self._sql("add columns to", location, statement)

    def set_properties(self, location: str, properties: Mapping[str, str]) -> None:
        """Set properties of the table; others stay."""
        pairs = ", ".join(f"'{name}' = '{value}'" for name, value in properties.items())
        statement = f"ALTER TABLE delta.`{location}` SET TBLPROPERTIES ({pairs})"
        self._sql("set properties of", location, statement)

    def _one(self, verb: str, location: str, statement: str) -> Row:
        return self._sql(verb, location, statement)[0]

    def _sql(self, verb: str, location: str, statement: str) -> list[Row]:
        with _told(verb, location):
            return self._spark.sql(statement).collect()


@contextmanager
def _told(verb: str, location: str) -> Iterator[None]:
    try:
        yield
    except (PySparkException, Py4JError) as error:
        # What follows the first line is a plan, or a trace of the JVM's own.
        reason = str(error).strip().partition("\n")[0].rstrip(".")
        raise CareError(
            f"Delta cannot {verb} {location}: {reason}. If another writer is at work, wait for "
            f"it; then start the run again."
        ) from error
