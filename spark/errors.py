"""What can stop the job, as one tree.

    JobError
    ├── ArgumentError      the job was started with arguments that it does not understand
    ├── StorageError       an object of the lake could not be read or written
    ├── LeaseHeldError     another writer holds the bronze zone
    ├── LeaseLostError     another writer took the bronze zone over while this one worked
    ├── StageError         a stage does not hold what its reading must have left there
    ├── CareError          a table could not be compacted, vacuumed, restored or altered
    ├── SchemaError        a table's schema is of a newer release, or cannot become this one's
    ├── QualityError       a quality rule was broken that stops the run
    └── RestoreError       the tables cannot go back to what they were before a run

A job that ends with one of these prints its sentence as the last line of standard error, which Glue
shows as the run's error message.
"""

from __future__ import annotations


class JobError(Exception):
    """Anything that stops the job with a sentence instead of a traceback."""


class ArgumentError(JobError):
    """The job was started with arguments that it does not understand."""


class StorageError(JobError):
    """An object of the lake could not be read or written."""


class LeaseHeldError(JobError):
    """Another writer holds the bronze zone."""


class LeaseLostError(JobError):
    """Another writer took the bronze zone over while this one worked."""


class StageError(JobError):
    """A stage does not hold what its reading must have left there."""


class CareError(JobError):
    """A table could not be compacted, vacuumed, restored or altered."""


class SchemaError(JobError):
    """A table's schema is of a newer release, or cannot become this one's."""


class RestoreError(JobError):
    """The tables cannot go back to what they were before a run."""


class QualityError(JobError):
    """A quality rule was broken that stops the run."""
