"""moto's backends as bytes, and back: without foreign backends in them, and without surprises.

Most backends pickle as they are. What does not, or must not, is replaced here: a reference to
another service's backend stays a reference, private keys travel as DER, locks are made new. When
reading, only classes of moto and localaws and a short list of standard ones are allowed.
"""

from __future__ import annotations

import builtins
import importlib
import io
import pickle
import threading
from collections import defaultdict
from functools import partial
from types import FunctionType
from typing import TYPE_CHECKING, Any, Final

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)
from moto.core.base_backend import AccountSpecificBackend, BackendDict, BaseBackend

from localaws.errors import StateFormatError

if TYPE_CHECKING:
    from collections.abc import Mapping

_OURS: Final = ("moto.", "localaws.")
_STANDARD: Final = {
    "_codecs": {"encode"},
    "builtins": {"bytearray", "complex", "dict", "frozenset", "list", "object", "range", "set"},
    "collections": {"Counter", "OrderedDict", "defaultdict", "deque"},
    "datetime": {"date", "datetime", "time", "timedelta", "timezone"},
    "decimal": {"Decimal"},
    "functools": {"partial"},
    "ipaddress": {"IPv4Address", "IPv4Network", "IPv6Address", "IPv6Network"},
    "re": {"_compile"},
    "uuid": {"UUID"},
}
# Functions without a name that moto's backends hold -> what does the same and can be pickled.
_LAMBDAS: Final[dict[str, Any]] = {
    "SimpleSystemManagerBackend.__init__.<locals>.<lambda>": (
        partial,
        (defaultdict, dict),
    ),
}
_LOCKS: Final = (type(threading.Lock()), type(threading.RLock()))


def backends_of(module: str) -> BackendDict[Any]:
    """Return moto's dictionary of backends for one of its modules ("glue", "awslambda", ...)."""
    models = importlib.import_module(f"moto.{module}.models")
    for value in vars(models).values():
        if isinstance(value, BackendDict) and module_of(value.backend) == module:
            return value
    raise StateFormatError(f"moto has no backends in its module {module}")


def module_of(backend: type[BaseBackend]) -> str:
    """Return the name of the module of moto that a class of backends belongs to."""
    return backend.__module__.split(".")[1]


def find_backend(module: str, account: str, region: str) -> Any:
    """Return a backend that another one refers to."""
    return backends_of(module)[account][region]


def find_account(module: str, account: str) -> Any:
    """Return the backends of one account, by region, that a backend refers to."""
    return backends_of(module)[account]


def load_key(der: bytes) -> Any:
    """Return the private key in `der`."""
    return load_der_private_key(der, password=None)


def new_lock(kind: str) -> Any:
    """Return a lock that nobody holds."""
    return threading.RLock() if kind == "RLock" else threading.Lock()


def new_defaultdict(kind: type[defaultdict[Any, Any]], factory: Any) -> defaultdict[Any, Any]:
    """Return an empty dictionary of one of moto's own kinds."""
    made: defaultdict[Any, Any] = kind.__new__(kind)
    made.default_factory = factory
    return made


def read_attribute(owner: Any, name: str) -> Any:
    """Return a method of one of moto's objects, which is how bound methods are pickled."""
    if not type(owner).__module__.startswith(_OURS) or name.startswith("_"):
        raise StateFormatError(f"the state refers to {type(owner).__name__}.{name}")
    return getattr(owner, name)


class _Pickler(pickle.Pickler):
    def __init__(self, file: io.BytesIO, module: str) -> None:
        super().__init__(file, protocol=5)
        self._module = module

    def reducer_override(self, item: Any) -> Any:
        """Replace what must not or cannot be pickled as it is."""
        if isinstance(item, BaseBackend):
            module = module_of(type(item))
            if module != self._module:
                return find_backend, (module, item.account_id, item.region_name)
        elif isinstance(item, BackendDict):
            return backends_of, (module_of(item.backend),)
        elif isinstance(item, AccountSpecificBackend):
            return find_account, (module_of(item.backend), item.account_id)
        elif isinstance(item, FunctionType):
            return _LAMBDAS.get(item.__qualname__, NotImplemented)
        elif isinstance(item, RSAPrivateKey | EllipticCurvePrivateKey):
            der = item.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
            return load_key, (der,)
        elif isinstance(item, defaultdict) and type(item).__module__.startswith(_OURS):
            # Their constructors take other arguments than the one that pickle would give.
            made = (type(item), item.default_factory)
            return new_defaultdict, made, vars(item), None, iter(dict.items(item))
        elif isinstance(item, _LOCKS):
            return new_lock, (type(item).__name__,)
        return NotImplemented


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        """Return a class that a pickle names, if it is one of those that belong there."""
        if module == "builtins" and name == "getattr":
            return read_attribute
        if name in _STANDARD.get(module, ()):
            return getattr(
                builtins if module == "builtins" else importlib.import_module(module), name
            )
        if module.startswith(_OURS):
            found = super().find_class(module, name)
            # A dotted name could walk from one of our modules into one that it imports.
            home = getattr(found, "__module__", "")
            if home == __name__ or home.startswith("moto."):
                return found
            if isinstance(found, type) and home.startswith(_OURS):
                return found
        raise StateFormatError(f"the state names {module}.{name}, which localaws never saves")


def dump(document: Any, module: str = "") -> bytes:
    """Return `document`, a part of the backends of moto's `module`, as bytes."""
    file = io.BytesIO()
    _Pickler(file, module).dump(document)
    return file.getvalue()


def load(document: bytes) -> Any:
    """Return what `dump` was given. Raises `StateFormatError` for anything that it did not make."""
    try:
        return _Unpickler(io.BytesIO(document)).load()
    except (pickle.UnpicklingError, AttributeError, EOFError, ImportError, IndexError) as error:
        raise StateFormatError(f"the state cannot be read: {error}") from error


def dump_backends(backends: Mapping[str, Mapping[str, BaseBackend]], module: str) -> bytes:
    """Return the backends of one service, by account and region, as bytes."""
    plain = {account: dict(regions.items()) for account, regions in backends.items()}
    return dump(plain, module)
