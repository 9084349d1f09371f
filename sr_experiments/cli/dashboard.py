"""``python dashboard.py study=NAME``: a W&B workspace that shows the runs of a study or a sweep."""

import sys

from omegaconf import DictConfig

from sr_experiments.cli.app import run_app
from sr_experiments.cli.study_choice import keep_choice


def main() -> None:
    """The command; ``--dry-run`` is another word for ``dry_run=true``."""
    words = ["dry_run=true" if word == "--dry-run" else word for word in sys.argv[1:]]
    sys.argv[1:] = keep_choice(words)
    run_app("dashboard", dashboard)


def dashboard(config: DictConfig) -> None:
    """Makes one workspace."""
    # Imported here, so that --help and mistakes on the command line are answered at once.
    from sr_experiments.cli.dashboard_run import dashboard_run

    dashboard_run(config)
