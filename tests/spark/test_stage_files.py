"""The files of a stage: those that its manifest names, written where the records are made."""

from __future__ import annotations

import io
import json
from itertools import chain
from typing import Any
from unittest import mock

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from spark import apply, manifest, stage, stage_files
from spark.contract import LOG_SOURCE, SONG_SOURCE, SOURCES
from spark.job import main
from spark.parser import parse
from spark.storage import split
from spark.tables import INGESTED_FILES, QUARANTINED_RECORDS, SONGPLAYS, TABLES, USERS
from tests.spark.test_reprocess import KilledError
from tests.spark.test_tally import read as lines


def begin(lake: Any, make_song: Any, make_play: Any) -> None:
    """Land good and bad records, one of them twice."""
    lake.put("song-data/1.json", [make_song(1), make_song(2)])
    lake.put("log-data/1.json", [make_play(1), make_play(2)])
    lake.put("log-data/2.json", '{"cut\n{"cut\n' + json.dumps(make_play(3)))


def read(path: str) -> pa.Table:
    """A file of a stage."""
    bucket, key = split(path)
    body = boto3.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    return pq.read_table(io.BytesIO(body))


@pytest.mark.core
def test_a_file_that_nobody_told_of_counts_for_nothing(
    lake: Any, make_song: Any, make_play: Any, monkeypatch: Any
) -> None:
    """As a task leaves it that the engine runs twice: its rows are in another file as well."""
    begin(lake, make_song, make_play)
    real = stage.write

    def twice(*args: Any) -> stage.Staged:
        staged: stage.Staged = real(*args)
        for path in chain.from_iterable(staged.files.values()):
            bucket, key = split(path)
            other = f"{key.removesuffix('.parquet')}-again.parquet"
            boto3.client("s3").copy_object(
                Bucket=bucket, Key=other, CopySource={"Bucket": bucket, "Key": key}
            )
        return staged

    with monkeypatch.context() as patch:
        patch.setattr(stage, "write", twice)
        report = lake.run()
    assert report["records"] == {
        "read": 7, "good": 5, "ignored": 0, "quarantined": 2, "duplicates": 0
    }  # fmt: skip
    assert [row["occurrences"] for row in lake.rows(QUARANTINED_RECORDS)] == [2]
    assert len(lake.rows(SONGPLAYS)) == 3
    assert list(lake.storage.list(f"{lake.processing}/runs/")) == []


