"""``python predict.py --help`` says what can be chosen."""

from sr_experiments.cli.app import predict

if __name__ == "__main__":
    predict()
