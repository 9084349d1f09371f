"""A job's configuration as its sweep composed it, which no later edit of a file changes."""

import os
from hashlib import sha256
from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from sr_experiments.errors import ConfigError
from sr_experiments.files import write_whole

#: Variables that name a job's configuration and its SHA-256.
CONFIG_FILE, CONFIG_HASH = "SR_EXPERIMENTS_CONFIG", "SR_EXPERIMENTS_CONFIG_HASH"
#: In the folder of a sweep: the configuration of each job, by its number.
FROZEN = ".jobs"


def freeze(sweep: Path, number: int, text: str) -> dict[str, str]:
    """Writes a job's configuration; the variables by which its process finds it.

    Args:
        sweep: the folder of the sweep.
        number: the job's.
        text: the configuration as YAML, its interpolations unresolved.
    """
    path = frozen_file(sweep, number)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, text)
    return {CONFIG_FILE: str(path), CONFIG_HASH: sha256(text.encode()).hexdigest()}


def frozen_file(sweep: Path, number: int) -> Path:
    """Where the configuration of a job lies."""
    return sweep / FROZEN / f"{number}.yaml"


def frozen_config(composed: DictConfig) -> DictConfig:
    """What the sweep composed for this process, instead of what the files say by now.

    Only the checkpoint to go on from is of this attempt. Outside of a sweep it is ``composed``.

    Args:
        composed: by this process.

    Raises:
        ConfigError: the file is gone, or it is not the one that the sweep wrote.
    """
    if CONFIG_FILE not in os.environ:
        return composed
    path = Path(os.environ[CONFIG_FILE])
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigError(
            f"{path}: the sweep's configuration of this job cannot be read ({error.strerror}); "
            "start the sweep again, which writes it anew"
        ) from None
    if sha256(content).hexdigest() != os.environ.get(CONFIG_HASH):
        raise ConfigError(
            f"{path}: is not the configuration that the sweep composed for this job (its SHA-256 "
            "differs); nothing was run. Start the sweep again, which writes it anew"
        )
    config = OmegaConf.create(content.decode())
    assert isinstance(config, DictConfig)
    config.ckpt_path = composed.get("ckpt_path")
    OmegaConf.set_struct(config, True)
    return config
