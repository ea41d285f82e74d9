"""AWS-shaped errors for what moto does not implement or fails at.

moto answers both with an HTML page and status 500, which AWS's SDKs retry for up to minutes and
then report without the reason. Status 501 is never retried, and the body has the shape that the
service's protocol gives to errors, so that the client shows the message.
"""

from __future__ import annotations

import json
import re
from html import escape
from typing import Any

STATUS = "501 Not Implemented"
_QUERY_ACTION = re.compile(rb"(?:^|&)Action=(\w+)")


def action_of(environ: dict[str, Any]) -> str:
    """Return the action that a request names, or its method and path where the protocol is REST."""
    target = environ.get("HTTP_X_AMZ_TARGET", "")
    if target:
        return str(target).rpartition(".")[2]
    if environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        found = _QUERY_ACTION.search(environ["wsgi.input"].getvalue())
        if found:
            return found.group(1).decode()
    found = _QUERY_ACTION.search(environ.get("QUERY_STRING", "").encode())
    if found:
        return found.group(1).decode()
    query = environ.get("QUERY_STRING", "")
    return f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}{'?' if query else ''}{query}"


def error_reply(
    environ: dict[str, Any], service: str, code: str, message: str
) -> tuple[list[tuple[str, str]], bytes]:
    """Return headers and body of an error in the shape that the request's protocol expects."""
    if service in {"s3", "s3control"}:
        body = f"<Error><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
        return [("Content-Type", "application/xml")], body.encode()
    if environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        error = f"<Code>{code}</Code><Message>{escape(message)}</Message>"
        if service == "ec2":
            body = f"<Response><Errors><Error>{error}</Error></Errors></Response>"
        else:
            body = f"<ErrorResponse><Error><Type>Sender</Type>{error}</Error></ErrorResponse>"
        return [("Content-Type", "text/xml")], body.encode()
    headers = [("Content-Type", "application/x-amz-json-1.1"), ("x-amzn-ErrorType", code)]
    return headers, json.dumps({"__type": code, "message": message, "Message": message}).encode()
