"""A proxy between a client and localaws, on loopback, that lets chosen calls go wrong.

It forwards HTTP/1.1 as it comes, on one connection to localaws for each of a client's. Which call
meets which fault is said by rules (`tests.fault.faults`); each rule notes the calls it happened to.
"""

from __future__ import annotations

import http.client
import socket
import struct
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from tests.fault.faults import Rule, Rules

if TYPE_CHECKING:
    from tests.fault.faults import Fault

_OF_THE_HOP = {"connection", "expect", "keep-alive", "transfer-encoding", "content-length"}
_BODILESS = {204, 304}
_UPSTREAM_SECONDS = 120.0


class Answer:
    """What localaws answered, with its whole body."""

    def __init__(self, reply: http.client.HTTPResponse) -> None:
        self.status = reply.status
        self.headers = [(n, v) for n, v in reply.getheaders() if n.lower() not in _OF_THE_HOP]
        self.length = reply.getheader("Content-Length")
        self.body = reply.read()


class _Handler(BaseHTTPRequestHandler):
    """Handles the calls of one connection, one after the other."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 64 * 1024
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.upstream: http.client.HTTPConnection | None = None

    def finish(self) -> None:
        if self.upstream is not None:
            self.upstream.close()
        super().finish()

    def log_message(self, *_: object) -> None:
        """Log nothing: rules note what matters."""

    def handle_expect_100(self) -> bool:
        """Say at once that the body is wanted: boto3 waits a second for that word."""
        wanted = super().handle_expect_100()
        self.wfile.flush()
        return wanted

    def do_any(self) -> None:
        """Forward one call, unless a rule says otherwise."""
        body = self._body()
        line = f"{self.command} {self.path} {self.headers.get('X-Amz-Target', '')}".rstrip()
        rule = self.server.rules.for_call(line)
        if rule is None:
            self._answer(self._forward(body))
        else:
            self._go_wrong(rule, body)

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = do_any  # noqa: N815 # http.server's names

    def _go_wrong(self, rule: Rule, body: bytes) -> None:
        fault = rule.fault
        if rule.then is not None:
            rule.then()
        if fault.delay:
            self.server.stopping.wait(fault.delay)
        answer = self._forward(body) if fault.carried_out else None
        if answer is not None and fault.through:
            self._answer(answer)
        elif answer is not None and fault.rewrite is not None:
            answer.body = fault.rewrite(answer.body)
            answer.length = str(len(answer.body))
            self._answer(answer)
        elif answer is not None and fault.cut:
            self._answer(answer, upto=len(answer.body) // 2)
            self._reset()
        elif fault.status:
            self._error(fault)
        else:
            self._reset()

    def _body(self) -> bytes:
        """The call's whole body: of a client that died while it sent, nothing is forwarded."""
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length)
            if len(body) < length:
                raise ConnectionAbortedError(f"{len(body)} of {length} bytes came")
            return body
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass  # trailers, which nobody downstream asks for
        return b"".join(parts)

    def _forward(self, body: bytes) -> Answer:
        headers = {n: v for n, v in self.headers.items() if n.lower() not in _OF_THE_HOP}
        headers["Content-Length"] = str(len(body))
        address = self.server.upstream
        try:
            if self.upstream is None:
                self.upstream = http.client.HTTPConnection(*address, timeout=_UPSTREAM_SECONDS)
            self.upstream.request(self.command, self.path, body, headers)
            return Answer(self.upstream.getresponse())
        except (OSError, http.client.HTTPException) as error:
            # localaws is gone: so is this connection, as if there were no proxy.
            self._reset()
            raise ConnectionResetError from error

    def _answer(self, answer: Answer, upto: int | None = None) -> None:
        self.send_response_only(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        if answer.status not in _BODILESS:
            bodiless = self.command == "HEAD"
            length = answer.length if bodiless else str(len(answer.body))
            self.send_header("Content-Length", length or "0")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body[:upto])
        self.wfile.flush()

    def _error(self, fault: Fault) -> None:
        body = fault.body(json_service="X-Amz-Target" in self.headers)
        self.send_response_only(fault.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        self.wfile.flush()

    def _reset(self) -> None:
        """Close so that the client sees a reset, not an orderly end."""
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.close_connection = True


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, rules: Rules) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.rules = rules
        self.upstream = ("127.0.0.1", 9)
        self.stopping = threading.Event()
        self._open: set[Any] = set()

    def shutdown_request(self, request: Any) -> None:
        """Close at once: an orderly shutdown first would turn a reset into an end."""
        self._open.discard(request)
        self.close_request(request)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def handle_error(self, *_: object) -> None:
        """Say nothing: connections break here by design."""

    def hang_up(self) -> None:
        """End every connection, so that no thread waits for a client that keeps its own."""
        for request in list(self._open):
            try:
                request.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # its thread was faster


class FaultProxy:
    """A proxy that runs for the length of a with block; `rules` may change at any time."""

    def __init__(self) -> None:
        self.rules = Rules()
        self._server = _Server(self.rules)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"

    def lead_to(self, endpoint: str) -> None:
        """Forward to this endpoint from now on."""
        address = urlsplit(endpoint)
        self._server.upstream = (address.hostname or "", address.port or 0)
        self._server.hang_up()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stopping.set()
        self._server.shutdown()
        self._server.hang_up()
        self._server.server_close()
        deadline = time.monotonic() + 5
        self._thread.join(max(deadline - time.monotonic(), 0))
