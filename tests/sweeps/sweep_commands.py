import os
import re
import subprocess
import sys
from pathlib import Path

from tests.commands import Command

ROOT = Path(__file__).parents[2]


class Sweeps:
    """Runs the commands in a folder of their own, as a user would."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests" / "sweeps")]),
            "OMP_NUM_THREADS": "1",
        }

    def start(self, script: Path, *arguments: str, **extra: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, str(script), *arguments],
            cwd=self.folder,
            env={**self.environment, **extra},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, script: Path, *arguments: str, **extra: str) -> tuple[int, str]:
        process = self.start(script, *arguments, **extra)
        output, _ = process.communicate(timeout=400)
        return process.returncode, output

    def quick(self, *arguments: str, **extra: str) -> tuple[int, str]:
        """A sweep of jobs without torch, which behave as their tags say."""
        return self.run(ROOT / "tests" / "sweeps" / "quick_job.py", "-m", *arguments, **extra)

    def command(self, name: str, *overrides: str) -> Command:
        """A run of its own, which starts without the seconds that imports take."""
        environment = {key: self.environment[key] for key in ("PYTHONPATH", "OMP_NUM_THREADS")}
        return Command(name, overrides, self.folder, environment)

    def train(self, *arguments: str, **extra: str) -> tuple[int, str]:
        return self.run(ROOT / "train.py", *arguments, **extra)

    def processes(self) -> list[str]:
        """Command lines of living processes that name the folder."""
        found = []
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                line = path.read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
            if re.search(re.escape(str(self.folder)), line):
                found.append(line)
        return found


TINY = (
    "model=vdsr",
    "model.depth=2",
    "model.channels=4",
    "model.scales=[2,3]",
    "data=demo",
    "data.train=[astronaut.png]",
    "data.val={cat:[microaneurysms.png]}",
    "data.test={demo:[microaneurysms.png]}",
    "data.steps_per_epoch=2",
    "trainer.max_epochs=1",
    "log_images=0",
    "device=cpu",
)
