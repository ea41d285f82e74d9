"""`lakehouse run`, `query` and `serve` end to end, each as its own process, on this machine."""

from __future__ import annotations

import json
import resource
import shutil
import signal
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from tests.local.input_counts import expected
from tests.local.lakehouse_command import document, lakehouse, serving

if TYPE_CHECKING:
    from pathlib import Path

SAMPLE = ["--songs", "60", "--events-per-day", "400", "--seed", "5"]
NEW_DAY = "log-data/2018/11/2018-11-03-events.json"
STAGES = ["provision", "upload", "job", "crawler", "checks", "query"]
ORIGINAL_QUERY = (
    "SELECT a.artist_name, s.title AS music, a.artist_location "
    "FROM artists a INNER JOIN songs s ON a.artist_name = s.artist_name"
)


def processor_seconds() -> float:
    """What the child processes that have ended used of the processor."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def run(state: Path, *arguments: str | Path) -> dict[str, Any]:
    """Run the pipeline on a state folder."""
    return document(lakehouse("run", "--local", "--state", state, "--json", *arguments))


def rows(ran: dict[str, Any]) -> dict[str, int]:
    """Pick the row counts out of a run's document."""
    return {name: table["rows"] for name, table in ran["tables"].items()}


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clean sample of three days."""
    folder = tmp_path_factory.mktemp("input") / "music"
    done = lakehouse("sample", folder, "--days", "3", *SAMPLE, "--json")
    assert document(done)["events"] == 1200
    return folder


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state folder of the runs below."""
    return tmp_path_factory.mktemp("state") / "kept"


