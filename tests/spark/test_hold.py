"""Objects that are too bad are held until somebody accepts that very version; others go on."""

from __future__ import annotations

import json
from typing import Any

import pytest

from spark.hold import MIN_QUARANTINED, is_too_bad, why
from spark.job import main
from spark.tables import INGESTED_FILES, QUARANTINED_RECORDS, SONGPLAYS

NOT_JSON = "line: not one JSON object"


def mostly_bad(make_play: Any) -> str:
    """Thirty bad records and ten good ones."""
    return "\n".join(["broken"] * 30 + [json.dumps(make_play(n)) for n in range(10)])


def ledger(lake: Any) -> dict[str, list[str]]:
    """Key -> statuses of its versions, sorted."""
    found: dict[str, list[str]] = {}
    for row in lake.rows(INGESTED_FILES):
        key = row["source_path"].removeprefix(f"{lake.landing}/")
        found[key] = sorted([*found.get(key, []), row["status"]])
    return found


@pytest.mark.parametrize(
    ("read", "quarantined", "held"),
    [
        (40, 20, False),
        (40, 21, True),
        (MIN_QUARANTINED, MIN_QUARANTINED, True),
        (MIN_QUARANTINED - 1, MIN_QUARANTINED - 1, False),
        (0, 0, False),
    ],
)
def test_a_version_is_held_when_more_than_the_fraction_of_it_is_bad(
    read: int, quarantined: int, held: bool
) -> None:
    """Few bad records never hold it, neither does exactly the fraction."""
    assert is_too_bad(read, quarantined, 0.5) is held


def test_the_reason_tells_counts_and_the_commonest_reasons() -> None:
    """Three reasons at the most, the commonest first."""
    told = why(9, 8, {"a: x": 1, "b: x": 5, "c: x": 2, "d: x": 1})
    assert told == "8 of 9 records break the contract: b: x (5); c: x (2); a: x (1)"


def test_a_held_version_waits_for_its_acceptance_and_others_go_on(
    lake: Any, make_play: Any
) -> None:
    """Nothing of it is in any table; accepted, it is read like any other, and only once."""
    path = lake.put("log-data/bad.json", mostly_bad(make_play))
    lake.put("log-data/good.json", [make_play(50)])
    report = lake.run()
    assert ledger(lake) == {"log-data/bad.json": ["held"], "log-data/good.json": ["ingested"]}
    entry = next(row for row in lake.rows(INGESTED_FILES) if row["status"] == "held")
    assert (entry["records_read"], entry["kept"], entry["quarantined"]) == (40, 10, 30)
    assert len(lake.rows(SONGPLAYS)) == 1
    assert lake.rows(QUARANTINED_RECORDS) == []
    told = {
        "path": path,
        "read": 40,
        "quarantined": 30,
        "error": f"30 of 40 records break the contract: {NOT_JSON} (30)",
    }
    assert report["held"] == [told]
    assert report["records"]["read"] == 1
    assert report["reasons"] == {}
    again = lake.run()
    assert (again["files"]["new"], again["held"]) == (0, [told])
    released = lake.run(accept=json.dumps([path]))
    assert (released["held"], released["released"]) == ([], [path])
    assert released["reasons"] == {NOT_JSON: 30}
    assert ledger(lake)["log-data/bad.json"] == ["ingested"]
    assert len(lake.rows(SONGPLAYS)) == 11
    assert [row["occurrences"] for row in lake.rows(QUARANTINED_RECORDS)] == [30]
    twice = lake.run(accept="log-data/bad.json")
    assert (twice["files"]["new"], twice["released"]) == (0, [])


def test_acceptance_is_of_one_version(lake: Any, make_play: Any) -> None:
    """What was put in the place of a held version is judged for itself."""
    lake.put("log-data/bad.json", mostly_bad(make_play))
    lake.run()
    lake.put("log-data/bad.json", mostly_bad(make_play) + "\nworse")
    report = lake.run(accept="log-data/bad.json")
    assert report["released"] == []
    assert ledger(lake) == {"log-data/bad.json": ["held", "held"]}
    assert [found["quarantined"] for found in report["held"]] == [31]
    assert lake.rows(SONGPLAYS) == []


def test_a_path_that_nobody_knows_is_not_accepted(lake: Any, capsys: Any) -> None:
    """A typing error is said, and nothing is ingested in its name."""
    zones = [f"--{name}={getattr(lake, name)}" for name in ("landing", "bronze", "processing")]
    assert main(["--run_id", "r", *zones, "--accept", "log-data/bda.json"]) == 1
    said = capsys.readouterr().err
    assert "ArgumentError: Nothing was accepted" in said
    assert f"{lake.landing}/log-data/bda.json" in said


def test_accepting_at_once_or_later_gives_the_same_tables(
    lake: Any, engine: Any, make_play: Any
) -> None:
    """The tables depend on what was seen and accepted, not on when."""
    other = type(lake)(engine)
    files = {
        "log-data/a.json": mostly_bad(make_play),
        "log-data/b.json": [make_play(n, level="paid") for n in range(5, 20)],
    }
    for key, body in files.items():
        lake.put(key, body)
        other.put(key, body)
    lake.run()
    lake.run(accept="log-data/a.json")
    other.run(max_quarantined_fraction=1)
    own = {"source_modified", "run_id", "quarantined_at"}
    for table in (SONGPLAYS, QUARANTINED_RECORDS):
        said = [
            repr(
                [{k: v for k, v in row.asDict().items() if k not in own} for row in of.rows(table)]
            ).replace(of.landing, "landing")
            for of in (lake, other)
        ]
        assert said[0] == said[1]


def test_an_object_over_the_limit_is_refused_unread(lake: Any, make_play: Any) -> None:
    """The ledger has it with the reason; what follows in the listing goes on."""
    lake.put("log-data/1.json", [make_play(n) for n in range(100)])
    lake.put("log-data/2.json", [make_play(200)])
    report = lake.run(max_object_bytes=10_000)
    assert ledger(lake) == {"log-data/1.json": ["failed"], "log-data/2.json": ["ingested"]}
    [failure] = report["failures"]
    assert failure["error"].startswith("not read: larger than 10000 bytes")
    assert (failure["attempts"], failure["parked"]) == (1, False)
    assert len(lake.rows(SONGPLAYS)) == 1
