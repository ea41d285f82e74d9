"""Names: known before any call, the same everywhere, never in a logical name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from lakehouse.account import Account
from lakehouse.errors import ConfigError
from lakehouse.naming import ZONES, Names, make_names

if TYPE_CHECKING:
    from collections.abc import Callable


def test_a_bucket_is_named_by_prefix_stack_zone_account_and_region(names: Names) -> None:
    """The name tells whose bucket it is, and no other account can hold it."""
    assert names.bucket("bronze") == "music-dev-bronze-123456789012-eu-west-1"


def test_every_zone_has_a_bucket(dev: Any) -> None:
    """Seven zones, the query results and the access logs."""
    assert set(dev.outputs["bucket_names"]) == set(ZONES)
    assert len(ZONES) == 9
    assert {bucket["bucket"] for bucket in dev.of_type("s3/bucket:Bucket").values()} == set(
        dev.outputs["bucket_names"].values()
    )


def test_the_database_is_one_that_athena_takes_unquoted() -> None:
    """A dash in prefix or stack becomes an underscore."""
    names = Names("my-music", "dev-2", Account("123456789012", "aws", "eu-west-1"))
    assert names.database == "my_music_dev_2_bronze"


def test_arns_follow_the_partition(names: Names) -> None:
    """Nothing says `arn:aws:` by hand: China and GovCloud have partitions of their own."""
    china = make_names("music", "dev", Account("123456789012", "aws-cn", "cn-north-1"))
    assert china.arn("glue", "job/x") == "arn:aws-cn:glue:cn-north-1:123456789012:job/x"
    assert china.bucket_arn("bronze", "*").startswith("arn:aws-cn:s3:::music-dev-bronze-")
    assert names.iam_arn("root") == "arn:aws:iam::123456789012:root"


def test_a_bucket_name_of_63_characters_is_the_longest() -> None:
    """One letter more and S3 would refuse it, in the middle of an update."""
    account = Account("123456789012", "aws", "eu-west-1")
    room = 63 - len("x-" + "-aws-glue-scripts-123456789012-eu-west-1") + 1
    assert len(make_names("x", "s" * (room - 1), account).bucket("aws-glue-scripts")) == 63
    with pytest.raises(ConfigError, match="64 characters"):
        make_names("x", "s" * room, account)


def test_the_same_program_in_another_account_has_the_same_logical_names(
    declare: Callable[..., Any], dev: Any
) -> None:
    """Logical names hold no account and no region, or Pulumi would replace everything."""
    elsewhere = declare({"aws:region": "us-gov-west-1"}, account="999988887777")
    assert elsewhere.resources.keys() == dev.resources.keys()
    for urn in dev.resources:
        assert "123456789012" not in urn
        assert "eu-west-1" not in urn
