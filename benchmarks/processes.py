"""What a tree of processes uses: its memory now, its processor time so far. Linux only (/proc)."""

from __future__ import annotations

import os
from pathlib import Path

_PROC = Path("/proc")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICK = os.sysconf("SC_CLK_TCK")


def resident_bytes(root: int) -> int:
    """Resident memory of the process `root` and all its descendants, shared pages counted twice."""
    return sum(int(fields[21]) * _PAGE for fields in _tree(root))


def cpu_seconds(root: int) -> float:
    """Processor time of `root` and its descendants, with that of children that have ended."""
    return sum(sum(map(int, fields[11:15])) for fields in _tree(root)) / _TICK


def _tree(root: int) -> list[list[str]]:
    """The fields of /proc/PID/stat from the third on (proc(5)), for each process of the tree."""
    stats: dict[int, list[str]] = {}
    for entry in _PROC.iterdir():
        if entry.name.isdecimal():
            try:
                text = (entry / "stat").read_text()
            except (FileNotFoundError, ProcessLookupError):
                continue
            # The second field is the name in parentheses, which may hold anything.
            stats[int(entry.name)] = text.rpartition(")")[2].split()
    found = [root]
    for parent in found:
        found += [pid for pid, fields in stats.items() if int(fields[1]) == parent]
    return [stats[pid] for pid in found if pid in stats]
