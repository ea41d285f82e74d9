"""The tables of docs/configuration.md: ``python -m lakehouse.settings_page`` renews them.

What a key is called, takes and means by default comes from the settings themselves, who sets it
from the stack files; only what it costs is written down here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from pydantic_core import PydanticUndefined

from lakehouse.config import AwsSettings, Settings

if TYPE_CHECKING:
    from pydantic import BaseModel
    from pydantic.fields import FieldInfo

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "configuration.md"
STACKS = ("dev", "prod", "local")

COSTS = {
    "accessLogDays": "$0.023 per GB kept",
    "alertEmails": "nothing for the first 1,000 messages",
    "alerts": "$3.00 for the dashboard beyond the account's first three, $0.10 for the alarm, "
    "$0.30 for the metric",
    "analystPrincipals": "nothing; queries as for everyone, $5.00 per TB read",
    "availabilityZones": "see [below](#what-it-costs-a-month)",
    "extraEndpoints": "$7.30 each in each zone",
    "glueVersion": "6.0 costs 30 % less an hour, says AWS",
    "jobTimeoutMinutes": "bounds what one hanging run costs: two G.1X for an hour are $0.88, or "
    "$0.58 on spare capacity",
    "kmsKeyArn": "$1.00 for the key that is made without it, and $1.00 more for each of its first "
    "two rotations",
    "logRetentionDays": "$0.03 per GB kept, $0.50 per GB written",
    "maintenanceSchedule": "four runs of ten minutes on two G.1X are $0.59",
    "monthlyBudgetUsd": "nothing: a budget that only tells is free",
    "network": "see [below](#what-it-costs-a-month)",
    "noncurrentVersionDays": "$0.023 per GB kept beyond what is current",
    "queryBytesLimit": "bounds what one query costs: $5.00 per TB, $0.005 at 1 GiB",
    "queryResultDays": "$0.023 per GB kept",
    "schedule": "thirty runs of ten minutes on two G.1X are $4.40; their crawls, billed for ten "
    "minutes at least, from $2.20",
    "workerCount": "$0.44 an hour for each, $0.29 on spare capacity",
    "workerType": "an hour: G.1X $0.44, G.2X $0.88, G.4X $1.76, G.8X $3.52",
}
"""Key -> what it adds to the bill, at list prices of us-east-1; the others add nothing."""

_BY_ENVIRONMENT = {
    "availabilityZones": ("1", "2"),
    "logRetentionDays": tuple(
        str(Settings(environment=one).log_retention) for one in ("dev", "prod")
    ),
    "maintenanceSchedule": tuple(
        f"`{Settings(environment=one).maintenance_cron or 'none'}`" for one in ("dev", "prod")
    ),
    "operatorPrincipals": ("the account's root", "none: required"),
    "schedule": tuple(f"`{Settings(environment=one).cron or 'none'}`" for one in ("dev", "prod")),
}
"""Key -> default in dev and in prod, where these differ."""


def filled(page: str) -> str:
    """The page with each table between its markers written anew."""
    for name, model, namespace in (
        ("settings", Settings, "lakehouse"),
        ("aws settings", AwsSettings, "aws"),
    ):
        begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
        before, _, rest = page.partition(begin)
        after = rest.partition(end)[2]
        page = before + "\n".join((begin, *_table(model, namespace), end)) + after
    return page


def _table(model: type[BaseModel], namespace: str) -> list[str]:
    files = {stack: _stack_file(stack) for stack in STACKS}
    rows: list[tuple[str, ...]] = [("key", "takes", "default", *STACKS, "adds to the bill a month")]
    fields = sorted(model.model_fields.values(), key=lambda field: str(field.alias))
    for field in fields:
        key = str(field.alias)
        chosen = [_shown(files[stack].get(f"{namespace}:{key}")) for stack in STACKS]
        cost = COSTS.get(key, "")
        rows.append((f"`{key}`", field.description or "", _default(key, field), *chosen, cost))
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return [lines[0], "| --- " * len(rows[0]) + "|", *lines[1:]]


def _default(key: str, field: FieldInfo) -> str:
    if key in _BY_ENVIRONMENT:
        dev, prod = _BY_ENVIRONMENT[key]
        return f"{dev}; in prod {prod}"
    if field.default is PydanticUndefined:
        return "none: required"
    return _shown(field.default) or "none"


def _shown(value: Any) -> str:
    """A value as it stands in a file; nothing for what is not there."""
    if value is None or value == ():
        return ""
    if isinstance(value, tuple | list | Mapping):
        value = json.dumps(value)
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _stack_file(stack: str) -> Mapping[str, Any]:
    text = (ROOT / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8")
    settings: Mapping[str, Any] = yaml.safe_load(text)["config"]
    return settings


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
