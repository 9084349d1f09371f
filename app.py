"""``python app.py --help`` says what can be chosen."""

from sr_experiments.cli.app import app

if __name__ == "__main__":
    app()
