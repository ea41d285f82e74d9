"""The job's code as it is uploaded: the same source gives the same bytes, everywhere."""

from __future__ import annotations

import hashlib
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

SPARK_PACKAGE = Path(__file__).resolve().parent.parent / "spark"
"""The package that the job runs, next to this one."""

_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)
_FILE_MODE = 0o644 << 16
_UNIX = 3


@dataclass(frozen=True)
class Artifact:
    """One file for the scripts bucket."""

    file_name: str
    content: bytes

    @property
    def key(self) -> str:
        """The object's key: another content, another key, so that no run mixes two versions."""
        return f"{hashlib.sha256(self.content).hexdigest()[:16]}/{self.file_name}"


def job_script(package: Path = SPARK_PACKAGE) -> Artifact:
    """The entry script of the Glue job.

    Raises:
        FileNotFoundError: when the package has no ``job.py``.
    """
    return Artifact("job.py", (package / "job.py").read_bytes())


def job_modules(package: Path = SPARK_PACKAGE) -> Artifact:
    """The package as a zip that Python imports from: sorted, dateless, uncompressed.

    Uncompressed because deflate's output differs between zlib versions.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(package.rglob("*.py")):
            info = zipfile.ZipInfo(
                path.relative_to(package.parent).as_posix(), date_time=_ZIP_EPOCH
            )
            info.external_attr = _FILE_MODE
            info.create_system = _UNIX
            archive.writestr(info, path.read_bytes())
    return Artifact(f"{package.name}.zip", buffer.getvalue())
