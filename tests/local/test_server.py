"""The server process: how it starts, what it refuses, and how its errors look to AWS clients."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from localaws import errors, process
from tests.local.single_attempt import client_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def server() -> Iterator[process.Server]:
    """One server for the tests of this module, which use names of their own."""
    with process.start() as running:
        yield running


@pytest.fixture(scope="module")
def client(server: process.Server) -> Callable[[str], Any]:
    """Clients for the server, one attempt each, so that a retry never hides an error."""
    return partial(client_of, server)


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "localaws", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_the_command_prints_one_line_and_ends_with_its_parent() -> None:
    """The command prints endpoint and pid as one line of JSON and stops at the end of stdin."""
    child = subprocess.Popen(
        [sys.executable, "-m", "localaws", "--port", "0", "--exit-with-parent"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert child.stdout is not None
    ready = json.loads(child.stdout.readline())
    assert ready["pid"] == child.pid
    assert ready["endpoint"].startswith("http://127.0.0.1:")
    rest, _ = child.communicate(timeout=20)
    assert (child.returncode, rest) == (0, b"")


def test_a_signal_stops_the_server_cleanly() -> None:
    """SIGTERM ends the server with status 0."""
    child = subprocess.Popen(
        [sys.executable, "-m", "localaws", "--port", "0"], stdout=subprocess.PIPE
    )
    assert child.stdout is not None
    child.stdout.readline()
    child.terminate()
    child.communicate(timeout=20)
    assert child.returncode == 0


def test_the_process_handle_is_light() -> None:
    """Importing the handle loads neither moto nor an engine: the command line stays fast."""
    code = "import sys, localaws.process; print([m for m in ('moto', 'duckdb', 'pysail', 'boto3') "
    shown = subprocess.check_output([sys.executable, "-c", code + "if m in sys.modules])"])
    assert shown.strip() == b"[]"


def test_a_taken_port_is_named() -> None:
    """A taken port ends the command with status 2 and one sentence, and start() with its error."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = _run("--port", str(port))
        assert result.returncode == 2
        assert result.stderr.startswith(f"localaws: port {port} of 127.0.0.1 is taken; stop")
        assert result.stderr.count("\n") == 1
        with pytest.raises(errors.PortInUseError, match=f"port {port}"):
            process.start(port=port)


def test_it_listens_on_loopback_only(server: process.Server) -> None:
    """No other address of the machine reaches the server."""
    port = int(server.endpoint.rpartition(":")[2])
    for family, _, _, _, address in socket.getaddrinfo(socket.gethostname(), port):
        if not str(address[0]).startswith("127."):
            with socket.socket(family, socket.SOCK_STREAM) as other:
                assert other.connect_ex(address) != 0


@pytest.mark.parametrize(
    ("host", "path"),
    [("evil.example", "/"), ("127.0.0.1", "/moto-api/reset"), ("127.0.0.1", "/moto-api/data.json")],
)
def test_pages_and_control_requests_are_refused(
    server: process.Server, host: str, path: str
) -> None:
    """A request under a foreign host name, or to moto's control API, gets 403."""
    connection = http.client.HTTPConnection(server.endpoint.removeprefix("http://"))
    connection.request("POST", path, headers={"Host": host})
    assert connection.getresponse().status == 403
    connection.close()


def test_no_path_leaves_the_store(client: Callable[[str], Any]) -> None:
    """A key that looks like a path is only a key."""
    s3 = client("s3")
    s3.create_bucket(Bucket="paths")
    for key in ("../../../../etc/passwd", "/etc/passwd", "a/../b", "a//b", "."):
        with pytest.raises(ClientError):
            s3.get_object(Bucket="paths", Key=key)


def test_an_unknown_action_is_told_at_once(client: Callable[[str], Any]) -> None:
    """What moto does not implement is answered 501, in the protocol's shape, with its name."""
    calls: list[tuple[str, Callable[[], Any], str]] = [
        ("glue", lambda: client("glue").list_blueprints(), "glue ListBlueprints"),
        ("iam", lambda: client("iam").list_policies_granting_service_access(
            Arn="arn:aws:iam::123456789012:role/x" * 2, ServiceNamespaces=["s3"]
        ), "iam ListPoliciesGrantingServiceAccess"),
        ("ec2", lambda: client("ec2").describe_fpga_images(), "ec2 DescribeFpgaImages"),
    ]  # fmt: skip
    for service, call, name in calls:
        with pytest.raises(ClientError) as caught:
            call()
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501, service
        assert f"localaws does not support {name}" in str(caught.value)


