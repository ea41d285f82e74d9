"""The Spark session of the job: the engine's own, with the settings that results depend on."""

from __future__ import annotations

from pyspark.sql import SparkSession

_RESULTS_DEPEND_ON = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
}


def session() -> SparkSession:
    """Glue's session, or the embedded engine's where SPARK_REMOTE names one."""
    spark = SparkSession.builder.getOrCreate()
    for name, value in _RESULTS_DEPEND_ON.items():
        spark.conf.set(name, value)
    return spark
