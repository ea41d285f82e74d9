"""Answers S3 requests with addresses in path style straight from moto, without Flask in between.

S3 takes by far the most requests, and routing each through a Flask application costs a third of
its time. The routes are those of moto/s3/urls.py; other addresses still go through Flask.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from moto.core.request import Request
from moto.s3.responses import S3Response

from localaws.blobs import Blob

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_PATH_STYLE: Final = ("127.0.0.1", "localhost", "[::1]")
_REASONS: Final = {200: "OK", 204: "No Content", 206: "Partial Content", 404: "Not Found"}


class _Headers(dict[str, str]):
    """Headers by lower-case name, found under any spelling.

    moto looks through all headers of a request several times, which werkzeug's kind makes costly.
    """

    def __getitem__(self, name: str) -> str:
        return super().__getitem__(name.lower())

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and super().__contains__(name.lower())

    def get(self, name: str, default: Any = None) -> Any:
        """Return a header's value, or the default."""
        return super().get(name.lower(), default)


class _DirectRequest(Request):
    """A request that comes from a server, as moto wants to know."""

    from_wsgi_server = True

    def __init__(self, environ: dict[str, Any]) -> None:
        super().__init__(environ)
        self.headers: Any = _Headers((name.lower(), value) for name, value in self.headers.items())

    @cached_property
    def raw_url(self) -> str:
        """Return the address as it arrived, which moto asks for several times."""
        return super().raw_url


def answers(environ: dict[str, Any]) -> bool:
    """Tell whether `answer` can take the request."""
    host: str = environ.get("HTTP_HOST", "")
    path: str = environ["PATH_INFO"]
    return host.rpartition(":")[0] in _PATH_STYLE and not path.startswith("//")


def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer one request to a bucket or an object."""
    request = _DirectRequest(environ)
    _, _, key = environ["PATH_INFO"].removeprefix("/").partition("/")
    respond = S3Response.key_dispatch if key else S3Response.bucket_dispatch
    reply: Any = respond(request, request.raw_url, request.headers)
    status, headers, content = reply if isinstance(reply, tuple) else (200, {}, reply)
    fields = [(name, _latin(value)) for name, value in headers.items()]
    if isinstance(content, str):
        content = content.encode()
    if not any(name.lower() == "content-length" for name in headers):
        fields.append(("Content-Length", str(len(content))))
    start_response(f"{status} {_REASONS.get(status, 'Status')}", fields)
    return content if isinstance(content, Blob) else [content]


def _latin(value: Any) -> str:
    """Return a header's value such that the server writes it in the bytes that the client sent."""
    text = str(value)
    return text if text.isascii() else text.encode().decode("latin-1")
