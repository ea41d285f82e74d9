"""The stack's settings, read and checked once, before any resource exists.

Every key of the namespaces ``lakehouse:`` (all) and ``aws:`` (the two that the names depend on) is
declared here with its type, range and default; nothing else reads ``pulumi.Config``.
"""

from __future__ import annotations

import difflib
import json
import re
from typing import Annotated, Any, Literal, TypeVar, get_origin

from pulumi.runtime import config as runtime_config
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from lakehouse.errors import ConfigError
from lakehouse.network_checks import network_problems
from lakehouse.network_settings import NetworkSettings
from lakehouse.operation_settings import (
    NIGHTLY,
    WEEKLY,
    OperationSettings,
    operation_problems,
)
from lakehouse.runtimes import DEFAULT_GLUE_VERSION, GlueVersion
from lakehouse.setting_checks import (
    PROD_LOG_RETENTION_DAYS,
    key_problems,
    production_problems,
    tag_problems,
)

NAMESPACE = "lakehouse"

Model = TypeVar("Model", bound=BaseModel)

AccountId = Annotated[str, Field(pattern=r"^\d{12}$")]
PrincipalArn = Annotated[
    str, Field(pattern=r"^arn:aws[a-z-]*:iam::\d{12}:(root|role/[\w+=,.@/-]+|user/[\w+=,.@/-]+)$")
]

PolicyArn = Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:iam::(\d{12}|aws):policy/[\w+=,.@/-]+$")]
AnalystTable = Literal["songs", "artists", "users", "time", "songplays"]
"""Never the quarantine, which holds raw records, nor the ledger."""
KeyArn = Annotated[
    str, Field(pattern=r"^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/(mrk-)?[0-9a-f-]{32,36}$")
]


