"""The lean GETs: signed as botocore signs, and boto3 asked for whatever they cannot do."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
import urllib3
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import ReadOnlyCredentials

from spark import gets
from spark.gets import Gets, signature
from spark.storage import Storage

if TYPE_CHECKING:
    from spark.storage import ObjectVersion


@pytest.mark.parametrize("token", [None, "a/session=token"])
@pytest.mark.parametrize("query", ["", "encoding-type=url&list-type=2&prefix=a%20b%2F"])
def test_a_request_is_signed_as_botocore_signs_it(
    token: str | None, query: str, monkeypatch: Any
) -> None:
    """The same headers as from botocore's signer, with and without a session token and a query."""
    credentials = ReadOnlyCredentials("AKID", "secret/key", token, None)
    now = datetime(2026, 11, 24, 1, 2, 3, tzinfo=UTC)
    host, path = "bucket.s3.eu-west-1.amazonaws.com", "/song-data/a%20b%2B%C3%A9~/1.json"
    theirs = AWSRequest("GET", f"https://{host}{path}" + (f"?{query}" if query else ""))
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda: now)
    S3SigV4Auth(credentials, "s3", "eu-west-1").add_auth(theirs)
    ours = signature(credentials, region="eu-west-1", host=host, path=path, query=query, now=now)
    assert ours["Authorization"] == theirs.headers["Authorization"]


def listed(lake: Any) -> list[ObjectVersion]:
    """What the landing zone holds, as the job lists it."""
    return list(Storage(lake.s3).list(f"{lake.landing}/"))


def test_a_listing_and_a_run_are_the_same_without_the_lean_way(
    lake: Any, make_song: Any, monkeypatch: Any
) -> None:
    """Where only boto3 gets through, the listing says the same and the run reads the same."""
    for name in ("a", "b c", "d+e%20f", "é"):
        lake.put(f"song-data/{name}.json", [make_song(len(name))])
    lean = listed(lake)
    assert [version.path.rpartition("/")[2] for version in lean] == [
        "a.json",
        "b c.json",
        "d+e%20f.json",
        "é.json",
    ]
    asked: list[str] = []

    def refuse(self: Gets, bucket: str, *_: object, **__: object) -> None:
        del self
        asked.append(bucket)

    monkeypatch.setattr(gets.Gets, "get", refuse)
    assert listed(lake) == lean
    assert lake.run()["files"]["ingested"] == 4
    assert asked


def test_a_listing_goes_on_past_its_first_page(lake: Any) -> None:
    """More keys than a page holds come all, once, in order."""
    keys = [f"song-data/{number:04d}.json" for number in range(1001)]
    for key in keys:
        lake.put(key, b"")
    assert [version.path.removeprefix(f"{lake.landing}/") for version in listed(lake)] == keys


class Idle:
    """Connections of which the first few were closed by S3, as it does with idle ones."""

    def __init__(self, refusals: int) -> None:
        self.refusals = refusals
        self.asked = 0

    def urlopen(self, real: Any, pool: Any, *args: Any, **kwargs: Any) -> Any:
        """Answer, once enough connections were closed."""
        self.asked += 1
        if self.asked <= self.refusals:
            raise urllib3.exceptions.ProtocolError("Connection aborted")
        return real(pool, *args, **kwargs)


@pytest.mark.parametrize(("refusals", "tries"), [(0, 1), (1, 2), (2, 2)])
def test_a_closed_connection_is_tried_once_more_on_a_new_one(
    refusals: int, tries: int, lake: Any, monkeypatch: Any
) -> None:
    """Then boto3 is asked for this one object, and the next goes the lean way again."""
    lake.put("song-data/1.json", b"{}")
    lean, idle = Gets(lake.s3), Idle(refusals)
    pool, real = urllib3.HTTPConnectionPool, urllib3.HTTPConnectionPool.urlopen
    monkeypatch.setattr(
        pool, "urlopen", lambda self, *args, **more: idle.urlopen(real, self, *args, **more)
    )
    bucket = lake.landing.removeprefix("s3://")
    answer = lean.get(bucket, "song-data/1.json")
    assert (answer is None) == (refusals == 2)
    assert idle.asked == tries
    again = lean.get(bucket, "song-data/1.json")
    assert again is not None
    assert again.read() == b"{}"


def test_after_several_failures_in_a_row_nothing_more_is_tried(lake: Any, monkeypatch: Any) -> None:
    """An address that cannot be reached is not tried for each object: boto3 is asked at once."""
    lean = Gets(lake.s3)
    monkeypatch.setattr(
        lake.s3, "generate_presigned_url", lambda *_, **__: "http://127.0.0.1:1/bucket/k?signed"
    )
    for _ in range(gets.FAILURES_IN_A_ROW):
        assert lean.get("bucket", "key") is None
    monkeypatch.setattr(lean, "_bucket", pytest.fail)
    assert lean.get("bucket", "key") is None
