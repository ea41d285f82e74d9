"""The Spark session of the job: the engine's own, with the settings that it depends on."""

from __future__ import annotations

from pyspark.sql import SparkSession
from pyspark.sql.utils import is_remote

_RESULTS_DEPEND_ON = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
}
_ON_EMBEDDED = {
    # Else the client notes for every column expression where in the program it was written.
    "spark.python.sql.dataFrameDebugging.enabled": "false",
}
_ON_SPARK = {
    # One task puts a table's log together: fifty, as by default, take longer to start than to work.
    "spark.databricks.delta.snapshotPartitions": "1",
    # Bounds of texts are cut to 32 characters by default, and paths begin alike for longer than
    # that, with the bucket's name: no file of the ledger could ever be left out.
    "spark.databricks.io.skipping.stringPrefixLength": "256",
    # Else each commit lists all files of its table in a checksum beside it, and the first commit of
    # a table plans and runs a query for that.
    "spark.databricks.delta.allFilesInCrc.enabled": "false",
    # Else a core gets all that it has of a stage as one task, or two that leave the others idle.
    "spark.sql.files.maxPartitionBytes": "32m",
    # As the embedded engine writes it: 96 bits have no bounds that a reader could use.
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    # A batch has few months: their files are open side by side instead of sorting all plays first.
    "spark.sql.maxConcurrentOutputFileWriters": "4",
    # Texts of the quarantine go to a task's Python so many at a time (else 10,000), and one may
    # have 16 MB.
    "spark.sql.execution.arrow.maxRecordsPerBatch": "256",
}
"""What speed and memory depend on, on Spark with Delta; the embedded engine knows none of them.
docs/adr/0015 and 0020 have the figures."""


def session() -> SparkSession:
    """Glue's session, or the embedded engine's where SPARK_REMOTE names one."""
    spark = SparkSession.builder.getOrCreate()
    of_engine = _ON_EMBEDDED if is_remote() else _ON_SPARK
    for name, value in (_RESULTS_DEPEND_ON | of_engine).items():
        spark.conf.set(name, value)
    return spark
