"""Uploads: what is sent, what is left, and how few requests that takes."""

from __future__ import annotations

import hashlib
import io
import uuid
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from pipeline.errors import RunFailedError
from pipeline.source import Fingerprint, SourceFile, fingerprint, scan
from pipeline.upload import INDEX_KEY, Landing, Uploaded, upload

if TYPE_CHECKING:
    from pathlib import Path

LANDING = Landing("landing", "processing")


class FakeS3:
    """Two buckets that count requests; with `kms`, ETags say nothing about content."""

    def __init__(self, client_error: Any, *, kms: bool) -> None:
        self.client_error = client_error
        self.kms = kms
        self.objects: dict[tuple[str, str], dict[str, Any]] = {}
        self.requests: list[str] = []
        self.refuse_index = False

    def get_object(self, **call: Any) -> dict[str, Any]:
        """Answer with the content."""
        self.requests.append("get")
        if (call["Bucket"], call["Key"]) not in self.objects:
            raise self.client_error("NoSuchKey")
        return {"Body": io.BytesIO(self.objects[call["Bucket"], call["Key"]]["content"])}

    def put_object(self, **call: Any) -> dict[str, str]:
        """Keep the content."""
        if call["Bucket"] == "processing" and self.refuse_index:
            raise self.client_error("AccessDenied", 403)
        body = call["Body"]
        content: bytes = body if isinstance(body, bytes) else body.read()
        md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
        etag = uuid.uuid4().hex if self.kms else md5
        self.requests.append("put" if call["Bucket"] == "landing" else "put index")
        self.objects[call["Bucket"], call["Key"]] = {
            "content": content,
            "etag": etag,
            "metadata": call.get("Metadata", {}),
        }
        return {"ETag": f'"{etag}"'}

    def head_object(self, **call: Any) -> dict[str, Any]:
        """Answer with the metadata."""
        self.requests.append("head")
        found = self.objects[call["Bucket"], call["Key"]]
        return {"Metadata": found["metadata"], "ETag": f'"{found["etag"]}"'}

    def get_paginator(self, _name: str) -> Any:
        """List a bucket in one page."""
        objects = self.objects

        class Paginator:
            def paginate(self, **call: Any) -> list[dict[str, Any]]:
                contents = [
                    {"Key": key, "Size": len(found["content"]), "ETag": f'"{found["etag"]}"'}
                    for (bucket, key), found in objects.items()
                    if bucket == call["Bucket"] and key.startswith(call["Prefix"])
                ]
                return [{"Contents": contents}] if contents else [{}]

        return Paginator()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A folder with three files, two of them of one size."""
    for name, text in (("song-data/a", "AAAA"), ("song-data/b", "BBBB"), ("log-data/c", "C")):
        path = tmp_path / f"{name}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return tmp_path


@pytest.fixture(params=[False, True], ids=["sse-s3", "sse-kms"])
def s3(request: pytest.FixtureRequest, client_error: Any) -> Any:
    """Buckets with and without a KMS key."""
    return FakeS3(client_error, kms=request.param)


def hashes_of(files: list[SourceFile]) -> dict[str, Fingerprint]:
    """Hash every file, by key."""
    return {file.key: fingerprint(file) for file in files}


def send(s3: Any, folder: Path, run_id: str = "r-1") -> Uploaded:
    """Upload a folder as the pipeline does."""
    s3.requests.clear()
    files = scan(folder).files
    return upload(s3, LANDING, files, hashes_of(files), lambda _done, _total: None, run_id=run_id)


def test_an_object_keeps_the_run_id_of_the_upload_that_wrote_it(s3: Any, source: Path) -> None:
    """What did not change is not written again for a new run: the job would take it for new."""
    send(s3, source, "r-1")
    (source / "log-data/c.json").write_text("D")
    send(s3, source, "r-2")
    found = {
        key: stored["metadata"].get("run_id")
        for (bucket, key), stored in s3.objects.items()
        if bucket == LANDING.bucket
    }
    assert found == {
        "song-data/a.json": "r-1",
        "song-data/b.json": "r-1",
        "log-data/c.json": "r-2",
    }


def test_a_second_upload_sends_nothing_and_asks_for_no_object(s3: Any, source: Path) -> None:
    """One listing and one index decide about all files."""
    first = send(s3, source)
    assert (first.uploaded, first.unchanged) == (3, 0)
    second = send(s3, source)
    assert (second.uploaded, second.unchanged) == (0, 3)
    assert s3.requests == ["get"]


def test_a_changed_file_of_the_same_size_is_sent_alone(s3: Any, source: Path) -> None:
    """Size and time do not decide: content does."""
    send(s3, source)
    (source / "song-data/a.json").write_text("XXXX")
    assert send(s3, source).uploaded == 1
    assert s3.objects["landing", "song-data/a.json"]["content"] == b"XXXX"
    assert send(s3, source).uploaded == 0


def test_a_file_that_got_another_ones_content_is_sent(s3: Any, source: Path) -> None:
    """The index is by key: equal content under another key proves nothing."""
    send(s3, source)
    (source / "song-data/a.json").write_text("BBBB")
    assert send(s3, source).uploaded == 1


def test_without_the_index_the_objects_own_hashes_decide(s3: Any, source: Path) -> None:
    """Losing the index costs requests, not correctness, and it is written again."""
    send(s3, source)
    s3.objects.pop(("processing", INDEX_KEY), None)
    assert send(s3, source).uploaded == 0
    assert s3.requests.count("head") == (3 if s3.kms else 0)
    assert send(s3, source).uploaded == 0
    assert "head" not in s3.requests


def test_an_object_overwritten_by_someone_else_is_noticed(s3: Any, source: Path) -> None:
    """An index entry holds for one ETag only, so it cannot vouch for a later write."""
    send(s3, source)
    s3.put_object(Bucket="landing", Key="song-data/a.json", Body=b"ZZZZ")
    assert send(s3, source).uploaded == 1
    assert s3.objects["landing", "song-data/a.json"]["content"] == b"AAAA"


@pytest.mark.parametrize("garbage", [b"", b"{", b"[1, 2]", b'{"song-data/a.json": 7}'])
def test_a_garbled_index_is_no_obstacle(s3: Any, source: Path, garbage: bytes) -> None:
    """It is a memory, and is made anew."""
    send(s3, source)
    s3.put_object(Bucket="processing", Key=INDEX_KEY, Body=garbage)
    assert send(s3, source).uploaded == 0


def test_an_index_that_may_not_be_written_is_told(client_error: Any, source: Path) -> None:
    """The upload is complete without it."""
    s3 = FakeS3(client_error, kms=True)
    s3.refuse_index = True
    done = send(s3, source)
    assert done.uploaded == 3
    assert "could not be kept in processing (AccessDenied)" in done.notes[0]


def test_a_file_that_changes_while_it_is_sent_is_named(client_error: Any, source: Path) -> None:
    """S3 compares what arrives with the hash that the comparison used."""
    s3: Any = FakeS3(client_error, kms=False)

    def refuse(**_: Any) -> None:
        raise client_error("BadDigest")

    s3.put_object = refuse
    with pytest.raises(RunFailedError, match=r"\.json changed while it was being uploaded"):
        send(s3, source)


def test_a_file_that_goes_away_is_named(client_error: Any, source: Path) -> None:
    """Between scan and upload anything may happen to a file."""
    files = scan(source).files
    hashes = hashes_of(files)
    (source / "song-data/b.json").unlink()
    with pytest.raises(RunFailedError, match=r"song-data/b.json could no longer be read"):
        upload(FakeS3(client_error, kms=False), LANDING, files, hashes, lambda *_: None, run_id="r")  # type: ignore[arg-type]


@mock_aws
def test_real_requests_carry_content_hash_and_metadata(source: Path) -> None:
    """boto3 accepts the calls, and S3 keeps content and SHA-256."""
    s3 = boto3.client(
        "s3", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
    for bucket in ("landing", "processing"):
        s3.create_bucket(Bucket=bucket)
    files = scan(source).files
    steps: list[tuple[int, int]] = []
    upload(
        s3,
        LANDING,
        files,
        hashes_of(files),
        lambda done, total: steps.append((done, total)),
        run_id="r-1",
    )
    assert steps == [(1, 3), (2, 3), (3, 3)]
    stored = s3.get_object(Bucket="landing", Key="song-data/a.json")
    assert stored["Body"].read() == b"AAAA"
    assert stored["Metadata"] == {
        "sha256": hashlib.sha256(b"AAAA").hexdigest(),
        "run_id": "r-1",
    }
    again = upload(s3, LANDING, files, hashes_of(files), lambda *_: None, run_id="r-2")
    assert again.uploaded == 0
