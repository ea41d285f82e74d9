"""What a small fixed input becomes, table by table, as text that shows in a review.

To accept a change: UPDATE_GOLDEN=1 .venv/bin/python -m pytest tests/spark/test_golden.py
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spark.tables import TABLES

if TYPE_CHECKING:
    from tests.spark.comparison import Content

GOLDEN = Path(__file__).parent / "golden"
NOT_FIXED = {"run_id", "batch", "ingested_at", "quarantined_at", "source_modified"}
"""Columns that tell when and by which run; S3 cannot be told a modification time either."""


def test_a_fixed_input_gives_the_golden_tables(lake: Any, make_song: Any, make_play: Any) -> None:
    """Schema and rows of every table are those of golden/<table>.txt, in two runs.

    In the input: songs of one artist, a play of a known song and of an unknown one, a page that is
    no play, a repeated event, a newer event of a user that arrives first, records that break the
    contract, a song that changes its title afterwards, and an object that cannot be read.
    """
    lake.put("song-data/A/1.json", [make_song(1)])
    lake.put("song-data/A/6.json", [make_song(6, artist_location="Nashville, TN")])
    lake.put(
        "log-data/2018/11/a.json",
        [
            make_play(1, userId="7", level="paid"),
            make_play(1, userId="7", level="paid"),
            make_play(6, userId="8", ts=1543622400000, userAgent=None),
            make_play(2, page="Home"),
            make_play(3, ts="soon", userId=""),
        ],
    )
    lake.put("log-data/2018/11/none.json.gz", b"no gzip")
    lake.run()
    lake.put("log-data/2018/11/b.json", [make_play(0, userId=7, song="Later", length=206.25)])
    lake.put("song-data/A/6.json", [make_song(6, title="Later", artist_name="Artist 0")])
    lake.run()
    content: Content = lake.content(TABLES, without=NOT_FIXED)
    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.mkdir(exist_ok=True)
        for name, table in content.items():
            (GOLDEN / f"{name}.txt").write_text(table.as_text(), encoding="utf-8")
    golden = {name: (GOLDEN / f"{name}.txt").read_text(encoding="utf-8") for name in content}
    assert {name: table.as_text() for name, table in content.items()} == golden
