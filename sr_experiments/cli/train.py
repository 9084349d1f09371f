"""``python train.py``: trains a network and scores it."""

from omegaconf import DictConfig

from sr_experiments.cli.app import run_app
from sr_experiments.cli.early import checked


def main() -> None:
    """The command."""
    run_app("train", train)


def train(config: DictConfig) -> float:
    """Runs one training; the mean PSNR on the test sets in dB."""
    checked(config)
    # Imported here, so that --help and mistakes on the command line are answered at once.
    from sr_experiments.cli.training_run import training_run

    return training_run(config)
