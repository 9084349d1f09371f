"""``python report.py --help`` says what can be chosen."""

from sr_experiments.cli.app import report

if __name__ == "__main__":
    report()
