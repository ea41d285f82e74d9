"""One clear sentence and an exit code for every error that can reach the command line."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from typing import Any

from pipeline.errors import LakehouseError

DEBUG = "LAKEHOUSE_DEBUG"
"""Environment variable that asks for tracebacks."""

EXPIRED = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidClientTokenId",
        "InvalidAccessKeyId",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
"""Error codes with which AWS refuses the credentials themselves."""

SKEWED = frozenset({"RequestExpired", "RequestInTheFuture", "RequestTimeTooSkewed"})
"""Error codes with which AWS refuses the time at which a request says that it was made."""

SIGN_IN = "Sign in again (`aws sso login` or as you usually do), then run the command again."


@dataclass(frozen=True)
class Explanation:
    """What a failed command tells: `kind` names the error for programs."""

    kind: str
    message: str
    exit_code: int


def explain(error: BaseException) -> Explanation:
    """Put an error into words for the person at the keyboard.

    Libraries are looked up, never imported: an error of theirs can only come from one that was.
    """
    kind = type(error).__name__
    if isinstance(error, LakehouseError):
        return Explanation(kind, str(error), error.exit_code)
    if _is(error, "localaws.errors", "LocalawsError"):
        # A taken port or a folder in use is a matter of usage; anything else is a failure.
        usage = kind == "PortInUseError" or _is(error, "localaws.errors", "StateError")
        return Explanation(kind, _sentence(str(error)), 2 if usage else 1)
    if _is(error, "lakehouse.errors", "ConfigError"):
        return Explanation(kind, str(error), 2)
    if _is(error, "botocore.exceptions", "ClientError"):
        return _client_error(error)
    if _is(error, "botocore.exceptions", "BotoCoreError"):
        return _no_answer(error)
    return Explanation(
        kind,
        f"Something unforeseen went wrong ({kind}: {str(error) or 'no message'}). Set {DEBUG}=1 "
        "to see where, and please report it.",
        1,
    )


def wants_traceback() -> bool:
    """Tell whether the user asked to see tracebacks."""
    return os.environ.get(DEBUG, "") not in {"", "0"}


def _client_error(error: BaseException) -> Explanation:
    response: dict[str, Any] = getattr(error, "response", {})
    code = str(response.get("Error", {}).get("Code", "unknown"))
    message = str(response.get("Error", {}).get("Message", "no message")).rstrip(". ")
    operation = getattr(error, "operation_name", "a call")
    if code in SKEWED:
        text = (
            f"AWS refused the time at which {operation} was signed ({code}: {message}). Set the "
            "clock of this machine, then run the command again."
        )
        return Explanation(code, text, 2)
    if code in EXPIRED:
        text = f"AWS refused the credentials in {operation} ({code}: {message}). {SIGN_IN}"
        return Explanation(code, text, 2)
    if code.startswith("AccessDenied") or code in {"UnauthorizedOperation", "403"}:
        text = (
            f"AWS denied {operation} ({message}). Use the stack's operator role, or give yours "
            "what that role has."
        )
        return Explanation(code, text, 1)
    return Explanation(code, f"AWS answered {operation} with {code}: {message}.", 1)


def _no_answer(error: BaseException) -> Explanation:
    kind = type(error).__name__
    text = _sentence(str(error))
    if kind in {"NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError"}:
        text = f"There are no usable AWS credentials ({text}) Set AWS_PROFILE or sign in."
        return Explanation(kind, text, 2)
    if "SSO" in kind or "Token" in kind or "Login" in kind:
        return Explanation(kind, f"{text} {SIGN_IN}", 2)
    if kind in {"ProfileNotFound", "ConfigParseError", "ConfigNotFound", "NoRegionError"}:
        return Explanation(kind, f"{text} Correct your AWS configuration.", 2)
    return Explanation(
        kind, f"AWS could not be reached: {text} Check the network and the region.", 1
    )


def _is(error: BaseException, module: str, name: str) -> bool:
    loaded = sys.modules.get(module)
    return loaded is not None and isinstance(error, getattr(loaded, name))


def _sentence(text: str) -> str:
    text = text.strip() or "no message"
    if text.partition(" ")[0].isalpha():
        text = text[0].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else f"{text}."
