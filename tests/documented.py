"""The commands that README.md and docs/ show, and why some of them are not run by a test."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
_STARTS = r"(?:python -?[\w.]+|make|pip|torchrun|wandb|tensorboard|sr-\w+|eval|source)\b"

#: Beginning of a command, as a regular expression, and why it isn't run; python's are composed.
NOT_RUN = {
    r"make demo": "its experiment=vdsr_demo is run as a command of its own",
    r"make reproduce": "hours; tests/benchmarks runs it with a tiny cell",
    r"make faults": "minutes of kills; tests/faults is what it runs",
    r"make ": "runs these tests, or what tests/test_packaging.py and tests/test_site.py run",
    r"source |eval ": "sets up a shell; tests/cli/config tests what it evaluates",
    r"sr-": "the scripts under other names; tests/test_packaging.py runs them from the wheel",
    r"pip install": "changes the environment; test_documented.py knows the extras",
    r"python app\.py": "serves pages until it is stopped; tests/cli opens them in a browser",
    r".*logger=(?:mlflow|trackio)": "not installed by make setup; tests/cli/test_loggers.py",
    r"wandb leet|tensorboard ": "opens a program of others",
    r"torchrun ": "wants two machines; tests/training runs torchrun on one",
    r"python -m benchmarks": "a measurement of minutes",
    r".*logger\.wandb\.offline=false": "wants an account",
    r".*to=wandb (?!.*dry-run)": "wants an account; tests/report runs it against a local server",
    r"python prepare\.py": "downloads; tests/data runs it against a local server and with a folder",
    r".*device=(?:gpu|ddp)": "wants GPUs or several processes; tests/training has ddp_cpu",
    r".*(?:-m .*study=|study\.size)": "a sweep of a study; tests/studies runs a job of each",
    r".*hparams_search": "forty trials; tests/sweeps runs a search",
    r".*sweep\.resume=|.*rerun=": "wants a sweep that was cut off; tests/sweeps does that",
    r".*(?:srgan|loss=perceptual|lpips)": "downloads backbones; tests/cli does it with a small one",
    r".*(?:NAME|FILE)\b": "a placeholder",
    r".*--help": "tests/test_packaging.py asks each command",
}


class Shown(NamedTuple):
    """A command as a page shows it, without what stands behind ``#``."""

    page: str
    text: str

    @property
    def reason(self) -> str:
        """Why it is not run; empty if it is."""
        return next((why for how, why in NOT_RUN.items() if re.match(how, self.text)), "")


def shown_commands() -> list[Shown]:
    """All commands, each once."""
    return list({command.text: command for command in _shown()}.values())


def _shown() -> Iterator[Shown]:
    """Commands in blocks, indented, and those that are an inline code span."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8").replace("\\\n", " ")
        for line in text.splitlines():
            found = re.match(rf"(?:\$ |    |)({_STARTS}(?: .*)?)$", line)
            spans = re.findall(rf"`({_STARTS} [^`]+)`", line)
            for words in [found[1]] if found else spans:
                command = " ".join(re.sub(r"\s+#\s.*$|\s+#$", "", words).split())
                if not command.endswith(("=[...]", "logger=...")):
                    yield Shown(page.name, command)
