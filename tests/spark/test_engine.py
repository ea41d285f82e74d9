"""The engine at hand is the one that was asked for."""

from __future__ import annotations

import time
from typing import Any

import pyarrow as pa
import pytest
from pyspark.sql.utils import is_remote

from benchmarks.jvms import JVMS
from tests.spark import engines

pytestmark = pytest.mark.core


def test_the_engine_is_the_one_that_was_asked_for(engine: Any) -> None:
    """Spark Connect to Sail, or the very Spark and Delta of a Glue version."""
    name = engines.at_hand()
    assert is_remote() is (name == engines.SAIL)
    if name == engines.SAIL:
        return
    runtime = JVMS[name].runtime
    assert engine.version == runtime.spark
    jars = str(engine.conf.get("spark.jars"))
    assert f"-{runtime.delta}.jar" in jars


def test_local_time_is_far_from_utc_here_and_in_the_workers(engine: Any) -> None:
    """Else a job that takes the one for the other would pass on a machine in UTC."""

    def zones(batches: Any) -> Any:
        for _ in batches:
            yield pa.RecordBatch.from_pydict({"zone": [time.tzname[0]]})

    assert time.tzname == ("EST", "EDT")
    found = engine.range(1).mapInArrow(zones, "zone string").collect()
    assert {row["zone"] for row in found} == {"EST"}


def test_an_engine_that_nobody_knows_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A misspelt name must not let the tests run on another engine."""
    monkeypatch.setenv("LAKEHOUSE_ENGINE", "spark-35")
    with pytest.raises(ValueError, match="no such engine"):
        engines.at_hand()
