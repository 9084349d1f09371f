"""``python dashboard.py --help`` says what can be chosen."""

from sr_experiments.cli.dashboard import main

if __name__ == "__main__":
    main()
