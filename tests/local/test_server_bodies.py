"""Bodies of objects: ranges, copies, uploads in parts, and readers beside writers."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from localaws import process
from localaws.blobs import SMALL, Blob, BlobStore
from tests.local.single_attempt import client_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture(scope="module", params=["in memory", "kept"])
def s3(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """An S3 client of a server without and with a state folder, and a bucket."""
    state = tmp_path_factory.mktemp("state") if request.param == "kept" else None
    with process.start(state=state) as server:
        client = client_of(server, "s3")
        client.create_bucket(Bucket="bodies")
        yield client
        assert server.log() == ""


@pytest.mark.parametrize("size", [0, 1, SMALL, SMALL + 1, 3_000_000])
def test_a_body_comes_back_whole_and_in_ranges(s3: Any, size: int) -> None:
    """Content, length and any range of it are right on both sides of the limit for files."""
    body = bytes(number % 251 for number in range(size))
    s3.put_object(Bucket="bodies", Key="k", Body=body)
    assert s3.head_object(Bucket="bodies", Key="k")["ContentLength"] == size
    assert s3.get_object(Bucket="bodies", Key="k")["Body"].read() == body
    if size > 1:
        for text, part in [("0-0", body[:1]), ("5-", body[5:]), ("-7", body[-7:])]:
            reply = s3.get_object(Bucket="bodies", Key="k", Range=f"bytes={text}")
            assert reply["Body"].read() == part
            assert reply["ResponseMetadata"]["HTTPStatusCode"] == 206


def test_a_copy_outlives_its_source(s3: Any) -> None:
    """A copy shares the body with its source, until the last of both is deleted."""
    for size in (10, SMALL * 2):
        s3.put_object(Bucket="bodies", Key="source", Body=b"c" * size)
        s3.copy_object(Bucket="bodies", Key="copy", CopySource="bodies/source")
        s3.delete_object(Bucket="bodies", Key="source")
        s3.put_object(Bucket="bodies", Key="other", Body=b"o" * size)
        assert s3.get_object(Bucket="bodies", Key="copy")["Body"].read() == b"c" * size


def test_an_upload_in_parts_is_one_body(s3: Any) -> None:
    """Parts, one of them copied, make one object with the etag of its parts."""
    part = b"p" * (5 * 1024 * 1024)
    s3.put_object(Bucket="bodies", Key="part", Body=part)
    upload = s3.create_multipart_upload(Bucket="bodies", Key="whole")["UploadId"]
    which: dict[str, Any] = {"Bucket": "bodies", "Key": "whole", "UploadId": upload}
    first = s3.upload_part_copy(**which, PartNumber=1, CopySource="bodies/part")
    last = s3.upload_part(**which, PartNumber=2, Body=b"end")
    parts = [
        {"PartNumber": 1, "ETag": first["CopyPartResult"]["ETag"]},
        {"PartNumber": 2, "ETag": last["ETag"]},
    ]
    done = s3.complete_multipart_upload(**which, MultipartUpload={"Parts": parts})
    assert done["ETag"].endswith('-2"')
    assert s3.get_object(Bucket="bodies", Key="whole")["Body"].read() == part + b"end"


def test_a_reader_keeps_what_it_began_to_read(s3: Any) -> None:
    """A reply that is under way ends with the content it began with, whatever is written."""
    s3.put_object(Bucket="bodies", Key="read", Body=b"a" * 20_000_000)
    reply = s3.get_object(Bucket="bodies", Key="read")["Body"]
    beginning = reply.read(1000)
    s3.put_object(Bucket="bodies", Key="read", Body=b"b" * 20_000_000)
    s3.delete_object(Bucket="bodies", Key="read")
    assert beginning + reply.read() == b"a" * 20_000_000


def test_files_go_with_their_last_reference(tmp_path: Path) -> None:
    """A store that is not kept holds no file longer than its blob."""
    store = BlobStore(tmp_path, kept=False)
    blobs: list[Blob] = [store.write(b"x" * (SMALL + 1)), store.write(b"x")]
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1
    blobs.clear()
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_bucket_can_be_emptied_of_versions_and_markers(
    client: Callable[[str], Any], bucket: str
) -> None:
    """Also of a marker that is the last version of its key."""
    s3 = client("s3")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket=bucket, Key="a", Body=b"1")
    s3.delete_object(Bucket=bucket, Key="a")
    listed = s3.list_object_versions(Bucket=bucket)
    for kind in ("Versions", "DeleteMarkers"):
        for one in listed[kind]:
            s3.delete_object(Bucket=bucket, Key="a", VersionId=one["VersionId"])
    assert "DeleteMarkers" not in s3.list_object_versions(Bucket=bucket)
    s3.delete_bucket(Bucket=bucket)


@pytest.mark.parametrize("sent", [b"", b"a part"])
def test_a_body_that_breaks_off_is_not_kept(s3: Any, sent: bytes) -> None:
    """A writer that dies while it sends leaves nothing, as on S3: no object is ever half of one."""
    address = urlsplit(s3.meta.endpoint_url)
    head = (
        "PUT /bodies/cut HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n"
        "Authorization: AWS4-HMAC-SHA256 Credential=test/20181101/us-east-1/s3/aws4_request, "
        "SignedHeaders=host, Signature=0\r\n\r\n"
    )
    with socket.create_connection((address.hostname, address.port)) as dying:
        dying.sendall(head.encode() + sent)
        dying.shutdown(socket.SHUT_WR)
        dying.settimeout(10)
        dying.recv(1)  # the refusal, or the end: by now the call is over
    assert s3.list_objects_v2(Bucket="bodies", Prefix="cut")["KeyCount"] == 0
