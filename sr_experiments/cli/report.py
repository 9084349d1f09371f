"""``python report.py runs=FOLDER`` or ``study=NAME``: what runs say together."""

import sys

from omegaconf import DictConfig

from sr_experiments.cli.app import run_app
from sr_experiments.cli.study_choice import keep_choice


def main() -> None:
    """The command."""
    sys.argv[1:] = keep_choice(sys.argv[1:])
    run_app("report", report)


def report(config: DictConfig) -> None:
    """Reports on runs."""
    # Imported here, so that --help and mistakes on the command line are answered at once.
    from sr_experiments.cli.report_run import report_run

    report_run(config)
