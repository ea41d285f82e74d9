"""Objects that were cut at a random byte: nothing raises, the accounts balance, good records stay.

LAKEHOUSE_SEED cuts elsewhere than every run does; LAKEHOUSE_CUTS, more objects.
"""

from __future__ import annotations

import gzip
import json
import os
import random
from typing import Any

import pytest

from spark.tables import INGESTED_FILES, QUARANTINED_RECORDS, SONGPLAYS
from tests.spark.records import play

pytestmark = pytest.mark.core

SEED = int(os.environ.get("LAKEHOUSE_SEED", "20181102"))
CUTS = int(os.environ.get("LAKEHOUSE_CUTS", "60"))
LINES = 6


def test_an_object_cut_anywhere_loses_no_whole_record(lake: Any) -> None:
    """Of plain text the whole records are kept and the rest is quarantined; a cut gzip fails.

    A gzip counts as a whole: what was read of it before the cut reaches no table.
    """
    dice = random.Random(SEED)  # noqa: S311 # places to cut, no secrets
    kept: set[int] = set()
    expected: dict[str, tuple[str, int, int, int]] = {}
    bad = 0
    for number in range(CUTS):
        plays = [number * LINES + line for line in range(LINES)]
        lines = [json.dumps(play(each, firstName="Zoë"), ensure_ascii=False) for each in plays]
        whole = "\n".join(lines).encode()
        is_gzip = number % 3 == 0
        body = gzip.compress(whole, mtime=0) if is_gzip else whole
        cut = dice.randrange(1, len(body))
        key = f"log-data/{number:03d}.json" + (".gz" if is_gzip else "")
        lake.put(key, body[:cut])
        if is_gzip:
            expected[key] = ("failed", 0, 0, 0)
            continue
        begun = body[:cut].removesuffix(b"\n").split(b"\n")
        good = [each for each, text in zip(plays, begun, strict=False) if text == body_of(each)]
        kept.update(good)
        bad += len(begun) - len(good)
        expected[key] = ("ingested", len(begun), len(good), len(begun) - len(good))
    lake.run(max_quarantined_fraction=1)
    found = {
        row["source_path"].removeprefix(f"{lake.landing}/"): (
            row["status"],
            row["records_read"],
            row["kept"],
            row["quarantined"],
        )
        for row in lake.rows(INGESTED_FILES)
    }
    assert found == expected, f"LAKEHOUSE_SEED={SEED}"
    assert {row["item_in_session"] for row in lake.rows(SONGPLAYS)} == kept
    assert sum(row["occurrences"] for row in lake.rows(QUARANTINED_RECORDS)) == bad
    assert lake.run()["files"]["new"] == 0


def body_of(number: int) -> bytes:
    """The line of a play, whole."""
    return json.dumps(play(number, firstName="Zoë"), ensure_ascii=False).encode()
