"""``python compare.py``: runs side by side, by distortion, by perception and in pictures."""

from functools import partial

from omegaconf import DictConfig

from sr_experiments.cli.app import run_app
from sr_experiments.cli.early import checked


def main() -> None:
    """The command."""
    run_app("compare", compare, partial(checked, network=False))


def compare(config: DictConfig) -> float:
    """Compares the runs of a sweep; the best mean PSNR in dB."""
    # Imported here, so that --help and mistakes on the command line are answered at once.
    from sr_experiments.cli.comparison_run import comparison_run

    return comparison_run(config)
