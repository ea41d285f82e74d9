"""What the stack tells the pipeline: one JSON document in an SSM parameter.

The Pulumi program writes it (decision 8 of the design), so running the pipeline takes AWS
credentials only, and neither Pulumi nor its state.
"""

from __future__ import annotations

import json
from dataclasses import MISSING, dataclass, field, fields
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from pipeline.errors import StackError

if TYPE_CHECKING:
    from pipeline.aws import Aws

VERSION = 1
"""The one version of the document that this pipeline understands."""


@dataclass(frozen=True)
class Outputs:
    """The names that the stages need; every field is an output of the same name."""

    job_name: str
    crawler_name: str
    database_name: str
    workgroup_name: str
    landing_bucket: str
    bucket_names: dict[str, str]
    """Zone -> bucket, as in `processing-zone`."""
    tables: dict[str, str]
    """Table -> location, as in `s3://bucket/songs/`."""
    log_groups: dict[str, str] = field(default_factory=dict)
    """Purpose -> log group, as in `job_output`; stacks of older releases do not tell."""


def parameter_name(stack: str) -> str:
    """Name the SSM parameter in which a stack keeps its outputs."""
    return f"/lakehouse/{stack}/outputs"


def read_outputs(aws: Aws, stack: str) -> Outputs:
    """Read and check the outputs of a stack.

    Raises:
        StackError: there is no such parameter, or the document in it is not for this version.
    """
    name = parameter_name(stack)
    try:
        text = aws.ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ParameterNotFound":
            raise
        raise StackError(
            f"There is no stack {stack!r} in region {aws.session.region_name}: the SSM parameter "
            f"{name} does not exist. Create the stack with `pulumi up --stack {stack}`, or check "
            "that your credentials and region are those of its account."
        ) from error
    return parse_outputs(text, name)


def parse_outputs(text: str, name: str) -> Outputs:
    """Check the document `text`, which came from the parameter `name`.

    Raises:
        StackError: it is no JSON object, has another version, or lacks a field.
    """
    try:
        document: Any = json.loads(text)
        version = document["version"]
    except (ValueError, KeyError, TypeError) as error:
        raise StackError(
            f"The SSM parameter {name} does not hold a stack's outputs. Write it again with "
            "`pulumi up`."
        ) from error
    if version != VERSION:
        raise StackError(
            f"The outputs in the SSM parameter {name} have version {version!r}, and this pipeline "
            f"reads version {VERSION}. Use the release of the pipeline that deployed the stack, "
            "or deploy it again with this one."
        )
    known = fields(Outputs)
    required = [one.name for one in known if one.default_factory is MISSING]
    missing = [one for one in required if document.get(one) is None]
    if missing:
        raise StackError(
            f"The outputs in the SSM parameter {name} lack {', '.join(missing)}. Write them again "
            "with `pulumi up`."
        )
    return Outputs(
        **{one.name: document[one.name] for one in known if document.get(one.name) is not None}
    )
