"""Whether the stack's file says what the program can work with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakehouse.config import parse_settings
from lakehouse.errors import ConfigError
from localaws.bridge import stack_config
from localaws.errors import UnsupportedError
from pipeline.doctor.findings import UncheckedError, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.doctor.subject import Subject


def settings(subject: Subject) -> Iterator[Verdict]:
    """Each key, its type and range, and whether they fit together."""
    from yaml import YAMLError  # noqa: PLC0415

    try:
        subject.raw = stack_config(subject.file)
    except YAMLError as error:
        where = " ".join(str(error).split())
        yield Verdict("problem", f"{subject.file.name} is not valid YAML: {where}", "Correct it.")
        return
    except UnsupportedError as error:
        raise UncheckedError(f"{error}; leave secrets out, the program takes none") from error
    place = subject.raw.get("aws:region")
    if place and subject.region and subject.region != place:
        yield Verdict(
            "warning",
            f"--region {subject.region} is not where the stack goes: that is {place}",
            f"Leave --region out, or change aws:region in {subject.file.name}.",
        )
    subject.region = place or subject.region
    try:
        subject.settings, subject.aws_settings = parse_settings(subject.stack, subject.raw)
    except ConfigError as error:
        for problem in error.problems:
            yield Verdict("problem", problem, f"Correct it in {subject.file.name}.")
        return
    yield Verdict("ok", f"{subject.file.name} is valid ({subject.settings.environment})")
