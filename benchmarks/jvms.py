"""The Sparks on Java that the tests and the bench run the job on: those of Glue's runtimes."""

from __future__ import annotations

from dataclasses import dataclass

from lakehouse.runtimes import RUNTIMES, Runtime


@dataclass(frozen=True, kw_only=True)
class Jvm:
    """A Spark on Java: the Glue runtime it is that of, and the packages that it needs beside it.

    `hadoop` is the version of Hadoop that this Spark brings. The S3 connector's own dependency is
    a bundle of every AWS client, 280 to 600 MB; `clients` names the few that it calls instead.
    """

    runtime: Runtime
    scala: str
    delta: str
    hadoop: str
    bundle: str
    clients: tuple[str, ...]

    @property
    def packages(self) -> str:
        """The packages as `spark.jars.packages` wants them."""
        delta = f"io.delta:{self.delta}_{self.scala}:{self.runtime.delta}"
        return ",".join((delta, f"org.apache.hadoop:hadoop-aws:{self.hadoop}", *self.clients))


JVMS = {
    "spark35": Jvm(
        runtime=RUNTIMES["5.1"],
        scala="2.12",
        delta="delta-spark",
        hadoop="3.3.4",
        bundle="com.amazonaws:aws-java-sdk-bundle",
        clients=tuple(
            f"com.amazonaws:aws-java-sdk-{client}:1.12.262" for client in ("s3", "dynamodb", "sts")
        ),
    ),
    "spark41": Jvm(
        runtime=RUNTIMES["6.0"],
        scala="2.13",
        delta="delta-spark",
        hadoop="3.4.2",
        bundle="software.amazon.awssdk:bundle",
        clients=tuple(
            f"software.amazon.awssdk:{client}:2.29.52"
            for client in ("s3", "s3-transfer-manager", "sts", "kms", "apache-client")
        ),
    ),
}
