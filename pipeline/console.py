"""Where people see a log in a browser: addresses of the CloudWatch console."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from pipeline.aws import Aws

CONSOLES = {
    "amazonaws.com.cn": "console.amazonaws.cn",
    "us-gov": "console.amazonaws-us-gov.com",
    "amazonaws.com": "console.aws.amazon.com",
}
"""What the address of a service has in it, and the console beside it; the first that fits."""


def log_link(aws: Aws, group: str, stream: str) -> str | None:
    """Return the address of a log stream's page; None on localaws, which has no console.

    The console reads group and stream behind its `#`, encoded twice, with a `$` for each `%`.
    """
    service = aws.logs.meta.endpoint_url
    host = next((host for words, host in CONSOLES.items() if words in service), None)
    if host is None:
        return None
    region = aws.session.region_name
    return (
        f"https://{region}.{host}/cloudwatch/home?region={region}#logsV2:log-groups/log-group/"
        f"{_twice(group)}/log-events/{_twice(stream)}"
    )


def _twice(name: str) -> str:
    return quote(quote(name, safe=""), safe="").replace("%", "$")
