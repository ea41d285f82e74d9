"""The inputs of a provisioning, read from files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from localaws.errors import UnsupportedError


def stack_config(path: Path) -> dict[str, str]:
    """The settings in a `Pulumi.<stack>.yaml`, each as text, the way Pulumi hands them over.

    Raises:
        UnsupportedError: for an encrypted value, which only Pulumi can read.
    """
    import yaml  # noqa: PLC0415 - only who reads such a file needs it

    # BaseLoader leaves every scalar the text that it is in the file: "5.0" must not become 5.
    text = path.read_text(encoding="utf-8")
    document = yaml.load(text, Loader=yaml.BaseLoader) or {}  # noqa: S506 - it builds no objects
    settings = {}
    for key, value in (document.get("config") or {}).items():
        if isinstance(value, Mapping) and "secure" in value:
            raise UnsupportedError(f"{path}: {key} is encrypted, and only Pulumi can decrypt it")
        settings[key] = value if isinstance(value, str) else json.dumps(value)
    return settings


def fingerprint(sources: Iterable[Path], config: Mapping[str, Any]) -> str:
    """A hash of every Python file under the folders and of the settings.

    The bridge's own code is always part of it.
    """
    digest = hashlib.sha256(json.dumps(dict(config), sort_keys=True).encode())
    for folder in (*sources, Path(__file__).resolve().parent):
        for file in sorted(folder.rglob("*.py")):
            digest.update(f"\0{file.relative_to(folder).as_posix()}\0".encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()
