"""The errors a caller would catch, each with the exit code that the command line gives for it.

Messages are one line. They name the file, the column, the row number and the rule, never a value: values describe
children.
"""


class SecondplanError(Exception):
    """Base of the package's own errors."""

    exit_code = 1


class InputError(SecondplanError, ValueError):
    """A file or table cannot be read, or breaks a rule that cannot be repaired."""

    exit_code = 3


class OutputError(SecondplanError):
    """The place to write to is in use, not empty, or cannot be written."""

    exit_code = 4


class ModelNotFoundError(SecondplanError, LookupError):
    """No model of that name, alias, address or path."""

    exit_code = 5


class BundleError(SecondplanError, ValueError):
    """A model bundle is damaged, altered, or of a version that this package does not read."""

    exit_code = 5


class GateError(SecondplanError):
    """A model does not pass the gates that the champion must pass."""

    exit_code = 6


class EmptyCohortError(SecondplanError, ValueError):
    """The data are readable but hold no plan, or no child who can be analysed or scored."""

    exit_code = 7


class TooManyRejectsError(SecondplanError):
    """More rows are rejected than the caller allows, so that nothing is published."""

    exit_code = 8


def cannot_be_written(path: object, error: OSError) -> OutputError:
    """The error for a file or folder that the system does not let us write, with its reason."""
    return OutputError(f"{path}: cannot be written ({error.strerror or type(error).__name__})")
