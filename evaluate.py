"""``python evaluate.py --help`` says what can be chosen."""

from sr_experiments.cli.evaluate import main

if __name__ == "__main__":
    main()
