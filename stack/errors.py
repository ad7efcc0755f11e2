"""What can go wrong while the stack is installed, started or asked."""

from __future__ import annotations


class StackError(Exception):
    """Something a person must do or know; its text says what. Shown without a traceback."""


class PrerequisiteMissing(StackError):
    """A program that the stack builds with or runs on is not there."""


class StepFailed(StackError):
    """An installation or start step ended badly; its log says why."""


class NotReady(StackError):
    """A service did not become healthy in time."""


class NotRunning(StackError):
    """The stack (or the service asked for) is not running."""


class PortTaken(StackError):
    """A port that the stack needs belongs to somebody else."""
