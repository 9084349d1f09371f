"""``python report.py --help`` says what can be chosen."""

from sr_experiments.cli.report import main

if __name__ == "__main__":
    main()
