"""The account that the server answers for, and the code with which it refuses a call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable

ACCOUNT = "123456789012"


def code_of(call: Callable[..., Any], **arguments: Any) -> str:
    """Call, and return the code of the error that it ends with."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return str(caught.value.response["Error"]["Code"])
