"""One Glue job run as the API shows it, and what its process is ordered to do."""

from __future__ import annotations

from importlib.metadata import distributions
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from moto.core.utils import utcnow
from moto.glue.models import FakeJobRun

from localaws.errors import UnsupportedError
from localaws.objects import read_object

if TYPE_CHECKING:
    from datetime import datetime

    from moto.glue.models import FakeJob

TERMINAL: Final = frozenset({"SUCCEEDED", "FAILED", "STOPPED", "TIMEOUT"})
_BEFORE_5: Final = ("0.", "1.", "2.", "3.", "4.")
STOPPED_MEANWHILE: Final = (
    "localaws stopped while this run was under way; what it had committed stays, start it again"
)


class JobRun(FakeJobRun):
    """A run whose state is what really happens, not moto's timetable.

    It holds plain data only, so that it can be saved with the rest of the backend.
    """

    def __init__(self, job: FakeJob, *, attempt: int = 0, **overrides: Any) -> None:
        super().__init__(job_name=job.name, **overrides)
        self.attempt = attempt
        self.state = "STARTING"
        self.ended_on: datetime | None = None
        self.running_since = self.started_on
        self.error_message: str | None = None
        self.glue_version = job.glue_version or "5.1"
        self.execution_class = job.execution_class
        self.role = (job.role or "").partition(":role/")[2] or job.role
        if not self.timeout:  # minutes; https://docs.aws.amazon.com/glue/ StartJobRun
            self.timeout = 2880 if self.glue_version.startswith(_BEFORE_5) else 480

    @property
    def status(self) -> str:
        """The state, under the name by which moto asks for it."""
        return self.state

    @status.setter
    def status(self, value: str) -> None:
        self.enter(value)

    def advance(self) -> None:
        """Do nothing: looking at a run does not move it on."""

    @property
    def log_group(self) -> str:
        """The name that the groups of output and errors begin with."""
        if not self.security_configuration:
            return "/aws-glue/jobs"
        return f"/aws-glue/jobs/{self.security_configuration}-role/{self.role}"

    def enter(self, state: str, error: str | None = None) -> None:
        """Move on to `state`; a run that has ended stays as it is."""
        if self.state in TERMINAL:
            return
        self.state = state
        self.modified_on = utcnow()
        if state == "RUNNING":
            self.running_since = self.modified_on
        if state in TERMINAL:
            self.ended_on = self.modified_on
            self.error_message = error

    def as_dict(self) -> dict[str, Any]:
        """Return the JobRun structure of the API."""
        result: dict[str, Any] = super().as_dict()
        end = self.ended_on or utcnow()
        result |= {
            "CompletedOn": self.ended_on,
            "Attempt": self.attempt,
            "ExecutionTime": round((end - self.running_since).total_seconds()),
            "GlueVersion": self.glue_version,
            "ExecutionClass": self.execution_class,
            "LogGroupName": self.log_group,
            "ErrorMessage": self.error_message,
            "JobMode": "SCRIPT",
        }
        return {key: value for key, value in result.items() if value is not None}


def _refuse_installing(arguments: dict[str, str]) -> None:
    """Let pass what pip finds there already where it may look nowhere else, and refuse the rest."""
    modules = arguments.get("--additional-python-modules", "")
    options = arguments.get("--python-modules-installer-option", "").split()
    there = {name.lower() for one in distributions() if (name := one.metadata["Name"])}
    wanted = {module.strip().lower() for module in modules.split(",") if module.strip()}
    if wanted and not ("--no-index" in options and wanted <= there):
        raise UnsupportedError(
            f"localaws does not support --additional-python-modules ({modules}): install them in "
            "the environment it runs in, or bring them along with --extra-py-files"
        )


def order(job: FakeJob, run: JobRun, folder: Path, *, account: str, region: str) -> dict[str, Any]:
    """Download the run's script and modules into `folder`; return the order for its runner.

    Raises MissingObjectError when one does not exist and UnsupportedError for kinds of jobs and
    arguments that localaws cannot honour.
    """
    command: dict[str, Any] = job.command  # type: ignore[assignment] # moto calls the map a str
    arguments: dict[str, str] = run.arguments or {}
    if command.get("Name") != "glueetl":
        raise UnsupportedError(
            f"localaws does not support {command.get('Name')} jobs: it runs glueetl scripts only"
        )
    if arguments.get("--job-language", "python") != "python":
        raise UnsupportedError("localaws does not support Scala jobs: it runs Python only")
    _refuse_installing(arguments)

    def download(url: str, into: Path) -> Path:
        into.mkdir(parents=True, exist_ok=True)
        target = into / PurePosixPath(url).name
        target.write_bytes(read_object(url, account=account, region=region))
        return target

    def urls(argument: str) -> list[str]:
        return [url.strip() for url in arguments.get(argument, "").split(",") if url.strip()]

    script = download(str(command.get("ScriptLocation") or ""), folder / "script")
    for url in urls("--extra-files"):
        download(url, folder)
    python_path: list[str] = []
    for number, url in enumerate(urls("--extra-py-files")):
        module = download(url, folder / f"modules-{number}")
        python_path.append(str(module.parent if module.suffix == ".py" else module))
    own = {"--JOB_NAME": job.name, "--JOB_RUN_ID": run.job_run_id}
    return {
        "script": str(script),
        "arguments": [word for pair in (arguments | own).items() for word in pair],
        "python_path": python_path,
    }
