"""Names of databases and tables in the Data Catalog, which Glue folds to lower case like Hive."""

from __future__ import annotations

import inspect
from functools import wraps
from typing import TYPE_CHECKING, Any, Final

from moto.glue.models import GlueBackend

from localaws.patching import replace

if TYPE_CHECKING:
    from collections.abc import Callable

    from localaws.services import Services

_NAMES: Final = ("database_name", "table_name")
_INPUTS: Final = ("database_input", "table_input")


def install(services: Services) -> None:  # noqa: ARG001 - every extension has this signature
    """Fold names wherever moto's Glue takes them."""
    for name, method in vars(GlueBackend).copy().items():
        if inspect.isfunction(method) and set(inspect.signature(method).parameters) & {*_NAMES}:
            replace(GlueBackend, **{name: _folding(method)})


def _folding(method: Callable[..., Any]) -> Callable[..., Any]:
    signature = inspect.signature(method)

    @wraps(method)
    def call(*args: Any, **named: Any) -> Any:
        bound = signature.bind(*args, **named)
        given = bound.arguments
        for name in _NAMES:
            if isinstance(given.get(name), str):
                given[name] = given[name].lower()
        for name in _INPUTS:
            if isinstance(given.get(name), dict) and "Name" in given[name]:
                given[name] = {**given[name], "Name": given[name]["Name"].lower()}
        return method(*bound.args, **bound.kwargs)

    return call
