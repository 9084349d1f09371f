"""``python train.py --help`` says what can be chosen."""

from sr_experiments.cli.app import train

if __name__ == "__main__":
    train()
