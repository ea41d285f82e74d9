"""What a program asks for and cannot have is an error that names it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi_aws as aws
import pytest

from localaws.bridge.errors import ProvisionError
from localaws.errors import UnsupportedError
from tests.local.bridge_programs import parameter

if TYPE_CHECKING:
    from collections.abc import Callable


def test_an_unknown_type_is_an_error_that_names_it(up: Callable[..., Any]) -> None:
    """Nothing is skipped in silence."""
    with pytest.raises(UnsupportedError, match="aws:sqs/queue:Queue"):
        up(lambda: aws.sqs.Queue("q"))


@pytest.mark.parametrize(
    ("declare", "told"),
    [
        (lambda name: parameter(name, allowed_pattern="x"), "allowedPattern"),
        (
            lambda name: aws.s3.BucketLifecycleConfiguration(
                "l",
                bucket=name,
                rules=[
                    {"id": "x", "status": "Enabled", "expiration": {"date": "2030-01-01T00:00:00Z"}}
                ],
            ),
            r"rules\[0\]\.expiration.*'date'",
        ),
    ],
    ids=["at the top", "inside"],
)
def test_an_unknown_property_is_an_error_that_names_it(
    up: Callable[..., Any], name: str, declare: Callable[[str], Any], told: str
) -> None:
    """A property that would be left out would make something else than the program says."""
    with pytest.raises(UnsupportedError, match=told):
        up(lambda: declare(name))


def test_an_unknown_data_source_is_an_error_that_names_it(up: Callable[..., Any]) -> None:
    """The same holds for what a program asks."""
    with pytest.raises(UnsupportedError, match="getIpRanges"):
        up(lambda: aws.get_ip_ranges(services=["s3"]))


def test_a_refusal_of_aws_names_the_resource(up: Callable[..., Any], name: str) -> None:
    """The message tells which resource, and what AWS said."""

    def program() -> None:
        aws.s3.BucketVersioning(
            "versions-of-nothing",
            bucket=f"{name}-absent",
            versioning_configuration={"status": "Enabled"},
        )

    with pytest.raises(ProvisionError, match=r"versions-of-nothing.*NoSuchBucket"):
        up(program)


def test_an_error_of_the_program_comes_out_as_itself(up: Callable[..., Any]) -> None:
    """A program's own complaint is not wrapped or lost."""

    def program() -> None:
        raise LookupError("not like this")

    with pytest.raises(LookupError, match="not like this"):
        up(program)
