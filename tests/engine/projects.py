"""A Pulumi project of a test's own, for the commands that people run on it."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

import yaml

from pipeline import deploy
from pipeline.progress import PlainDisplay

ROOT = Path(__file__).resolve().parents[2]
DISPLAY = PlainDisplay(io.StringIO())

COMMAND = """
import sys
from pathlib import Path
from pipeline import deploy, explain
from pipeline.progress import PlainDisplay
deploy._program = program
try:
    deploy.deploy(sys.argv[1], sys.argv[2], PlainDisplay(sys.stderr), Path(sys.argv[3]))
except BaseException as error:
    problem = explain.explain(error)
    print(problem.message, file=sys.stderr)
    sys.exit(problem.exit_code)
"""


class Project:
    """A folder with a stack's settings, a backend of its own, and localaws in place of AWS."""

    def __init__(self, folder: Path, endpoint: str) -> None:
        self.folder = folder
        self.stack = f"d{uuid4().hex[:8]}"
        document = yaml.safe_load((ROOT / "Pulumi.local.yaml").read_text(encoding="utf-8"))
        self.config: dict[str, Any] = document["config"]
        services = self.config["aws:endpoints"][0]
        self.config["aws:endpoints"] = [dict.fromkeys(services, endpoint)]
        (folder / "Pulumi.yaml").write_bytes((ROOT / "Pulumi.yaml").read_bytes())
        self.set()

    def set(self, **changed: Any) -> None:
        """Change settings of the program's."""
        self.config.update({f"lakehouse:{key}": value for key, value in changed.items()})
        file = self.folder / f"Pulumi.{self.stack}.yaml"
        file.write_text(yaml.safe_dump({"config": self.config}), encoding="utf-8")

    def run(self, kind: Any, **choices: bool) -> Any:
        """Run one of the three commands."""
        return deploy.deploy(kind, self.stack, DISPLAY, self.folder, **choices)

    def pulumi(self, *arguments: str) -> str:
        """Run the CLI on the stack, as people do, and return what it printed."""
        return subprocess.run(
            ["pulumi", *arguments, "--stack", self.stack, "--non-interactive"],  # noqa: S607
            cwd=self.folder,
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    def begin(self, kind: Any, program: str) -> subprocess.Popen[str]:
        """Start one of the three with the program of this text, in a process group of its own."""
        return subprocess.Popen(
            [sys.executable, "-c", program + COMMAND, kind, self.stack, str(self.folder)],
            cwd=ROOT,
            text=True,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def state(self) -> dict[str, Any]:
        """What the backend's file holds: it must be readable at any time."""
        document: dict[str, Any] = json.loads(self._file.read_text(encoding="utf-8"))
        found: dict[str, Any] = document["checkpoint"]["latest"]
        return found

    def write_state(self, latest: dict[str, Any]) -> None:
        """Change what the backend's file holds: Pulumi itself takes no pending operations in."""
        document = json.loads(self._file.read_text(encoding="utf-8"))
        document["checkpoint"]["latest"] = latest
        self._file.write_text(json.dumps(document), encoding="utf-8")

    def locks(self) -> list[Path]:
        """The locks in the backend."""
        return list(self._backend.glob("locks/**/*.json"))

    @property
    def _backend(self) -> Path:
        return self.folder.parent / "backend" / ".pulumi"

    @property
    def _file(self) -> Path:
        return self._backend / "stacks" / "lakehouse" / f"{self.stack}.json"
