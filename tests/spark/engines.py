"""The engines that run the job's tests: the embedded one, and the Sparks of Glue on Java.

LAKEHOUSE_ENGINE names the engine at hand. Each Spark has an environment of its own, which `make`
builds from requirements/: pyspark and the embedded engine's client own the same package name.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.jvms import JVMS
from spark.session import session

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

    from benchmarks.jvms import Jvm

ROOT = Path(__file__).parents[2]
SAIL = "sail"


WARNINGS = (
    # PySpark leaves the sockets over which results come to the garbage collector.
    "ignore:unclosed <socket.socket:ResourceWarning",
    # PySpark 3.5 compares the version of pandas in the way of the standard library of old.
    "ignore:distutils Version classes are deprecated:DeprecationWarning",
)
"""What pyspark itself does that warns; nothing of the project's own is excepted."""


def at_hand() -> str:
    """The engine that LAKEHOUSE_ENGINE names; the embedded one where it names none."""
    name = os.environ.get("LAKEHOUSE_ENGINE", SAIL)
    if name != SAIL and name not in JVMS:
        raise ValueError(f"LAKEHOUSE_ENGINE={name}: no such engine; take {SAIL} or {list(JVMS)}")
    return name


def emulators_python() -> str:
    """The interpreter that has the emulator's packages: the environments of the Sparks have not."""
    return sys.executable if at_hand() == SAIL else str(ROOT / ".venv" / "bin" / "python")


@contextmanager
def running(
    name: str, environment: dict[str, str], patch: pytest.MonkeyPatch
) -> Iterator[dict[str, str]]:
    """Start an engine that finds S3 by `environment`; give what the job needs in its own."""
    if name == SAIL:
        yield from _sail(environment, patch)
    else:
        yield from _jvm(JVMS[name], environment, patch)


def _sail(environment: dict[str, str], patch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    from pysail.spark import SparkConnectServer  # noqa: PLC0415 # the Sparks' environments lack it

    for variable, value in environment.items():
        patch.setenv(variable, value)
    server = SparkConnectServer()
    server.start()
    _, port = server.listening_address
    patch.undo()
    remote = {"SPARK_REMOTE": f"sc://127.0.0.1:{port}"}
    yield environment | remote
    # The session first: left to the end of the process, it looks for its server for minutes.
    patch.setenv("SPARK_REMOTE", remote["SPARK_REMOTE"])
    session().stop()
    server.stop()


def _jvm(
    jvm: Jvm, environment: dict[str, str], patch: pytest.MonkeyPatch
) -> Iterator[dict[str, str]]:
    from pyspark.sql import SparkSession  # noqa: PLC0415 # the embedded engine's is another one

    # Its Python workers are processes of their own: they find S3 and the job's modules by these.
    everything = environment | {"PYTHONPATH": str(ROOT), "PYSPARK_PYTHON": sys.executable}
    for variable, value in everything.items():
        patch.setenv(variable, value)
    folder = tempfile.mkdtemp(prefix="spark-")
    settings = {
        "spark.local.dir": folder,
        "spark.sql.warehouse.dir": folder,
        "spark.jars.packages": jvm.packages,
        "spark.jars.excludes": jvm.bundle,
        "spark.ui.enabled": "false",
        # Tests are many small queries: compiling each of them costs more than it brings.
        "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
        "spark.sql.codegen.wholeStage": "false",
        "spark.sql.codegen.factoryMode": "NO_CODEGEN",
        "spark.sql.adaptive.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.shuffle.partitions": "2",
        "spark.databricks.delta.snapshotPartitions": "1",
        # Every test has tables of its own. Delta would remember those of tests long over for an
        # hour, until the memory is full and Java does little but collect garbage.
        "spark.databricks.delta.delta.log.cacheSize": "50",
        "spark.driver.memory": "2g",
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
        "spark.delta.logStore.s3.impl": "io.delta.storage.S3SingleDriverLogStore",
        "spark.hadoop.fs.s3.impl": "org.apache.hadoop.fs.s3a.S3AFileSystem",
        "spark.hadoop.fs.s3a.endpoint": environment["AWS_ENDPOINT_URL"],
        "spark.hadoop.fs.s3a.endpoint.region": environment["AWS_REGION"],
        "spark.hadoop.fs.s3a.access.key": environment["AWS_ACCESS_KEY_ID"],
        "spark.hadoop.fs.s3a.secret.key": environment["AWS_SECRET_ACCESS_KEY"],
        "spark.hadoop.fs.s3a.path.style.access": "true",
        "spark.hadoop.fs.s3a.connection.ssl.enabled": "false",
    }
    builder = SparkSession.builder.master("local[2]")
    for setting, value in settings.items():
        builder = builder.config(setting, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    patch.undo()
    yield everything
    spark.stop()
    shutil.rmtree(folder, ignore_errors=True)
