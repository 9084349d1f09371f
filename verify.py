"""Repeats short recorded runs and compares: ``python verify.py``."""

from sr_experiments.cli.commands.verify import main

if __name__ == "__main__":
    main()
