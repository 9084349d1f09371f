"""``python export.py --help`` says what can be chosen."""

from sr_experiments.cli.app import export

if __name__ == "__main__":
    export()
