"""The keys of ``Pulumi.<stack>.yaml`` that say when the job runs, and who hears of what."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from lakehouse.cron import longest_gap, meetings

Email = Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s.]+$")]

MAX_SCHEDULE_GAP_MINUTES = 84 * 60
"""Half of the seven days that an alarm looks back at most: it waits for two runs."""
NIGHTLY = "cron(0 3 * * ? *)"
WEEKLY = "cron(37 4 ? * SUN *)"
"""Long after the nightly run, and at a minute that few schedules have."""


def _frequent(text: str) -> str:
    if text != "none" and longest_gap(text) > MAX_SCHEDULE_GAP_MINUTES:
        raise ValueError("its runs are too far apart")
    return text


def _weekly_or_more(text: str) -> str:
    if text != "none":
        longest_gap(text)
    return text


class OperationSettings(BaseModel):
    """Schedules, alerts and the budget; `Settings` knows which stack they are of."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, alias_generator=to_camel)

    schedule: Annotated[str, AfterValidator(_frequent)] | None = Field(
        default=None,
        description="none, or cron(minute hour ? * day-of-week *) in UTC with runs at most "
        "84 hours apart, as in cron(0 3 * * ? *)",
    )
    maintenance_schedule: Annotated[str, AfterValidator(_weekly_or_more)] | None = Field(
        default=None,
        description="none, or cron(minute hour ? * day-of-week *) in UTC, as in "
        "cron(37 4 ? * SUN *)",
    )
    alerts: bool = Field(default=True, description="true or false")
    alert_emails: tuple[Email, ...] = Field(
        default=(), strict=False, description="a list of e-mail addresses"
    )
    monthly_budget_usd: int | None = Field(
        default=None,
        ge=1,
        le=1_000_000,
        description="a whole number of US dollars from 1 to 1000000",
    )


def operation_problems(
    settings: OperationSettings, ingest: str | None, maintenance: str | None
) -> list[str]:
    """What does not fit together, as sentences; the schedules are given or by default."""
    problems = []
    if settings.monthly_budget_usd is not None and not settings.alerts:
        problems.append(
            f"lakehouse:monthlyBudgetUsd = {settings.monthly_budget_usd} needs "
            "lakehouse:alerts = 'true', which makes the topic that a budget tells: set that, or "
            "leave the budget out"
        )
    if ingest is not None and maintenance is not None and meetings(ingest, maintenance):
        problems.append(
            f"lakehouse:maintenanceSchedule = {maintenance!r} and lakehouse:schedule = {ingest!r} "
            f"start runs at the same time, {meetings(ingest, maintenance)} times a week: the job "
            "takes one run at a time and refuses the other, so choose another minute for one"
        )
    return problems
