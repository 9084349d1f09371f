"""``python prepare.py dataset=sr291``: fetches or imports a published set and builds its stores."""

from omegaconf import DictConfig

from sr_experiments.cli.app import run_app
from sr_experiments.cli.early import checked_preparation


def main() -> None:
    """The command."""
    run_app("prepare", prepare, checked_preparation)


def prepare(config: DictConfig) -> None:
    """Runs one preparation."""
    # Imported here, so that --help and mistakes on the command line are answered at once.
    from sr_experiments.cli.preparation_run import preparation_run

    preparation_run(config)
