"""The errors that a user can mend: printed as one message without a traceback."""


class UserError(Exception):
    """Something outside the code is wrong: what it is, what was expected and how to mend it."""


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


class DiskFullError(TrainingError):
    """There is no space for what a run has to write."""

    kind = "disk_full"
