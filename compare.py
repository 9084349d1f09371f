"""``python compare.py --help`` says what can be chosen."""

from sr_experiments.cli.compare import main

if __name__ == "__main__":
    main()
