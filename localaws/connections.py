"""HTTP/1.1 with connections that stay open, for moto's WSGI applications.

werkzeug's own handler closes the connection after every reply and lingers ten milliseconds on it;
a client that uploads thousands of small objects feels both. This one reads the whole request body
before it calls the application, so that the next request can follow on the same connection.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import DechunkedInput

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

IDLE_SECONDS = 60.0
_WITHOUT_BODY = {204, 304}


class KeepAliveHandler(MotoRequestHandler):
    """Handles the requests of one connection, one after the other."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 64 * 1024
    timeout = IDLE_SECONDS

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Log nothing: a line for each request costs more than many a request."""

    def handle_expect_100(self) -> bool:
        """Tell a client that waits for it to go on with its body, at once."""
        going_on: bool = super().handle_expect_100()
        self.wfile.flush()
        return going_on

    def run_wsgi(self) -> None:
        """Run the application for one request and write its reply."""
        self.environ = environ = self.make_environ()
        try:
            body = self._read_body(environ)
        except (OSError, ValueError):
            # The rest of the connection cannot be told apart from this body.
            self.close_connection = True
            return
        environ["CONTENT_LENGTH"] = str(len(body))
        environ["wsgi.input"] = io.BytesIO(body)
        environ["wsgi.input_terminated"] = True
        reply: list[Any] = []

        def start_response(
            status: str, headers: list[tuple[str, str]], _: object = None, /
        ) -> Callable[[bytes], object]:
            reply[:] = [status, headers]
            return self.wfile.write

        chunks = self.server.app(environ, start_response)
        try:
            self._write_reply(reply[0], reply[1], chunks)
        except OSError:
            self.close_connection = True
        finally:
            close = getattr(chunks, "close", None)
            if close is not None:
                close()

    def _read_body(self, environ: dict[str, Any]) -> bytes:
        """Return the body, whether its length is announced or it comes in chunks."""
        stream = environ["wsgi.input"]
        if isinstance(stream, DechunkedInput):
            del environ["HTTP_TRANSFER_ENCODING"]
            return stream.readall()
        length = int(environ.get("CONTENT_LENGTH") or 0)
        body: bytes = stream.read(length)
        if len(body) != length:
            raise ConnectionError("the client went away in the middle of its request")
        return body

    def _write_reply(
        self, status: str, headers: list[tuple[str, str]], chunks: Iterable[bytes]
    ) -> None:
        code, _, reason = status.partition(" ")
        names = {name.lower() for name, _ in headers}
        bodiless = self.command == "HEAD" or int(code) in _WITHOUT_BODY
        if "content-length" not in names and not bodiless:
            chunks = [b"".join(chunks)]
            headers = [*headers, ("Content-Length", str(len(chunks[0])))]
        elif "content-length" not in names and int(code) not in _WITHOUT_BODY:
            headers = [*headers, ("Content-Length", "0")]
        self.send_response_only(int(code), reason)
        if "date" not in names:
            self.send_header("Date", self.date_time_string())
        for name, value in headers:
            if name.lower() != "connection":
                self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if not bodiless:
            for chunk in chunks:
                self.wfile.write(chunk)
        self.wfile.flush()
