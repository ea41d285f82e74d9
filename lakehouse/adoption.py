"""Take back what a stack left behind: ``python -m lakehouse.adoption prod --key ID > import.json``.

A stack that went, or whose state was lost, leaves its data in the account, and no provider makes
what is there already. This prints the file with which `pulumi import` takes the kept resources into
a new state, under the names that the program knows them by (docs/runbook.md).
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import yaml

from lakehouse.account import Account
from lakehouse.naming import MADE_AGAIN, ZONES, Names

ROOT = Path(__file__).resolve().parent.parent


def import_file(names: Names, key_id: str | None, *, lost: bool) -> dict[str, Any]:
    """What `pulumi import --file` takes.

    Args:
        names: the names of the stack.
        key_id: the id of its key; None where the key is given to the stack.
        lost: nothing was deleted, only the state is gone: whatever holds something is named, not
            only what is kept when a stack goes.
    """
    resources = [_component("storage", "lakehouse:storage:Storage")]
    for zone in ZONES:
        if lost or zone not in MADE_AGAIN:
            component = _component(zone, "lakehouse:storage:ZoneBucket", parent="storage")
            bucket = _resource(zone, "aws:s3/bucket:Bucket", names.bucket(zone), component["name"])
            resources += [component, bucket]
    if key_id is not None:
        resources += [
            _component("encryption", "lakehouse:encryption:Encryption"),
            _resource("data", "aws:kms/key:Key", key_id, "encryption"),
            _resource("data", "aws:kms/alias:Alias", names.key_alias, "encryption"),
        ]
    if lost:
        resources.append(_component("logs", "lakehouse:logs:Logs"))
        resources += [
            _resource(purpose.replace("_", "-"), "aws:cloudwatch/logGroup:LogGroup", group, "logs")
            for purpose, group in names.log_groups.items()
        ]
    return {"resources": resources}


def _component(name: str, kind: str, **more: str) -> dict[str, Any]:
    # Within the file a name stands for one thing; a bucket has the logical name of its component.
    ours = f"{name}-{kind.rpartition(':')[2]}" if more else name
    return {"type": kind, "name": ours, "logicalName": name, "component": True, **more}


def _resource(name: str, kind: str, identifier: str, parent: str) -> dict[str, Any]:
    ours = f"{name}-{kind.rpartition(':')[2]}"
    return {
        "type": kind, "name": ours, "logicalName": name, "id": identifier, "parent": parent,
    }  # fmt: skip


def names_of(stack: str, root: Path = ROOT) -> tuple[Names, bool]:
    """The names that a stack file leads to, and whether the stack has a key of its own.

    Raises:
        ValueError: when the file does not say which account the stack is in.
    """
    file = root / f"Pulumi.{stack}.yaml"
    settings = yaml.safe_load(file.read_text(encoding="utf-8"))["config"]
    accounts = settings.get("aws:allowedAccountIds", [])
    if len(accounts) != 1:
        raise ValueError(f"{file}: give the account of the stack as the one aws:allowedAccountIds")
    # No ARN is asked of these names, so the partition does not matter.
    account = Account(accounts[0], "aws", settings["aws:region"])
    own_key = "lakehouse:kmsKeyArn" not in settings
    return Names(settings.get("lakehouse:prefix", "music"), stack, account), own_key


def main() -> None:
    """Print the file for the stack that the command line names."""
    parser = argparse.ArgumentParser(prog="python -m lakehouse.adoption", description=__doc__)
    parser.add_argument("stack", help="the stack; its settings are in Pulumi.<stack>.yaml")
    parser.add_argument("--key", metavar="ID", help="the id of the key behind the stack's alias")
    parser.add_argument(
        "--lost", action="store_true", help="only the state is gone: take the logs and code too"
    )
    asked = parser.parse_args()
    try:
        names, own_key = names_of(asked.stack)
    except (OSError, ValueError) as error:
        parser.error(str(error))
    if own_key and asked.key is None:
        parser.error("--key is missing: the id of the stack's key, as docs/runbook.md finds it")
    json.dump(
        import_file(names, asked.key if own_key else None, lost=asked.lost), sys.stdout, indent=2
    )


if __name__ == "__main__":
    main()
