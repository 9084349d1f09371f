"""``python prepare.py --help`` says what can be chosen."""

from sr_experiments.cli.app import prepare

if __name__ == "__main__":
    prepare()
