"""The two engines that the job runs on, each as a session against localaws' S3.

`sail` is the embedded one, in this process. `jvm` is Spark with Delta on Java, as AWS Glue has it:
the interpreter must be one of an environment with pyspark instead of pyspark-client.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from benchmarks.jvms import JVMS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyspark.sql import SparkSession

JVM = JVMS["spark35"]
"""The Spark of the Glue version that the project deploys by default."""

DRIVER_MEMORY = "4g"


@contextmanager
def opened(engine: str) -> Iterator[SparkSession]:
    """Open the engine's session for the length of the block, with the job's own settings."""
    with _sail() if engine == "sail" else _jvm():
        from spark.session import session  # noqa: PLC0415 # needs the environment to be there

        spark = session()
        try:
            yield spark
        finally:
            spark.stop()


@contextmanager
def _sail() -> Iterator[None]:
    from pysail.spark import SparkConnectServer  # noqa: PLC0415 # not in the other environment

    server = SparkConnectServer()
    server.start()
    _, port = server.listening_address
    os.environ["SPARK_REMOTE"] = f"sc://127.0.0.1:{port}"
    try:
        yield
    finally:
        server.stop()


@contextmanager
def _jvm() -> Iterator[None]:
    from pyspark.sql import SparkSession  # noqa: PLC0415 # needs the environment to be there

    s3a = "spark.hadoop.fs.s3a"
    settings = {
        "spark.master": f"local[{os.cpu_count()}]",
        "spark.driver.memory": DRIVER_MEMORY,
        "spark.ui.enabled": "false",
        "spark.jars.packages": JVM.packages,
        "spark.jars.excludes": JVM.bundle,
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
        "spark.delta.logStore.s3.impl": "io.delta.storage.S3SingleDriverLogStore",
        "spark.hadoop.fs.s3.impl": "org.apache.hadoop.fs.s3a.S3AFileSystem",
        f"{s3a}.endpoint": os.environ["AWS_ENDPOINT_URL"],
        f"{s3a}.path.style.access": "true",
        f"{s3a}.connection.ssl.enabled": "false",
        f"{s3a}.aws.credentials.provider": (
            "com.amazonaws.auth.EnvironmentVariableCredentialsProvider"
        ),
        # A laptop's two cores, not a cluster's hundred: the defaults are for the latter.
        "spark.sql.shuffle.partitions": "4",
        "spark.sql.files.openCostInBytes": "65536",
    }
    builder = SparkSession.builder
    for name, value in settings.items():
        builder = builder.config(name, value)
    builder.getOrCreate().sparkContext.setLogLevel("ERROR")
    yield
