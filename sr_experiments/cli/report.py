"""``python report.py runs=FOLDER``: what runs say together, as a page, text, plots and tables."""

from omegaconf import DictConfig

from sr_experiments.cli.app import run_app


def main() -> None:
    """The command."""
    run_app("report", report)


def report(config: DictConfig) -> None:
    """Reports on runs."""
    # Imported here, so that --help and mistakes on the command line are answered at once.
    from sr_experiments.cli.report_run import report_run

    report_run(config)