def test_conditional_puts_are_atomic(client: Callable[[str], Any]) -> None:
    """Of many writers of one key with If-None-Match, exactly one wins: Delta commits need that."""
    s3 = client("s3")
    s3.create_bucket(Bucket="races")

    def put(number: int) -> str:
        try:
            s3.put_object(Bucket="races", Key=str(number % 20), Body=b"mine", IfNoneMatch="*")
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return "won"

    with ThreadPoolExecutor(8) as pool:
        outcomes = Counter(pool.map(put, range(160)))
    assert outcomes == {"won": 20, "PreconditionFailed": 140}


def test_a_conditional_delete_takes_only_what_is_named(client: Callable[[str], Any]) -> None:
    """Another content stays, and what is not there is told: a lease goes back like that."""
    s3 = client("s3")
    s3.create_bucket(Bucket="deletes")
    first = s3.put_object(Bucket="deletes", Key="lease", Body=b"first")["ETag"]
    second = s3.put_object(Bucket="deletes", Key="lease", Body=b"second", IfMatch=first)["ETag"]
    with pytest.raises(ClientError, match="PreconditionFailed"):
        s3.delete_object(Bucket="deletes", Key="lease", IfMatch=first)
    s3.delete_object(Bucket="deletes", Key="lease", IfMatch=second)
    with pytest.raises(ClientError, match="NoSuchKey"):
        s3.delete_object(Bucket="deletes", Key="lease", IfMatch=second)
    assert "Contents" not in s3.list_objects_v2(Bucket="deletes")


def test_one_connection_carries_many_requests(server: process.Server) -> None:
    """Connections stay open between requests, whatever the replies were."""
    connection = http.client.HTTPConnection(server.endpoint.removeprefix("http://"))
    connection.connect()
    before = connection.sock.getsockname()
    for method, path, body in [
        ("PUT", "/alive", b""),
        ("PUT", "/alive/key", b"body"),
        ("GET", "/alive/key", b""),
        ("HEAD", "/alive/key", b""),
        ("GET", "/alive/none", b""),
        ("DELETE", "/alive/key", b""),
    ]:
        connection.request(method, path, body=body, headers={"Authorization": "AWS x"})
        connection.getresponse().read()
    assert connection.sock is not None
    assert connection.sock.getsockname() == before
    connection.close()


def test_the_work_folder_of_a_killed_server_is_removed_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing stays behind of a server without state, even of one that was killed."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    first = process.start()
    os.kill(first.pid, 9)
    first.close()
    assert list(tmp_path.glob("localaws-*"))
    process.start().close()
    assert not list(tmp_path.glob("localaws-*"))


def test_a_listing_says_what_a_listing_with_owners_says(client: Callable[[str], Any]) -> None:
    """The entries that localaws writes itself are those that moto writes, whatever the keys."""
    s3, bucket = client("s3"), "listed-both-ways"
    s3.create_bucket(Bucket=bucket)
    for key in ("a/<&>.json", "a/b c+d%20.json", "a/é.json", 'a/"q".json', "z"):
        checksum = {"ChecksumAlgorithm": "SHA256"} if "q" in key else {}
        s3.put_object(Bucket=bucket, Key=key, Body=key.encode(), **checksum)
    ours = s3.list_objects_v2(Bucket=bucket, Prefix="a/", MaxKeys=3)
    theirs = s3.list_objects_v2(Bucket=bucket, Prefix="a/", MaxKeys=3, FetchOwner=True)
    for entry in theirs["Contents"]:
        del entry["Owner"]
    assert ours["Contents"] == theirs["Contents"]
    assert ours["IsTruncated"]


def test_an_encoded_listing_has_a_plus_for_a_space(client: Callable[[str], Any]) -> None:
    """As S3 answers: a client that takes `+` for itself would ask for a key that nobody has."""
    s3, bucket = client("s3"), "listed-encoded"
    s3.create_bucket(Bucket=bucket)
    for key in ("a/b c.json", "a/b+c.json", "a/(é~*).json"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"")
    listed = s3.list_objects_v2(Bucket=bucket, EncodingType="url")  # given, boto3 decodes none
    assert [entry["Key"] for entry in listed["Contents"]] == [
        "a/%28%C3%A9%7E*%29.json",
        "a/b+c.json",
        "a/b%2Bc.json",
    ]
