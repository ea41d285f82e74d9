"""One crawl: reads the Delta logs of a crawler's targets and brings the Data Catalog up to date."""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

from moto.core.utils import utcnow
from moto.glue.models import FakeCrawl

from localaws.delta_catalog import DeltaError, NoDeltaTableError, Snapshot, read_snapshot
from localaws.errors import LocalawsError, UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from moto.glue.models import FakeCrawler, FakeTable

_READERS: Final = 4
"""Tables whose logs are read at a time: mostly waiting for the server's own replies."""


class CrawlError(LocalawsError):
    """A crawl could not do all it should; the message names each target and what is wrong."""


class Crawl(FakeCrawl):
    """A crawl whose state is what really happens; plain data, saved with its crawler."""

    def __init__(self, crawler: FakeCrawler) -> None:
        super().__init__(crawler.name)
        self.state = "RUNNING"
        self.dpu_hour = 0
        self.error_message: str | None = None
        self.changes: dict[str, list[str]] = {}
        if crawler.crawler_security_configuration:
            role = crawler.role.rpartition("/")[2]
            self.log_group += f"-role/{role}-{crawler.crawler_security_configuration}"

    @property
    def status(self) -> str:
        """The state, under the name by which moto asks for it."""
        return self.state

    @status.setter
    def status(self, value: str) -> None:
        self.state = value

    def advance(self) -> None:
        """Do nothing: looking at a crawl does not move it on."""

    @property
    def under_way(self) -> bool:
        """Whether the crawl has yet to end."""
        return self.state in {"RUNNING", "STOPPING"}

    @property
    def seconds(self) -> float:
        """How long the crawl took, or has taken so far."""
        return ((self.end_time or utcnow()) - self.start_time).total_seconds()

    def finish(self, state: str, error: str | None = None) -> None:
        """End the crawl, once: as COMPLETED, STOPPED or FAILED."""
        if self.under_way:
            self.state, self.error_message, self.end_time = state, error, utcnow()

    def as_dict(self) -> dict[str, Any]:
        """Return the entry of ListCrawls."""
        result: dict[str, Any] = super().as_dict()
        if self.error_message:
            result["ErrorMessage"] = self.error_message
        if self.changes:
            tables = {
                action: {"Details": {"names": names}, "EntityCount": len(names)}
                for action, names in self.changes.items()
            }
            result["Summary"] = json.dumps({"TABLE": json.dumps(tables)})
        return result

    def last_crawl(self) -> dict[str, Any]:
        """Return the LastCrawl of GetCrawler for a crawl that has ended."""
        statuses = {"COMPLETED": "SUCCEEDED", "STOPPED": "CANCELLED", "FAILED": "FAILED"}
        result = {
            "Status": statuses[self.state],
            "LogGroup": self.log_group,
            "LogStream": self.log_stream,
            "MessagePrefix": self.message_prefix,
            "StartTime": self.start_time,
        }
        return result | ({"ErrorMessage": self.error_message} if self.error_message else {})


def delta_paths(crawler: FakeCrawler) -> list[str]:
    """Return the locations of the crawler's Delta targets.

    Raises UnsupportedError for targets of other kinds and for tables that are not native.
    """
    others = [kind for kind, given in crawler.targets.items() if given and kind != "DeltaTargets"]
    if others:
        kinds = ", ".join(kind.removesuffix("Targets") for kind in others)
        raise UnsupportedError(f"localaws does not support {kinds} targets: it crawls Delta only")
    paths: list[str] = []
    for target in crawler.targets.get("DeltaTargets") or []:
        if target.get("WriteManifest"):
            raise UnsupportedError("localaws does not support Delta targets with WriteManifest")
        if not target.get("CreateNativeDeltaTable"):
            raise UnsupportedError(
                "localaws does not support symlink tables: set CreateNativeDeltaTable to true"
            )
        paths += target.get("DeltaTables") or []
    return paths


