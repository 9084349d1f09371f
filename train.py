"""``python train.py --help`` says what can be chosen."""

from sr_experiments.cli.train import main

if __name__ == "__main__":
    main()
