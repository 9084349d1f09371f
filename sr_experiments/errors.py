"""The errors that a user can fix: printed as one message without a traceback."""

import errno
import signal

#: What a system says when there is no space left, or none for this user.
DISK_FULL = {errno.ENOSPC, errno.EDQUOT}
# What processes of a run say when another one is gone, and what torchrun says at the end.
_CONSEQUENCES = ("by peer", "remote worker", "ChildFailedError", "DistBackendError", "Broken pipe")


class UserError(Exception):
    """Something outside the code is wrong: what it is, what was expected and how to fix it."""

    kind = "user_error"


class ImageError(UserError):
    """An image file cannot be used."""


class OutOfMemoryError(UserError):
    """Something does not fit into memory."""

    kind = "out_of_memory"


class ConfigError(UserError):
    """A key of the configuration is unknown, of the wrong type or out of range."""


class CheckpointError(UserError):
    """A file of weights cannot be read or does not fit the network."""


class TrainingError(UserError):
    """A training run cannot go on: it diverged, died or cannot write its results."""


class DivergedError(TrainingError):
    """The loss grew beyond all bounds."""

    kind = "diverged"


class DeadError(TrainingError):
    """No weight has a gradient any more."""

    kind = "dead"


class LostWorkerError(TrainingError):
    """A process that read images for the training was killed."""

    kind = "killed"


class RankError(TrainingError):
    """One of several processes has ended before the others."""


class DiskFullError(TrainingError):
    """There is no space for what a run has to write."""

    kind = "disk_full"


class Interrupted(BaseException):
    """A signal asked to stop; no ``Exception``, so that no library takes it for an error.

    Args:
        number: the signal.
    """

    kind = "interrupted"

    def __init__(self, number: int) -> None:
        super().__init__(f"stopped by {signal.Signals(number).name}")
        self.number = number


def kind_of(error: BaseException) -> str:
    """The ``kind`` of ``status.json`` for an error, from its class."""
    if isinstance(error, OSError) and error.errno in DISK_FULL:
        return "disk_full"
    if isinstance(error, KeyboardInterrupt | SystemExit):
        return "interrupted"
    # torch's has the same name on every device; it is not imported for that here.
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return "out_of_memory"
    return str(getattr(error, "kind", "failed"))


def is_consequence(error: BaseException) -> bool:
    """Whether an error says no more than that another process of the run is gone."""
    return follows(f"{type(error).__name__}: {error}")


def follows(text: str) -> bool:
    """Whether a message is that of a consequence of another process's end."""
    return any(sign in text for sign in _CONSEQUENCES)