def table_name(location: str, prefix: str | None) -> str:
    """Return the name a crawler gives to the table at `location`: its last folder, made safe."""
    folder = location.rstrip("/").rpartition("/")[2].lower()
    return (prefix or "") + re.sub(r"[^a-z0-9_]", "_", folder)


def read_targets(
    paths: list[str], environment: dict[str, str], wanted: Callable[[], bool]
) -> dict[str, Snapshot | DeltaError]:
    """Read the Delta log of each path, several at a time, for as long as the crawl is `wanted`."""

    def read(path: str) -> Snapshot | DeltaError | None:
        if not wanted():
            return None
        try:
            return read_snapshot(path, environment)
        except DeltaError as error:
            return error

    with ThreadPoolExecutor(_READERS, thread_name_prefix="crawl") as readers:
        found = zip(paths, readers.map(read, paths), strict=True)
        return {path: result for path, result in found if result is not None}


class CatalogUpdate:
    """Brings the tables of a crawler's database up to date; `changes` are their names per action.

    Raises CrawlError when the database does not exist.
    """

    def __init__(self, crawler: FakeCrawler, log: Callable[[str], None]) -> None:
        database = crawler.backend.databases.get(crawler.database_name.lower())
        if database is None:
            raise CrawlError(f"Database {crawler.database_name} does not exist: create it first")
        self._database = database
        self._crawler = crawler
        self._log = log
        self._policy = crawler.schema_change_policy or {}
        self.changes: dict[str, list[str]] = defaultdict(list)

    def apply(self, found: dict[str, Snapshot | DeltaError]) -> None:
        """Create, update and retire tables after what was `found` at each path.

        Raises CrawlError when a target could not be read, after having done the others.
        """
        problems: list[str] = []
        for path, result in found.items():
            name = table_name(path, self._crawler.table_prefix)
            table = self._database.tables.get(name)
            if table is not None and _location(table) != path.rstrip("/"):
                name = f"{name}_{hashlib.md5(path.encode(), usedforsecurity=False).hexdigest()}"
                table = self._database.tables.get(name)
            if isinstance(result, Snapshot):
                self._put(name, table, result.table_input(name, self._crawler.name))
            elif table is not None and isinstance(result, NoDeltaTableError):
                self._retire(name, table)
            else:
                problems.append(str(result))
        if problems:
            raise CrawlError("; ".join(problems))

    def _put(self, name: str, table: FakeTable | None, wanted: dict[str, Any]) -> None:
        if table is None:
            self._crawler.backend.create_table(self._database.name, name, wanted)
            self.changes["ADD"].append(name)
            self._log(f"Created table {name} in database {self._database.name}")
            return
        have = table.as_dict()
        if all(have.get(key) == value for key, value in wanted.items()):
            return
        if self._policy.get("UpdateBehavior", "UPDATE_IN_DATABASE") == "LOG":
            self._log(f"Table {name} has changed and is left alone: the update behavior is LOG")
            return
        table.update(wanted)
        self.changes["UPDATE"].append(name)
        self._log(f"Updated table {name} in database {self._database.name}")

    def _retire(self, name: str, table: FakeTable) -> None:
        """Treat a table whose Delta log is gone as the crawler's DeleteBehavior says."""
        behavior = self._policy.get("DeleteBehavior", "DEPRECATE_IN_DATABASE")
        if behavior == "DELETE_FROM_DATABASE":
            self._crawler.backend.delete_table(self._database.name, name)
            self.changes["DELETE"].append(name)
        elif behavior == "DEPRECATE_IN_DATABASE":
            latest = dict(table.get_version(str(max(map(int, table.versions)))))
            now = str(int(time.time() * 1000))
            latest["Parameters"] = (latest.get("Parameters") or {}) | {"DEPRECATED_BY_CRAWLER": now}
            table.update(latest)
            self.changes["UPDATE"].append(name)
        self._log(f"The Delta log of table {name} is gone: {behavior}")


def _location(table: FakeTable) -> str:
    description: dict[str, Any] = table.as_dict().get("StorageDescriptor") or {}
    return str(description.get("Location", "")).rstrip("/")
