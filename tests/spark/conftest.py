"""A small lake for the job's tests: zones on localaws, the embedded engine in this process."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from pysail.spark import SparkConnectServer

from localaws.process import start
from spark.delta import Bronze
from spark.job import main
from spark.session import session
from spark.storage import Storage, client
from tests.spark.comparison import Content, differences, table_content

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pyspark.sql import DataFrame, Row, SparkSession

    from spark.tables import Table

OF_THE_RUN = {"run_id", "batch", "ingested_at", "quarantined_at", "attempts"}
"""Columns that tell when and by whom a row was written, not what it says."""


def pytest_assertrepr_compare(op: str, left: object, right: object) -> list[str] | None:
    """Show how the contents of tables differ, row by row, where they are compared with ==."""
    if op == "==" and isinstance(left, Content) and isinstance(right, Content):
        return ["the tables differ:", *differences(left, right)]
    return None


@pytest.fixture(scope="session")
def surroundings() -> Iterator[dict[str, str]]:
    """A localaws and a Sail of these tests' own, as the environment that leads to them."""
    with start() as aws, pytest.MonkeyPatch.context() as patch:
        environment = aws.environment()
        for name, value in environment.items():
            patch.setenv(name, value)
        server = SparkConnectServer()
        server.start()
        _, port = server.listening_address
        patch.undo()
        yield {**environment, "SPARK_REMOTE": f"sc://127.0.0.1:{port}"}
        # The session first: left to the end of the process, it looks for its server for minutes.
        patch.setenv("SPARK_REMOTE", f"sc://127.0.0.1:{port}")
        session().stop()
        server.stop()


@pytest.fixture(scope="module", autouse=True)
def environment(surroundings: dict[str, str]) -> Iterator[None]:
    """Set the environment for the tests of one module only: tests of other folders want another."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in surroundings.items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="module")
def engine() -> SparkSession:
    """The embedded engine's session, as the job opens it."""
    return session()


class AnyLease:
    """A lease that is always ours."""

    def check(self) -> None:
        """Look at nothing."""


class Lake:
    """Three empty zones, and what a test does with them."""

    def __init__(self, spark: SparkSession) -> None:
        self.spark = spark
        self.s3 = client()
        self.storage = Storage(self.s3)
        name = uuid4().hex[:12]
        self.landing, self.bronze, self.processing = (
            f"s3://{zone}-{name}" for zone in ("landing", "bronze", "processing")
        )
        for zone in (self.landing, self.bronze, self.processing):
            self.s3.create_bucket(Bucket=zone.removeprefix("s3://"))
        self.runs = 0

    def put(self, key: str, body: bytes | str | Iterable[dict[str, Any]]) -> str:
        """Land an object: bytes, text, or records as newline-delimited JSON. Returns its path."""
        if isinstance(body, str):
            body = body.encode()
        elif not isinstance(body, bytes):
            body = "\n".join(json.dumps(record) for record in body).encode()
        self.s3.put_object(Bucket=self.landing.removeprefix("s3://"), Key=key, Body=body)
        return f"{self.landing}/{key}"

    def put_in_bronze(self, key: str, body: bytes) -> None:
        """Leave an object in the bronze zone, as a writer that died would."""
        self.s3.put_object(Bucket=self.bronze.removeprefix("s3://"), Key=key, Body=body)

    def bronze_zone(self) -> Bronze:
        """The bronze zone, for a test that writes it without the job."""
        lease: Any = AnyLease()
        return Bronze(self.spark, self.storage, lease, self.bronze, "test")

    def run(self, **arguments: object) -> dict[str, Any]:
        """Run the job as Glue would call it; its report. A failure raises AssertionError."""
        self.runs += 1
        run_id = f"run-{self.runs}"
        argv = ["--run_id", run_id]
        for name in ("landing", "bronze", "processing"):
            argv += [f"--{name}", getattr(self, name)]
        for argument, value in arguments.items():
            argv += [f"--{argument}", str(value)]
        assert main(argv) == 0
        report = self.storage.read_json(f"{self.processing}/reports/{run_id}.json")
        assert isinstance(report, dict)
        return report

    def rows(self, table: Table) -> list[Row]:
        """The table's rows, ordered by key."""
        return self._frame(table).orderBy(*table.key).collect()

    def content(self, tables: Iterable[Table], without: Iterable[str] = OF_THE_RUN) -> Content:
        """What each table says, leaving out when and by which run it was written."""
        names = {self.landing: "landing"}
        return Content(
            (table.name, table_content(self._frame(table), table.key, without, names))
            for table in tables
        )

    def _frame(self, table: Table) -> DataFrame:
        return self.spark.read.format("delta").load(f"{self.bronze}/{table.name}")


@pytest.fixture
def lake(engine: SparkSession) -> Lake:
    """A lake with nothing in it."""
    return Lake(engine)


@pytest.fixture(scope="session")
def make_lake() -> type[Lake]:
    """The maker of lakes, for tests that compare two."""
    return Lake


def song(number: int, **changes: object) -> dict[str, Any]:
    """A song record as it lands, number by number another one."""
    return {
        "num_songs": 1,
        "artist_id": f"AR{number % 5}",
        "artist_latitude": None if number % 2 else 35.14968,
        "artist_longitude": None if number % 2 else -90.04892,
        "artist_location": "Memphis, TN",
        "artist_name": f"Artist {number % 5}",
        "song_id": f"SO{number:04d}",
        "title": f'Title "{number}" é',
        "duration": 200.25 + number,
        "year": 1990 + number % 30,
    } | changes


def play(number: int, **changes: object) -> dict[str, Any]:
    """A log record of a play of song `number` as it lands, at another second each."""
    of = song(number)
    return {
        "artist": of["artist_name"],
        "auth": "Logged In",
        "firstName": "Zoë",
        "gender": "F",
        "itemInSession": number,
        "lastName": "O'Hara",
        "length": of["duration"],
        "level": "free",
        "location": "Lansing, MI",
        "method": "PUT",
        "page": "NextSong",
        "registration": 1540919166796.0,
        "sessionId": 38,
        "song": of["title"],
        "status": 200,
        "ts": 1541105830796 + number * 1000,
        "userAgent": '"Mozilla/5.0"',
        "userId": str(number % 3),
    } | changes


@pytest.fixture(scope="session")
def make_song() -> Any:
    """The maker of song records."""
    return song


@pytest.fixture(scope="session")
def make_play() -> Any:
    """The maker of play records."""
    return play
