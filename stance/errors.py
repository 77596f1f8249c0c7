"""The errors that `stance` raises on purpose, and the exit codes they stand for.

Every error message says what was wrong, where, what was expected and what to do. Anything that is not a
`StanceError` is a defect of ours.
"""

from __future__ import annotations


class StanceError(Exception):
    """Base of all deliberate errors.

    Attributes
    ----------
    exit_code : int
        What the command line returns when this error ends it.
    """

    exit_code = 1


class LabelError(StanceError):
    """A label file or a label scheme breaks its rules."""

    exit_code = 3


class RecipeError(StanceError):
    """A recipe is unreadable, or one of its values is out of range."""

    exit_code = 3


class ArtifactError(StanceError):
    """A model file is damaged, hostile, of an unknown format, or absent."""

    exit_code = 4


class DocumentError(StanceError):
    """A document could not be read: absent, binary, damaged, or in an unknown format."""

    exit_code = 5


class DependencyError(StanceError):
    """An optional dependency is needed for what was asked and is not installed."""

    exit_code = 6


class RunError(StanceError):
    """A long run cannot begin, or stopped before its end: disk full, a worker lost, a checkpoint of another command."""

    exit_code = 7


class RunInterruptedError(RunError):
    """A long run was told to stop; what it has done is kept."""

    exit_code = 130
