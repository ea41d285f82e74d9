"""The runs that there were: one JSON document a run in the processing zone, good or failed.

Counts, reasons and times only: what the query answered stays out, as does every record.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from pipeline.errors import StoppedError
from pipeline.explain import explain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.aws import Aws
    from pipeline.progress import Stages
    from pipeline.target import Target

FOLDER = "pipeline-runs/"
"""Where the documents lie in the processing zone, one `<run id>.json` each."""

ZONE = "processing-zone"
READERS = 16
"""Documents read at a time."""


@contextmanager
def remembered(target: Target, stages: Stages, document: dict[str, Any]) -> Iterator[None]:
    """Keep how the block went with the stack, for `lakehouse report`.

    A run that is only no longer waited for is not over, and where there is no answer nothing can
    be kept: neither is remembered.
    """
    try:
        yield
        document["status"] = "succeeded"
    except (KeyboardInterrupt, StoppedError, BotoCoreError):
        raise
    except Exception as error:
        problem = explain(error)
        document["status"] = "failed"
        document["error"] = {"type": problem.kind, "message": problem.message}
        _remember(target, stages, document)
        raise
    _remember(target, stages, document)


def _remember(target: Target, stages: Stages, document: dict[str, Any]) -> None:
    document["stages"] = [stage.as_json() for stage in stages.done]
    if note := remember(target, document):
        stages.display.note(note)


def remember(target: Target, document: dict[str, Any]) -> str | None:
    """Keep the document of a run; returns why that was not possible, or None.

    A run does not fail because nobody could write down how it went.
    """
    kept = {name: value for name, value in document.items() if name != "query"}
    if "query" in document:
        query = document["query"]
        kept["query"] = {name: query[name] for name in ("sql", "row_count", "bytes_scanned")}
    try:
        target.aws.s3.put_object(
            Bucket=target.outputs.bucket_names[ZONE],
            Key=f"{FOLDER}{document['run_id']}.json",
            Body=json.dumps(kept, allow_nan=False).encode(),
            ContentType="application/json",
        )
    except (ClientError, BotoCoreError) as error:
        return f"this run will be missing from `lakehouse report`: {error}"
    return None


def runs(target: Target, last: int) -> list[dict[str, Any]]:
    """Read the documents of the `last` runs, oldest first."""
    bucket = target.outputs.bucket_names[ZONE]
    pages = target.aws.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=FOLDER)
    found = sorted(
        (item["LastModified"], item["Key"]) for page in pages for item in page.get("Contents", [])
    )
    with ThreadPoolExecutor(READERS) as threads:
        return list(threads.map(lambda item: _read(target.aws, bucket, item[1]), found[-last:]))


def worded(document: dict[str, Any]) -> dict[str, Any]:
    """Give a run that did not succeed the word for how it ended: refused, stopped or failed.

    Exit code 3 is no failure of the run's: another one held the pipeline. And a job run that
    somebody stopped did not fail either.
    """
    if document["status"] != "failed":
        return document
    last = (document.get("attempts") or [{}])[-1]
    if document.get("error", {}).get("type") == "PipelineBusyError":
        return document | {"status": "refused"}
    if last.get("state") == "STOPPED":
        return document | {"status": "stopped"}
    return document


def _read(aws: Aws, bucket: str, key: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(aws.s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    return document
