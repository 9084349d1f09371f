"""``python train.py``: trains a network and scores it."""

from omegaconf import DictConfig

from sr_experiments.cli.app import run_app
from sr_experiments.cli.early import checked
from sr_experiments.errors import ConfigError


def main() -> None:
    """The command."""
    run_app("train", train, checked)


def train(config: DictConfig) -> float:
    """Runs one training; the mean PSNR on the test sets in dB."""
    if config.sweep.estimate:
        raise ConfigError("sweep.estimate: is a sweep's; add -m, also for a single run")
    # Imported here, so that --help and mistakes on the command line are answered at once.
    from sr_experiments.cli.training_run import training_run

    return training_run(config)