def die_with_a_manifest(lake: Any) -> None:
    """Let a run die before its first commit: its batch counts as seen, and its stage is there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(apply, "keep", mock.Mock(side_effect=KilledError))
        with pytest.raises(KilledError):
            lake.run()


def left_by_a_release_of(earlier: int, lake: Any) -> None:
    """Make the manifest that is there one of an earlier release."""
    (seen,) = manifest.open_batches(lake.storage, lake.processing)
    assert seen.files is not None
    assert {*seen.files} == {*(source.name for source in SOURCES), "latest of logs"}
    path = manifest.path(lake.processing, seen.batch)
    document = lake.storage.read_json(path)
    if earlier < 4:
        assert document.pop("files") == seen.files
    else:
        assert document["files"].pop("latest of logs")
    if earlier < 5:
        moments = {(entry.pop("first"), entry.pop("last")) for entry in document["entries"]}
        assert moments >= {(None, None), (1541105831796, 1541105832796)}
    lake.storage.write_json(path, document | {"format": earlier})


@pytest.mark.parametrize("of_format", [pytest.param(3, marks=pytest.mark.core), 4, 5])
def test_an_open_batch_is_read_from_the_files_of_its_manifest(
    of_format: int, lake: Any, make_song: Any, make_play: Any
) -> None:
    """Of a manifest of format 3, from all that lies in its stage; with plays of one key in it.

    Those of earlier releases name no files of latest records.
    """
    begin(lake, make_song, make_play)
    lake.put("log-data/3.json", [make_play(3), make_play(6, level="paid")])
    die_with_a_manifest(lake)
    left_by_a_release_of(of_format, lake)
    assert lake.rows(INGESTED_FILES) == []
    assert len(lake.run()["finished_runs"]) == 1
    assert len(lake.rows(SONGPLAYS)) == 4
    users = [(row["user_id"], row["event_ts"], row["level"]) for row in lake.rows(USERS)]
    assert users == [
        ("0", 1541105836796, "paid"),
        ("1", 1541105831796, "free"),
        ("2", 1541105832796, "free"),
    ]
    after = lake.content(TABLES)
    lake.run()
    assert lake.content(TABLES) == after


@pytest.mark.core
def test_a_stage_without_any_file_is_lost(
    lake: Any, make_song: Any, make_play: Any, capsys: Any
) -> None:
    """Of the release before, too: what marks the end of a write is no record."""
    begin(lake, make_song, make_play)
    die_with_a_manifest(lake)
    left_by_a_release_of(3, lake)
    for found in lake.storage.list(f"{lake.processing}/runs/"):
        if found.path.endswith(".parquet"):
            lake.storage.delete([found.path])
            lake.storage.write_json(f"{found.path.rpartition('/')[0]}/_SUCCESS", None)
    assert main(lake.arguments("later")) == 1
    assert "has lost its stage" in capsys.readouterr().err
    assert lake.rows(SONGPLAYS) == []


@pytest.mark.core
def test_many_rows_make_several_files(lake: Any, monkeypatch: Any) -> None:
    """So that no task holds all of them: in their order, each once, and each last row told of."""
    monkeypatch.setattr(stage_files, "_FILE_BYTES", 100)
    ends = [None, "ok", None, None, "ok", None, "cut"]
    batches = [
        pa.record_batch(
            {
                "source_path": [f"p{place}"],
                "error": pa.array([end], pa.string()),
                "account": pa.array([end and "{}"], pa.string()),
                "raw": ["x" * 60],
            }
        )
        for place, end in enumerate(ends)
    ]
    told = pa.Table.from_batches(
        stage_files.write(batches, f"{lake.processing}/runs/b/songs", SONG_SOURCE)
    ).to_pylist()
    files = [row["file"] for row in told if row["file"]]
    assert len(files) == 4
    read_back = [path for file in files for path in read(file)["source_path"].to_pylist()]
    assert read_back == [f"p{place}" for place in range(7)]
    assert [(row["source_path"], row["error"]) for row in told if not row["file"]] == [
        ("p1", "ok"),
        ("p4", "ok"),
        ("p6", "cut"),
    ]


@pytest.mark.core
@pytest.mark.parametrize(("plays", "own"), [(10, True), (3, False)])
def test_the_latest_records_have_files_of_their_own_where_they_are_few(
    plays: int, own: bool, lake: Any, make_play: Any, monkeypatch: Any
) -> None:
    """Of a version in several files, each has its own; else the file of all is named for both."""
    monkeypatch.setattr(stage_files, "_FILE_BYTES", 100)
    batches = [
        lines([("p", json.dumps(make_play(plays * part + n, userId="7"))) for n in range(plays)])
        for part in range(3)
    ]
    batches[1] = lines([("p", json.dumps(make_play(n, userId=str(n % 2)))) for n in range(plays)])
    batches.append(lines([("p", None)]))
    told = pa.Table.from_batches(
        stage_files.write(parse(batches, LOG_SOURCE), f"{lake.processing}/runs/b/logs", LOG_SOURCE)
    ).to_pylist()
    files = [row["file"] for row in told if row["file"]]
    latest = [row["latest"] for row in told if row["latest"]]
    assert (len(files), len(latest)) == (4, 3)
    assert [file in files for file in latest] == [False, not own, False]
    of_user = [read(file)["ts"].to_pylist() for file in latest]
    assert of_user[0] == [make_play(plays - 1)["ts"]]
    assert of_user[1][-2:] == [make_play(n)["ts"] for n in (plays - 2, plays - 1)]
    assert of_user[2] == [make_play(3 * plays - 1)["ts"]]
