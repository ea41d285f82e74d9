"""The input: generated once a size, then landed on localaws' S3, the same for all contenders."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from pipeline.progress import PlainDisplay
from pipeline.sample import paths, write_sample
from spark.storage import client

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.scale import Scale

BUCKET = "bench-landing"


def generate(folder: Path, scale: Scale) -> Path:
    """Write the sample of this scale, unless it is there already; the folder that holds it."""
    target = folder / scale.name
    write_sample(target, scale.recipe, PlainDisplay(sys.stderr))
    return target


def last_days(scale: Scale, number: int) -> list[str]:
    """The keys of the logs of the last days, in their order."""
    return sorted(path for path in paths(scale.recipe) if path.startswith("log-data/"))[-number:]


def land(folder: Path, keys: list[str]) -> None:
    """Put files of the sample into the landing zone, under the keys that are their names."""
    s3: Any = client()
    if BUCKET not in {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}:
        s3.create_bucket(Bucket=BUCKET)

    def put(key: str) -> None:
        s3.put_object(Bucket=BUCKET, Key=key, Body=(folder / key).read_bytes())

    with ThreadPoolExecutor(8) as pool:
        for _ in pool.map(put, keys):
            pass
