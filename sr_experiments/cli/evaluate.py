"""``python evaluate.py``: scores weights on benchmark sets."""

from functools import partial

from omegaconf import DictConfig

from sr_experiments.cli.app import run_app
from sr_experiments.cli.early import checked


def main() -> None:
    """The command."""
    run_app("evaluate", evaluate, partial(checked, network=False))


def evaluate(config: DictConfig) -> float:
    """Scores one set of weights; the mean PSNR on the test sets in dB."""
    # Imported here, so that --help and mistakes on the command line are answered at once.
    from sr_experiments.cli.evaluation_run import evaluation_run

    return evaluation_run(config)
