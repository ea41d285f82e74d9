"""Which records are the latest of their kind: found while they are in memory to be written.

A table of what the latest record of each user says is made of few records of a batch. So that
nobody has to look for them among all others, they go into files of their own (docs/adr/0021).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from spark.values import marks

if TYPE_CHECKING:
    from spark.contract import Source


def latest(rows: pa.Table, source: Source) -> pa.Table:
    """Of rows of a stage, the records of the last moment of each `source.latest_of`, by version.

    By version, for one that is held later on may not hide another's. Records that are no good, or
    are not kept, count for nothing.
    """
    if source.latest_of is None or source.moment is None or not len(rows):
        return rows.slice(0, 0)
    good = pc.equal(pc.list_value_length(rows["reasons"]), 0)
    places = np.flatnonzero(marks(pc.fill_null(pc.and_(rows["kept"], good), fill_value=False)))
    names = ["source_path", source.latest_of, source.moment]
    versions, whose, when = (rows[name].take(places).combine_chunks() for name in names)
    owners = whose.dictionary_encode()
    pairs = np.asarray(versions.dictionary_encode().indices, np.int64) * len(owners.dictionary)
    coded = pa.array(pairs + np.asarray(owners.indices)).dictionary_encode()
    groups, moments = np.asarray(coded.indices), np.asarray(when)
    last = np.full(len(coded.dictionary), np.iinfo(np.int64).min)
    np.maximum.at(last, groups, moments)
    is_last = np.zeros(len(rows), np.bool_)
    is_last[places[moments == last[groups]]] = True
    return rows.filter(pa.array(is_last))
