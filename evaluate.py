"""``python evaluate.py --help`` says what can be chosen."""

from sr_experiments.cli.app import evaluate

if __name__ == "__main__":
    evaluate()
