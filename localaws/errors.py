"""What can go wrong with localaws itself, as one tree of errors for its callers."""

from __future__ import annotations


class LocalawsError(Exception):
    """The root: its message says what happened, to what, and what to do next."""


class PortInUseError(LocalawsError):
    """Another program listens on the port that localaws was asked to use."""


class StateError(LocalawsError):
    """The state folder cannot be used; nothing in it was changed."""


class StateInUseError(StateError):
    """Another localaws process holds the state folder."""


class StateFormatError(StateError):
    """The state folder was written in a format that this version does not read."""


class StartError(LocalawsError):
    """The server process did not become ready."""


class UnsupportedError(LocalawsError):
    """An AWS feature that localaws does not have; the message names it."""
