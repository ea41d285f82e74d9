"""Versions that cannot be read: content is tried again and then parked, S3's refusals never are."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from spark import ledger
from spark.job import main
from spark.storage import split
from spark.tables import INGESTED_FILES, SONGPLAYS
from spark.unsettled import MAX_ATTEMPTS


def deny(lake: Any, keys: str, zone: str = "", action: str = "s3:GetObject") -> None:
    """Deny everybody the objects of a zone, by default the landing zone, that these keys name."""
    bucket, _ = split(zone or lake.landing)
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": action,
        "Resource": f"arn:aws:s3:::{bucket}/{keys}",
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    lake.s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))


def later(patch: pytest.MonkeyPatch, minutes: float, since: datetime | None = None) -> None:
    """Let runs compare the ledger with a moment that is so much later than now, or `since` then.

    What has not come yet is told from a moment that stays, since a run takes its time.
    """
    delay = timedelta(minutes=minutes)
    patch.setattr(ledger, "_now", lambda: (since or datetime.now(UTC)) + delay)


def entries(lake: Any) -> dict[str, tuple[str, int]]:
    """Key -> status and attempts."""
    return {
        row["source_path"].removeprefix(f"{lake.landing}/"): (row["status"], row["attempts"])
        for row in lake.rows(INGESTED_FILES)
    }


@pytest.mark.parametrize("keys", ["*", pytest.param("log-data/1.json", marks=pytest.mark.core)])
def test_an_object_to_which_access_is_denied_fails_the_run_with_its_cause(
    keys: str, lake: Any, make_play: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    """Whether all or one: nothing counts as seen, and all is read once access is given."""
    for number in range(3):
        lake.put(f"log-data/{number}.json", [make_play(number)])
    deny(lake, keys)
    for run in range(2):
        assert main(lake.arguments(f"denied-{run}")) == 1
        said = capfd.readouterr().err
        count = "3 of 3" if keys == "*" else "1 of 3"
        assert f"StorageError: AccessDenied from Amazon S3 for {count} objects" in said
        assert f"{lake.landing}/log-data/" in said
    assert lake.rows(INGESTED_FILES) == []
    assert lake.storage.read_json(f"{lake.processing}/reports/denied-1.json") is None
    lake.s3.delete_bucket_policy(Bucket=lake.landing.removeprefix("s3://"))
    assert lake.run()["files"]["ingested"] == 3
    assert entries(lake) == {f"log-data/{number}.json": ("ingested", 1) for number in range(3)}


@pytest.mark.core
def test_a_stage_that_s3_does_not_take_fails_the_run_with_its_word(
    lake: Any, make_play: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    """A task of the engine's meets it, and the engine's words say nothing of what to do."""
    lake.put("log-data/1.json", [make_play(1)])
    deny(lake, "*.parquet", zone=lake.processing, action="s3:PutObject")
    assert main(lake.arguments("denied")) == 1
    *_, said = capfd.readouterr().err.splitlines()
    assert said.startswith("StorageError: Cannot write s3://")
    assert "AccessDenied" in said
    assert lake.rows(INGESTED_FILES) == []
    lake.s3.delete_bucket_policy(Bucket=split(lake.processing)[0])
    assert lake.run()["files"]["ingested"] == 1


def test_access_that_is_denied_to_a_failed_object_fails_the_run_too(
    lake: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its next attempt is not lost on that: the role is what is wrong."""
    lake.put("log-data/1.json.gz", b"no gzip")
    lake.run()
    deny(lake, "*")
    later(monkeypatch, 2.1)
    assert main(lake.arguments("denied")) == 1
    assert "StorageError: AccessDenied from Amazon S3 for 1 of 1" in capsys.readouterr().err
    assert entries(lake) == {"log-data/1.json.gz": ("failed", 1)}


def archive(lake: Any, key: str) -> None:
    """Land an object that S3 lists and does not hand over."""
    bucket = lake.landing.removeprefix("s3://")
    lake.s3.put_object(Bucket=bucket, Key=key, Body=b"{}", StorageClass="GLACIER")


def test_a_run_of_which_s3_hands_over_nothing_fails_with_its_word(
    lake: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    """Whatever the word is."""
    archive(lake, "log-data/1.json")
    assert main(lake.arguments("nothing")) == 1
    assert "StorageError: InvalidObjectState from Amazon S3 for 1 of 1" in capfd.readouterr().err
    assert lake.rows(INGESTED_FILES) == []


def test_what_s3_refuses_is_tried_for_ever(lake: Any, make_play: Any) -> None:
    """It alone, beside others that go on; also when it is all that a run has to try."""
    archive(lake, "log-data/archived.json")
    lake.put("log-data/good.json", [make_play(1)])
    report = lake.run()
    for attempt in range(1, MAX_ATTEMPTS + 2):
        assert entries(lake) == {
            "log-data/archived.json": ("failed", attempt),
            "log-data/good.json": ("ingested", 1),
        }
        [failure] = report["failures"]
        assert failure["error"] == "Amazon S3: InvalidObjectState"
        assert (failure["attempts"], failure["parked"]) == (attempt, False)
        with pytest.MonkeyPatch.context() as patch:
            later(patch, 2 ** min(attempt, MAX_ATTEMPTS - 1) + 0.1)
            report = lake.run()


def test_a_failed_version_comes_back_after_its_pause_and_counts_once(
    lake: Any, make_play: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not before two minutes; then it is read, and its records are there once."""
    lake.put("log-data/1.json", [make_play(1)])
    before = datetime.now(UTC)
    assert lake.run(max_object_bytes=1)["files"]["failed"] == 1
    later(monkeypatch, 1.9, since=before)
    assert lake.run()["files"]["new"] == 0
    later(monkeypatch, 2.1)
    report = lake.run()
    assert (report["files"]["new"], report["files"]["ingested"]) == (1, 1)
    assert report["failures"] == []
    assert entries(lake) == {"log-data/1.json": ("ingested", 2)}
    assert len(lake.rows(SONGPLAYS)) == 1
    later(monkeypatch, 10_000)
    assert lake.run()["files"]["new"] == 0


def test_a_version_is_parked_after_its_last_attempt_and_freed_by_reprocessing(
    lake: Any, make_play: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No run tries it again however much later, until it is asked to."""
    path = lake.put("log-data/1.json.gz", gzip.compress(json.dumps(make_play(1)).encode())[:-4])
    before = datetime.now(UTC)
    report = lake.run()
    for attempt in range(1, MAX_ATTEMPTS):
        [failure] = report["failures"]
        assert (failure["path"], failure["attempts"]) == (path, attempt)
        assert not failure["parked"]
        later(monkeypatch, 2**attempt - 0.1, since=before)
        assert lake.run()["files"]["new"] == 0
        later(monkeypatch, 2**attempt + 0.1)
        before = datetime.now(UTC)
        report = lake.run()
    assert [(f["attempts"], f["parked"]) for f in report["failures"]] == [(MAX_ATTEMPTS, True)]
    later(monkeypatch, 10_000)
    report = lake.run()
    assert report["files"]["new"] == 0
    assert [found["parked"] for found in report["failures"]] == [True]
    assert lake.run(task="reprocess", reprocess="log-data/")["files"]["new"] == 1
