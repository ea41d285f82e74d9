"""When the runs of a schedule are, from AWS's cron expression."""

from __future__ import annotations

import re

_FIELDS = ("minute", "hour", "day of month", "month", "day of week", "year")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_ANY = {"*", "?"}
_MINUTES_OF_A_WEEK = 7 * 24 * 60


def longest_gap(expression: str) -> int:
    """The longest time between two runs, in minutes.

    Raises:
        ValueError: as `_starts`.
    """
    runs = sorted(_starts(expression))
    following = [*runs[1:], runs[0] + _MINUTES_OF_A_WEEK]
    return max(later - earlier for earlier, later in zip(runs, following, strict=True))


def meetings(first: str, second: str) -> int:
    """How often in a week runs of both schedules start in the same minute.

    Raises:
        ValueError: as `_starts`.
    """
    return len(_starts(first) & _starts(second))


def _starts(expression: str) -> set[int]:
    """The minutes of a week in which runs start; for a weekly or more frequent schedule.

    The expression is of the form of Glue's triggers ("Time-based schedules"): ``cron(minute hour
    day-of-month month day-of-week year)``, in UTC.

    Raises:
        ValueError: when it is not of that form, or is bound to days of the month, months or years:
            then no single number says how long after a run the next one is due.
    """
    match = re.fullmatch(r"cron\((.+)\)", expression)
    fields = match[1].split() if match else []
    if len(fields) != len(_FIELDS):
        raise ValueError(f"it is not of the form cron({' '.join(_FIELDS)})")
    minute, hour, month_day, month, week_day, year = fields
    for name, text in (("day of month", month_day), ("month", month), ("year", year)):
        if text not in _ANY:
            raise ValueError(f"its {name} is bound to {text}, and only * or ? is supported there")
    if (month_day == "?") == (week_day == "?"):
        raise ValueError("one of day of month and day of week has to be ?, as AWS demands")
    minutes = _values(minute, 0, 59)
    hours = _values(hour, 0, 23)
    days = range(7) if week_day in _ANY else [day - 1 for day in _values(_numbered(week_day), 1, 7)]
    return {(day * 24 + at) * 60 + past for day in days for at in hours for past in minutes}


def _numbered(text: str) -> str:
    for number, day in enumerate(_DAYS, start=1):
        text = text.replace(day, str(number))
    return text


def _values(text: str, lowest: int, highest: int) -> list[int]:
    """The numbers that a field stands for, from lists, ranges and steps."""
    found: set[int] = set()
    for part in text.split(","):
        match = re.fullmatch(r"(\*|(\d+)(?:-(\d+))?)(?:/(\d+))?", part)
        if match is None:
            raise ValueError(f"{part!r} is no number, range or step")
        first = lowest if match[1] == "*" else int(match[2])
        step = int(match[4] or 1)
        open_ended = match[1] == "*" or (match[4] is not None and match[3] is None)
        last = highest if open_ended else int(match[3] or match[2])
        if not (lowest <= first <= last <= highest and step > 0):
            raise ValueError(f"{part!r} is not within {lowest} to {highest}")
        found.update(range(first, last + 1, step))
    return sorted(found)
