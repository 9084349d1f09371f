"""``python prepare.py --help`` says what can be chosen."""

from sr_experiments.cli.prepare import main

if __name__ == "__main__":
    main()