class Settings(NetworkSettings, OperationSettings):
    """The ``lakehouse:`` keys of ``Pulumi.<stack>.yaml``, each in camelCase there.

    A field's description is what an error message says is allowed.
    """

    environment: Literal["dev", "prod"] = Field(
        description="dev or prod; prod protects the data from deletion"
    )
    prefix: str = Field(
        default="music",
        pattern=r"^[a-z][a-z0-9-]{0,18}[a-z0-9]$",
        description="2 to 20 characters a-z, 0-9 and '-', beginning with a letter",
    )
    allow_data_deletion: bool = Field(
        default=False, description="true or false; true is refused in prod"
    )
    operator_principals: tuple[PrincipalArn, ...] = Field(
        default=(),
        strict=False,
        description="a list of IAM role, user or root ARNs; in prod at least one, and no root",
    )
    analyst_principals: tuple[PrincipalArn, ...] = Field(
        default=(),
        strict=False,
        description="a list of IAM role, user or root ARNs; in prod no root",
    )
    analyst_tables: tuple[AnalystTable, ...] = Field(
        default=("songs", "artists", "time", "songplays"),
        min_length=1,
        strict=False,
        description="a list of one or more of songs, artists, users, time and songplays",
    )
    permissions_boundary_arn: PolicyArn | None = Field(
        default=None, description="the ARN of an IAM policy"
    )
    lake_formation: Literal["off", "grants"] = Field(
        default="off", description="off or grants, in quotes"
    )
    glue_version: GlueVersion = Field(
        default=DEFAULT_GLUE_VERSION, description="5.1 or 6.0, in quotes"
    )
    worker_type: Literal["G.1X", "G.2X", "G.4X", "G.8X"] = Field(
        default="G.1X", description="G.1X, G.2X, G.4X or G.8X"
    )
    worker_count: int = Field(
        default=2, ge=2, le=100, description="a whole number of workers from 2 to 100"
    )
    job_timeout_minutes: int = Field(
        default=60, ge=1, le=1440, description="a whole number of minutes from 1 to 1440"
    )
    report_days: int = Field(
        default=90, ge=7, le=3650, description="a whole number of days from 7 to 3650"
    )
    quarantine_days: int | None = Field(
        default=None, ge=7, le=3650, description="a whole number of days from 7 to 3650"
    )
    query_bytes_limit: int = Field(
        default=1024**3,
        ge=10 * 1024**2,
        le=10 * 1024**4,
        description="a whole number of bytes from 10485760 (10 MiB) to 10995116277760 (10 TiB)",
    )
    noncurrent_version_days: int = Field(
        default=30,
        ge=1,
        le=3650,
        description="a whole number of days from 1 to 3650; at least 7 in prod",
    )
    query_result_days: int = Field(
        default=30, ge=1, le=3650, description="a whole number of days from 1 to 3650"
    )
    access_log_days: int = Field(
        default=90,
        ge=1,
        le=3650,
        description="a whole number of days from 1 to 3650; at least 90 in prod",
    )
    # CloudWatch Logs knows no other numbers (PutRetentionPolicy).
    log_retention_days: Literal[
        1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557,
        2922, 3288, 3653
    ] | None = Field(
        default=None,
        description="1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, "
        "2192, 2557, 2922, 3288 or 3653 days; at least 365 in prod",
    )  # fmt: skip
    kms_key_arn: KeyArn | None = Field(
        default=None,
        description="the ARN of a key (no alias) in the stack's region, as in "
        "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    )

    @property
    def is_production(self) -> bool:
        """Whether the data must outlive mistakes: protected, kept on delete."""
        return self.environment == "prod"

    @property
    def takes_spare_capacity(self) -> bool:
        """Whether the job runs in Glue's FLEX class, which has the two smaller workers only."""
        return not self.is_production and self.worker_type in {"G.1X", "G.2X"}

    @property
    def cron(self) -> str | None:
        """When the job runs by itself; None for never."""
        return self._chosen(self.schedule, NIGHTLY)

    @property
    def maintenance_cron(self) -> str | None:
        """When the job takes care of the tables by itself; None for never."""
        return self._chosen(self.maintenance_schedule, WEEKLY)

    def _chosen(self, setting: str | None, in_production: str) -> str | None:
        chosen = setting or (in_production if self.is_production else "none")
        return None if chosen == "none" else chosen

    @property
    def log_retention(self) -> int:
        """Days for which log groups keep what is in them."""
        default = PROD_LOG_RETENTION_DAYS if self.is_production else 30
        return self.log_retention_days or default


class DefaultTags(BaseModel):
    """What ``aws:defaultTags`` holds that is looked at here."""

    model_config = ConfigDict(frozen=True, strict=True)

    tags: dict[str, str] = Field(default_factory=dict)


class AwsSettings(BaseModel):
    """The ``aws:`` keys that names and ARNs are made from; the provider reads the others itself."""

    model_config = ConfigDict(frozen=True, strict=True, alias_generator=to_camel)

    region: str = Field(
        pattern=r"^[a-z]{2}(-[a-z]+)+-\d$", description="an AWS region such as us-east-1"
    )
    allowed_account_ids: tuple[AccountId, ...] = Field(
        default=(),
        strict=False,
        description="a list of account ids, 12 digits each, in quotes; required in prod",
    )
    default_tags: DefaultTags | None = Field(
        default=None,
        description="an object `tags` of texts, with Project, Environment and ManagedBy; required "
        "in prod",
    )


def load_settings(stack: str) -> tuple[Settings, AwsSettings]:
    """Read and check the configuration of the running stack.

    Raises:
        ConfigError: naming every key that is unknown, missing, of a wrong type or out of range.
    """
    return parse_settings(stack, {**runtime_config.get_config_env(), **runtime_config.CONFIG.get()})


def parse_settings(stack: str, raw: dict[str, Any]) -> tuple[Settings, AwsSettings]:
    """Check settings that come from elsewhere than a running program, such as a file.

    Raises:
        ConfigError: as `load_settings`.
    """
    problems: list[str] = []
    settings = _parse(Settings, NAMESPACE, _namespace(raw, NAMESPACE), problems)
    # The provider has keys of its own in the namespace aws: those are its to judge.
    named = _namespace(raw, "aws")
    ours = {field.alias for field in AwsSettings.model_fields.values()}
    known = {key: value for key, value in named.items() if key in ours}
    aws = _parse(AwsSettings, "aws", known, problems)
    if settings is not None and aws is not None and settings.is_production:
        problems.extend(production_problems(settings, aws))
    if settings is not None and aws is not None:
        problems.extend(tag_problems(settings, aws))
    if settings is not None:
        problems.extend(operation_problems(settings, settings.cron, settings.maintenance_cron))
    if settings is not None and aws is not None:
        problems.extend(network_problems(settings, aws.region))
    if settings is not None and aws is not None and settings.kms_key_arn is not None:
        problems.extend(key_problems(settings.kms_key_arn, aws.region))
    if problems or settings is None or aws is None:
        raise ConfigError(stack, *problems)
    return settings, aws


def _namespace(raw: dict[str, Any], namespace: str) -> dict[str, Any]:
    # Pulumi also accepts the older spelling `project:config:key`.
    pattern = re.compile(rf"^{namespace}:(?:config:)?(.+)$")
    return {match[1]: value for key, value in raw.items() if (match := pattern.match(key))}


def _parse(
    model: type[Model], namespace: str, raw: dict[str, Any], problems: list[str]
) -> Model | None:
    """Validate one namespace; what is wrong is added to ``problems`` as sentences."""
    values = {key: _decode(model, key, value) for key, value in raw.items()}
    try:
        return model.model_validate(values)
    except ValidationError as error:
        told: set[str] = set()
        for detail in error.errors(include_url=False):
            key = str(detail["loc"][0])
            if key not in told:
                told.add(key)
                problems.append(_sentence(model, namespace, key, detail["type"], raw.get(key)))
        return None


def _decode(model: type[BaseModel], key: str, value: Any) -> Any:
    """Pulumi hands every value over as text; what is no text by its type is JSON inside."""
    fields = {field.alias: field for field in model.model_fields.values()}
    field = fields.get(key)
    is_text = field is None or field.annotation is str or get_origin(field.annotation) is Literal
    if is_text or not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _sentence(model: type[BaseModel], namespace: str, key: str, kind: str, came: object) -> str:
    allowed = {str(field.alias): field.description for field in model.model_fields.values()}
    if key not in allowed:
        close = difflib.get_close_matches(key, allowed, n=1)
        hint = (
            f"did you mean {namespace}:{close[0]}?" if close else f"it knows {', '.join(allowed)}"
        )
        return f"{namespace}:{key} = {came!r} is no setting of this program: {hint}"
    if kind == "missing":
        return f"{namespace}:{key} is missing: give {allowed[key]}"
    return f"{namespace}:{key} = {came!r} is not allowed: give {allowed[key]}"
