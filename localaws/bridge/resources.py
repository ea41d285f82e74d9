"""The one table of resource types, for provisioning in process and for the stand-in plugin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from localaws.bridge import (
    athena,
    budgets,
    cloudwatch,
    ec2,
    ec2_endpoints,
    ec2_security,
    events,
    glue,
    glue_security,
    glue_triggers,
    iam,
    iam_managed,
    kms,
    lakeformation,
    logs,
    s3,
    s3_settings,
    sns,
    ssm,
)
from localaws.errors import UnsupportedError

if TYPE_CHECKING:
    from localaws.bridge.resource_type import ResourceType

TYPES: dict[str, ResourceType] = {
    **s3.TYPES,
    **s3_settings.TYPES,
    **iam.TYPES,
    **iam_managed.TYPES,
    **ec2.TYPES,
    **ec2_endpoints.TYPES,
    **ec2_security.TYPES,
    **glue.TYPES,
    **lakeformation.TYPES,
    **glue_security.TYPES,
    **glue_triggers.TYPES,
    **kms.TYPES,
    **logs.TYPES,
    **athena.TYPES,
    **budgets.TYPES,
    **cloudwatch.TYPES,
    **events.TYPES,
    **sns.TYPES,
    **ssm.TYPES,
}


def resource_type(token: str) -> ResourceType:
    """What the bridge knows about a type, by its Pulumi token.

    Raises:
        UnsupportedError: for a type that is not in the table.
    """
    found = TYPES.get(token)
    if found is None:
        raise UnsupportedError(
            f"localaws cannot provision {token}; it knows {', '.join(sorted(TYPES))}"
        )
    return found
