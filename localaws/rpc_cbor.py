"""Requests in Smithy's RPC v2 CBOR protocol, turned into the JSON that moto understands.

AWS's SDKs for Go, Java and Rust, and so Terraform's and Pulumi's providers, talk to CloudWatch in
no other way. Protocol: https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html
"""

from __future__ import annotations

import gzip
import io
import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import botocore.session
from botocore.parsers import ResponseParserError, RpcV2CBORParser, create_parser
from botocore.serialize import RpcV2CBORSerializer, create_serializer

from localaws.errors import UnsupportedError
from localaws.unsupported import STATUS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from botocore.model import OperationModel, ServiceModel

    Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

_PROTOCOL: Final = "rpc-v2-cbor"
_NOTHING: Final = b"\xa0"  # a map without entries
# The name of a service in such a path -> botocore's name of it, and the namespace of its errors.
_SERVICES: Final = {
    "GraniteServiceVersion20100801": ("cloudwatch", "com.amazonaws.cloudwatch"),
}
_QUERY_ERROR: Final = "x-amzn-query-error"
_HEADERS: Final = (("smithy-protocol", _PROTOCOL), ("Content-Type", "application/cbor"))


def asks(environ: Mapping[str, Any]) -> bool:
    """Tell whether a request is in this protocol."""
    return bool(environ.get("HTTP_SMITHY_PROTOCOL") == _PROTOCOL)


def answer(
    application: Application, environ: dict[str, Any], start_response: Callable[..., Any]
) -> Iterable[bytes]:
    """Let `application` answer the same request in JSON, and answer in CBOR."""
    try:
        operation, namespace = _operation(environ["PATH_INFO"])
        request = _as_json(environ, operation)
    except UnsupportedError as error:
        start_response(STATUS, list(_HEADERS))
        return [_error("LocalawsError", str(error))]
    replied: list[Any] = []

    def note(status: str, headers: list[tuple[str, str]], _: object = None, /) -> None:
        replied[:] = status, headers

    body = b"".join(application(request, note))
    status: str = replied[0]
    headers = {name.lower(): value for name, value in replied[1]}
    code = int(status.partition(" ")[0])
    reply = {"status_code": code, "headers": headers, "body": body}
    kept = [(name, headers[name]) for name in (_QUERY_ERROR, "x-amzn-requestid") if name in headers]
    if code < 300:
        content = _encode(reply, operation)
    else:
        content = _encode_error(json.loads(body or b"{}"), operation, namespace)
    start_response(status, [*kept, *_HEADERS])
    return [content]


@lru_cache(maxsize=1)
def _model(service: str) -> ServiceModel:
    return botocore.session.Session().get_service_model(service)


def _operation(path: str) -> tuple[OperationModel, str]:
    """Return the operation that a path of the form /service/NAME/operation/NAME stands for."""
    service, _, name = path.removeprefix("/service/").partition("/operation/")
    if service not in _SERVICES:
        raise UnsupportedError(f"localaws does not support {service or path} over CBOR")
    known, namespace = _SERVICES[service]
    model = _model(known)
    if name not in model.operation_names:
        raise UnsupportedError(f"localaws does not know the operation {name} of {known}")
    return model.operation_model(name), namespace


def _as_json(environ: dict[str, Any], operation: OperationModel) -> dict[str, Any]:
    body: bytes = environ["wsgi.input"].read()
    if environ.get("HTTP_CONTENT_ENCODING") == "gzip":
        body = gzip.decompress(body)
    decoder = RpcV2CBORParser()
    stream = decoder.get_peekable_stream_from_bytes(body or _NOTHING)
    try:
        parameters = decoder.parse_data_item(stream)
    except (ResponseParserError, ValueError) as error:
        raise UnsupportedError(f"the body of {operation.name} is not CBOR: {error}") from None
    # botocore's own checks would refuse what only the service may refuse.
    serializer = create_serializer("json", include_validation=False)
    request = serializer.serialize_to_request(parameters, operation)
    dropped = ("HTTP_SMITHY_PROTOCOL", "HTTP_CONTENT_ENCODING", "HTTP_ACCEPT")
    return {key: value for key, value in environ.items() if key not in dropped} | {
        "PATH_INFO": "/",
        "RAW_URI": "/",
        "REQUEST_URI": "/",
        "HTTP_X_AMZ_TARGET": request["headers"]["X-Amz-Target"],
        "CONTENT_TYPE": request["headers"]["Content-Type"],
        "CONTENT_LENGTH": str(len(request["body"])),
        "wsgi.input": io.BytesIO(request["body"]),
    }


def _encode(reply: dict[str, Any], operation: OperationModel) -> bytes:
    if operation.output_shape is None:
        return _NOTHING
    result = create_parser("json").parse(reply, operation.output_shape)
    del result["ResponseMetadata"]
    serializer: Any = RpcV2CBORSerializer()  # made for requests, and what it needs is a shape
    return bytes(serializer._serialize_body_params(result, operation.output_shape))


def _encode_error(error: dict[str, Any], operation: OperationModel, namespace: str) -> bytes:
    """Return an error under its name in the model, which differs from its code in JSON."""
    code = str(error.get("__type", "")).rpartition("#")[2]
    name = next(
        (
            shape.name
            for shape in operation.error_shapes
            if code in {shape.name, shape.metadata.get("error", {}).get("code")}
        ),
        code,
    )
    message = str(error.get("message") or error.get("Message") or "")
    return _error(f"{namespace}#{name}", message)


def _error(name: str, message: str) -> bytes:
    return b"\xa2" + b"".join(map(_text, ("__type", name, "message", message)))


def _text(value: str) -> bytes:
    encoded = value.encode()
    return b"\x7a" + len(encoded).to_bytes(4, "big") + encoded
