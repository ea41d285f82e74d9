"""The way of a request: to moto's application for the service, saved, and only then answered."""

from __future__ import annotations

import importlib
import logging
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from moto.backends import list_of_moto_modules
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from localaws import rpc_cbor, s3_direct
from localaws.errors import LocalawsError, UnsupportedError
from localaws.unsupported import STATUS, action_of, error_reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from flask import Flask

    from localaws.services import Services

    StartResponse = Callable[..., Any]

log = logging.getLogger(__name__)

_S3 = {"s3", "s3bucket_path"}
_LOOPBACK = {"127.0.0.1", "localhost", "[::1]"}
# S3 Control's clients put the account in front of whatever host they are given. No page can have
# the last of these names, as no domain ends in a number.
_OWN_NAMES = (".localhost", ".amazonaws.com", ".127.0.0.1")
_READING = (
    "BatchGet",
    "BatchIs",
    "Check",
    "Decode",
    "Describe",
    "Filter",
    "GET ",
    "Get",
    "HEAD ",
    "List",
    "Lookup",
    "Query",
    "Scan",
    "Search",
    "Select",
    "Simulate",
    "Test",
    "Validate",
)
# Mended when something first asks for them, as importing them takes long.
_MENDED_LATE = {"budgets": "localaws.gaps_budgets", "ec2": "localaws.gaps_ec2"}
# What a request to one service changes in another.
_ALSO_CHANGES = {
    "cloudwatch": ("sns", "sqs"),
    "events": ("logs", "sns", "sqs"),
    "sns": ("sqs",),
    "resourcegroupstaggingapi": ("athena", "ec2", "glue", "kms", "logs", "sns"),
}


class Dispatcher(DomainDispatcherApplication):
    """Sends each request to moto's application for its service.

    The service's lock is held meanwhile, what the request changed is saved before the reply goes
    out, and whatever moto cannot do becomes an error that the client understands.
    """

    def __init__(self, services: Services) -> None:
        super().__init__(self._create_application)
        self._services = services
        self._find_backend = lru_cache(maxsize=1024)(self._search_backend)

    def _create_application(self, service: Any) -> Flask:
        if service in _MENDED_LATE:
            importlib.import_module(_MENDED_LATE[service]).install(self._services)
        return create_backend_app(service)

    def get_backend_for_host(self, host: str | None) -> Any:
        """Return moto's name for the service at `host`, searched for once per host."""
        return None if host is None else self._find_backend(host)

    def _search_backend(self, host: str) -> str:
        if host in list_of_moto_modules():
            return host
        for backend, pattern in self.backend_url_patterns:
            if pattern.match(f"http://{host}"):
                return str(backend)
        raise UnsupportedError(f"localaws does not support the service at {host}")

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        refusal = _refusal(environ)
        if refusal:
            start_response("403 Forbidden", [("Content-Type", "text/plain")])
            return [refusal.encode()]
        if rpc_cbor.asks(environ):
            return rpc_cbor.answer(self._respond, environ, start_response)
        return self._respond(environ, start_response)

    def _respond(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        service = ""
        try:
            application = self.get_application(environ)
            service = application.service  # type: ignore[attr-defined]
            return self._answer(application, service, environ, start_response)
        except NotImplementedError:
            action = action_of(environ)
            message = f"localaws does not support {service} {action}"
            headers, body = error_reply(environ, service, "NotImplemented", message)
        except LocalawsError as error:
            headers, body = error_reply(environ, service, "LocalawsError", str(error))
        except Exception as error:  # an emulator must not die of one request
            action = action_of(environ)
            log.exception("%s %s failed", service, action)
            message = f"localaws failed at {service or 'a request'} {action}: {error!r}"
            headers, body = error_reply(environ, service, "LocalawsError", message)
        start_response(STATUS, headers)
        return [body]

    def _answer(
        self,
        application: Callable[..., Iterable[bytes]],
        service: str,
        environ: dict[str, Any],
        start_response: StartResponse,
    ) -> Iterable[bytes]:
        if service in _S3:
            if s3_direct.answers(environ):
                application = s3_direct.answer
            if environ["REQUEST_METHOD"] in {"GET", "HEAD"}:
                return application(environ, start_response)
            with self._services.lock("s3"):
                reply = application(environ, start_response)
                self._services.save("s3")
                return reply
        with self._services.lock(service):
            reply = application(environ, start_response)
            if not action_of(environ).startswith(_READING):
                for changed in (service, *_ALSO_CHANGES.get(service, ())):
                    self._services.save(changed)
            return reply


def _refusal(environ: dict[str, Any]) -> str:
    """Say why a request is refused before anything looks at it, or return the empty string.

    A page in the user's browser can reach a loopback port under a name of its own (DNS rebinding),
    and moto's control API can write files and wipe everything: neither is for clients of AWS.
    """
    host = environ.get("HTTP_HOST", "").rpartition(":")
    name = (host[0] if host[2].isdigit() else "".join(host)).lower()
    if name not in _LOOPBACK and not name.endswith(_OWN_NAMES):
        return f"localaws serves 127.0.0.1 and localhost, not {name or 'a request without Host'}\n"
    if environ["PATH_INFO"].startswith("/moto-api"):
        return "localaws does not offer moto's control API\n"
    return ""
