"""Property values as Pulumi carries them, and as the AWS API wants them."""

from __future__ import annotations

from typing import Any

from pulumi.runtime import rpc


def plain(value: Any) -> Any:
    """Secrets in the clear, and whole numbers whole.

    Pulumi carries every number as a float, and wraps what a provider's schema calls a secret.
    """
    if rpc.is_rpc_secret(value):
        return plain(rpc.unwrap_rpc_secret(value))
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value


def known(value: Any) -> Any:
    """The same without what a preview does not know yet, at any depth."""
    if isinstance(value, dict):
        return {key: known(item) for key, item in value.items() if item != rpc.UNKNOWN}
    if isinstance(value, list):
        return [known(item) for item in value if item != rpc.UNKNOWN]
    return value
