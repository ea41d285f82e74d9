"""VPC endpoints whose type the client leaves to AWS: a gateway, without which moto cannot go on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.ec2.models.vpcs import VPCEndPoint

from localaws.patching import replace

if TYPE_CHECKING:
    from localaws.services import Services


def install(services: Services) -> None:  # noqa: ARG001 - every extension has this signature
    """Give endpoints the type that AWS gives them."""
    create = VPCEndPoint.__init__

    def init(self: VPCEndPoint, *args: Any, **named: Any) -> None:
        create(self, *args, **named)
        self.vpc_endpoint_type = self.vpc_endpoint_type or "Gateway"

    replace(VPCEndPoint, __init__=init)