@pytest.fixture(scope="module")
def two_days(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first two of the three days, under the names that the public samples use."""
    folder = tmp_path_factory.mktemp("part")
    shutil.copytree(source / "song-data", folder / "song_data")
    shutil.copytree(source / "log-data", folder / "log_data")
    (folder / NEW_DAY.replace("log-data", "log_data")).unlink()
    return folder


@pytest.fixture(scope="module")
def runs(source: Path, two_days: Path, state: Path) -> dict[str, dict[str, Any]]:
    """Two days, the same again, then all three, then without any source."""
    return {
        "first": run(state, "--source", two_days),
        "second": run(state, "--source", two_days),
        "third": run(state, "--source", source),
        "fourth": run(state),
    }


def test_the_tables_hold_exactly_what_sql_counts(
    runs: dict[str, dict[str, Any]], source: Path, tmp_path: Path
) -> None:
    """After two days, and after the third."""
    assert rows(runs["third"]) == expected(source)
    part = shutil.copytree(source, tmp_path / "part")
    (part / NEW_DAY).unlink()
    assert rows(runs["first"]) == expected(part)


def test_a_run_tells_its_stages_files_records_and_tables(runs: dict[str, dict[str, Any]]) -> None:
    """The document has what scripts rely on."""
    first = runs["first"]
    assert first["status"] == "succeeded"
    assert [stage["name"] for stage in first["stages"]] == STAGES
    assert {stage["status"] for stage in first["stages"]} == {"succeeded"}
    assert first["upload"] == {"found": 62, "uploaded": 62, "unchanged": 0}
    assert first["files"].items() >= {"listed": 62, "new": 62, "ingested": 62}.items()
    assert first["records"]["read"] == 60 + 800
    assert first["records"]["quarantined"] == first["records"]["duplicates"] == 0
    for table in first["tables"].values():
        assert set(table) == {"rows", "files", "version", "location"}
        assert table["location"].startswith("s3://")


def test_the_original_query_ends_the_run(runs: dict[str, dict[str, Any]], source: Path) -> None:
    """Its text is the original one, and so is its answer."""
    query = runs["third"]["query"]
    assert " ".join(query["sql"].split()).rstrip(";") == ORIGINAL_QUERY
    assert query["columns"] == ["artist_name", "music", "artist_location"]
    assert query["row_count"] >= len(query["rows"]) > 0
    assert query["bytes_scanned"] > 0
    titles = {json.loads(p.read_text())["title"] for p in source.glob("song-data/**/*.json")}
    assert {row[1] for row in query["rows"]} <= titles


def test_the_same_input_again_changes_nothing(runs: dict[str, dict[str, Any]]) -> None:
    """No file is sent, none is new, no row comes or goes."""
    second = runs["second"]
    assert second["upload"] == {"found": 62, "uploaded": 0, "unchanged": 62}
    assert (second["files"]["new"], second["files"]["ingested"]) == (0, 0)
    assert rows(second) == rows(runs["first"])
    assert second["query"]["row_count"] == runs["first"]["query"]["row_count"]


def test_one_more_day_is_ingested_alone(runs: dict[str, dict[str, Any]]) -> None:
    """song_data and song-data are the same folder, so 62 of 63 files are there already."""
    third = runs["third"]
    assert third["upload"] == {"found": 63, "uploaded": 1, "unchanged": 62}
    assert (third["files"]["new"], third["files"]["ingested"]) == (1, 1)
    assert third["records"]["read"] == 400


def test_a_run_without_a_source_works_on_what_has_landed(runs: dict[str, dict[str, Any]]) -> None:
    """There is nothing new, and the upload stage is left out."""
    fourth = runs["fourth"]
    assert [stage["name"] for stage in fourth["stages"]] == [s for s in STAGES if s != "upload"]
    assert rows(fourth) == rows(runs["third"])


def test_people_get_the_report_on_standard_output(
    runs: dict[str, dict[str, Any]], state: Path
) -> None:
    """Progress goes to standard error, the report to standard output."""
    done = lakehouse("run", "--local", "--state", state)
    assert done.returncode == 0, done.stderr
    table = dict(line.split()[:2] for line in done.stdout.splitlines() if line.count("  ") > 2)
    assert table["songplays"] == f"{runs['fourth']['tables']['songplays']['rows']:,}"
    assert ORIGINAL_QUERY in done.stdout
    assert "job       done" in done.stderr


@pytest.mark.usefixtures("runs")
def test_queries_answer_from_the_state_folder(state: Path, runs: dict[str, Any]) -> None:
    """SQL of the user's own, and the queries that the stack keeps by name."""
    sql = "SELECT count(*) AS n, max(song) AS last FROM songplays"
    found = document(lakehouse("query", "--local", "--state", state, sql, "--json"))["query"]
    assert found["columns"] == ["n", "last"]
    assert found["rows"][0][0] == runs["fourth"]["tables"]["songplays"]["rows"]
    named = lakehouse(
        "query", "--local", "--state", state, "--name", "artists-and-songs", "--max-rows", "3"
    )
    assert named.returncode == 0, named.stderr
    lines = named.stdout.splitlines()
    assert lines[0].split() == ["artist_name", "music", "artist_location"]
    assert "the first 3 rows; --max-rows shows more" in lines
    wrong = lakehouse("query", "--local", "--state", state, "SELECT x FROM songs", "--json")
    assert wrong.returncode == 1
    assert "x" in json.loads(wrong.stdout)["error"]["message"]


def test_maintenance_compacts_and_changes_no_answer(
    state: Path, runs: dict[str, dict[str, Any]]
) -> None:
    """Each table's files are counted before and after; queries answer as before."""
    now = ("--retention-hours", "0", "--allow-short-retention", "--json")
    maintained = document(lakehouse("maintain", "--local", "--state", state, *now))
    assert [stage["name"] for stage in maintained["stages"]] == ["provision", "job"]
    assert (maintained["status"], maintained["task"]) == ("succeeded", "maintain")
    ledger = maintained["tables"]["ingested_files"]
    assert ledger["before"]["files"] == runs["fourth"]["tables"]["ingested_files"]["files"] > 1
    assert ledger["after"]["files"] == 1
    for name, sizes in maintained["tables"].items():
        assert sizes["after"]["files"] == sizes["after"]["stored_files"], name
    sql = "SELECT count(*) FROM songplays"
    found = document(lakehouse("query", "--local", "--state", state, sql, "--json"))["query"]
    assert found["rows"] == [[runs["fourth"]["tables"]["songplays"]["rows"]]]


@pytest.mark.usefixtures("runs")
def test_a_restore_that_is_refused_says_what_could_be_restored(state: Path) -> None:
    """The job's sentence reaches the user, with the runs that have a restore point."""
    done = lakehouse("restore", "--local", "--state", state, "--run", "never", "--json")
    assert done.returncode == 1
    answer = json.loads(done.stdout)
    assert answer["status"] == "failed"
    assert "There is no restore point of run never" in answer["error"]["message"]
    assert "The last runs that can be undone: 20" in answer["error"]["message"]


def test_the_runs_are_written_down_and_reported_on(
    runs: dict[str, dict[str, Any]], state: Path, tmp_path: Path
) -> None:
    """A page a run and an index; what the query answered is on none of them."""
    done = document(
        lakehouse("report", "--local", "--state", state, "--out", tmp_path / "p", "--json")
    )
    assert done["runs"] >= len(runs)
    pages = {file.name: file.read_text() for file in (tmp_path / "p").iterdir()}
    for ran in runs.values():
        name = f"run-{ran['run_id']}.html"
        assert name in pages["index.html"]
        assert f"{ran['tables']['songplays']['rows']:,}" in pages[name]
        assert not any(str(value) in pages[name] for value in ran["query"]["rows"][0][:2])


@pytest.mark.usefixtures("runs")
def test_serve_lends_the_state_to_any_client_and_to_the_stack_option(state: Path) -> None:
    """What was made by local runs is there for boto3, and `--stack` works on it as on AWS."""
    with serving("--state", state, "--port", "0") as (announced, server):
        environment = announced["environment"]
        client = boto3.client(
            "ssm",
            endpoint_url=announced["endpoint"],
            region_name=environment["AWS_REGION"],
            aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        )
        outputs = client.get_parameter(Name="/lakehouse/local/outputs")["Parameter"]["Value"]
        assert json.loads(outputs)["version"] == 1
        before = processor_seconds()
        ran = document(lakehouse("run", "--stack", "local", "--json", environment=environment))
        # What the command itself computes: job, crawler and query work in the server's processes.
        assert processor_seconds() - before < 2
        assert [stage["name"] for stage in ran["stages"]] == STAGES[2:]
        other = lakehouse("run", "--stack", "other", "--json", environment=environment)
        assert other.returncode == 2
        assert (
            "/lakehouse/other/outputs does not exist"
            in json.loads(other.stdout)["error"]["message"]
        )
        in_use = lakehouse("run", "--local", "--state", state, "--json")
        assert in_use.returncode == 2
        assert json.loads(in_use.stdout)["error"]["type"] == "StateInUseError"
        server.send_signal(signal.SIGINT)
        assert server.wait() == 0
