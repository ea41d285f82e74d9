"""What records say is in the tables alone: no log, report, ledger entry or error repeats it."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

from spark import apply
from spark.job import main
from spark.tables import INGESTED_FILES, QUARANTINED_RECORDS

if TYPE_CHECKING:
    import pytest

PERSON = "zoe-743155208617@secret.example"


def argv(lake: Any, *more: str) -> list[str]:
    """The arguments of a run on the lake."""
    zones = [f"--{name}={getattr(lake, name)}" for name in ("landing", "bronze", "processing")]
    return ["--run_id", "r", *zones, *more]


def test_a_personal_value_is_in_the_quarantine_only(
    lake: Any, make_play: Any, make_song: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    """Wherever in a bad record it stands, and also when its whole object is held or unreadable."""
    bad = [
        f'{{"userId": "{PERSON}"',
        json.dumps(make_play(1, ts=PERSON)),
        json.dumps(make_play(2, sessionId=PERSON, length=PERSON, page=None)),
        json.dumps(make_play(3, ts=-1, **{PERSON: PERSON})),
        json.dumps([PERSON]),
    ]
    lake.put("log-data/1.json", "\n".join([*bad, json.dumps(make_play(9))]))
    lake.put("log-data/held.json", "\n".join([PERSON] * 30))
    lake.put("log-data/no.json.gz", PERSON.encode())
    lake.put("log-data/cut.json.gz", gzip.compress((PERSON * 99).encode())[:-9])
    lake.put("song-data/1.json", [make_song(1, year=PERSON, artist_latitude=PERSON)])
    assert main(argv(lake)) == 0
    told = "".join(capfd.readouterr())
    told += json.dumps(lake.storage.read_json(f"{lake.processing}/reports/r.json"))
    told += repr(lake.rows(INGESTED_FILES))
    assert "held" in told
    for part in (PERSON, "743155208617", "zo'"):
        assert part not in told
    assert len([row for row in lake.rows(QUARANTINED_RECORDS) if PERSON in row["raw"]]) == 6


def test_an_error_of_the_engine_is_told_without_its_message(
    lake: Any, make_play: Any, monkeypatch: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    """Its kind and place are; and the next run finishes what was begun."""
    lake.put("log-data/1.json", [make_play(1)])

    def broken(*_: Any) -> None:
        lake.spark.sql(f"SELECT cast('{PERSON}' AS int)").collect()

    with monkeypatch.context() as patch:
        patch.setattr(apply, "apply", broken)
        assert main(argv(lake)) == 1
    out, said = capfd.readouterr()
    assert "the job met something unforeseen" in said
    assert "run r: batch of 1 object versions" in out.splitlines()
    assert said.rstrip().endswith("finished first. (run r)")
    assert any(line.startswith("run r: ") and "in broken" in line for line in said.splitlines())
    assert PERSON not in said
    assert lake.run()["finished_runs"] == ["r"]
