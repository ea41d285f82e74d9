"""Which failures of a job run may pass: one table, read from the top, the first that fits counts.

The job has one exit status for all of its failures. What tells them apart is how a run ended and
what was said last: by the job, whose sentences begin with the error's name (`spark/errors.py`), or
by Glue and the machine below it. What is not in the table does not pass: another run costs money.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """A kind of failure: words that it is known by (a regular expression), and what it is."""

    words: str
    name: str
    passes: bool


LEASE_HELD = Kind(r"\bLeaseHeldError: ", "another writer holds the tables", passes=False)
"""No failure of the work: a writer outside this job is at it."""

KINDS = (
    LEASE_HELD,
    # The job's own verdicts, which another run would only repeat.
    Kind(r"\bArgumentError: ", "arguments that the job refuses", passes=False),
    Kind(r"\bSchemaError: ", "tables of another release", passes=False),
    Kind(r"\bQualityError: ", "a quality rule is broken", passes=False),
    Kind(r"\b(Stage|Care|Restore)Error: ", "something for a person to mend", passes=False),
    # Storage: a refusal stays; what is below stands for S3's and the network's bad moments.
    Kind(r"\bStorageError: .*(AccessDenied|Forbidden|\bKMS)", "access is denied", passes=False),
    # The job says of itself that the next run finishes what is open.
    Kind(r"\bLeaseLostError: ", "the lease was lost", passes=True),
    # An engine tells of a broken connection as of a mistake, and its words are withheld.
    Kind(r"met something unforeseen", "unforeseen in the engine", passes=True),
    # More memory or disk is somebody's decision; the same again fails again.
    Kind(
        r"(?i)out.of.memory|no space left|DISK_NO_SPACE", "too little memory or disk", passes=False
    ),
    Kind(r"(?i)ended by signal|\bSIGKILL\b|\bSIGTERM\b|exit code 137", "killed", passes=True),
    Kind(r"localaws stopped while", "its machine went away", passes=True),
    Kind(
        r"(?i)throttl|rate exceeded|slow ?down|too ?many ?requests|reduce your request rate",
        "throttled",
        passes=True,
    ),
    Kind(
        r"(?i)internal ?(service|server)? ?(error|exception|failure)|service ?unavailable"
        r"|LAUNCH_ERROR|resource ?unavailable|insufficient capacity|executor ?lost",
        "trouble inside AWS",
        passes=True,
    ),
    Kind(
        r"(?i)connection (was )?(closed|reset|refused|broken|aborted)|could not connect"
        r"|(read|connect) timeout|request ?timeout|reading broke off|CONNECTION_ERROR",
        "a broken connection",
        passes=True,
    ),
)

ENDS = {
    "ERROR": Kind("", "Glue could not run it", passes=True),
    "TIMEOUT": Kind("", "it took longer than it may", passes=False),
    "STOPPED": Kind("", "somebody stopped it", passes=False),
    "EXPIRED": Kind("", "it waited too long for its turn", passes=False),
}
"""Ends that need no words."""

UNKNOWN = Kind("", "of no kind that is known to pass", passes=False)


def kind_of(state: str, said: str) -> Kind:
    """Find the kind of a failure by the state in which a job run ended and what was said last."""
    if state in ENDS:
        return ENDS[state]
    return next((kind for kind in KINDS if re.search(kind.words, said)), UNKNOWN)
