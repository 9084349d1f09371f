import json
import os
import random
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

from tests.commands import Command

#: Moments at which a signal strikes; an acceptance run takes FAULTS=50.
MOMENTS = int(os.environ.get("FAULTS", "2"))
#: Tries of faults that do not depend on the moment as much.
TRIES = max(1, MOMENTS // 5)


@dataclass
class Record:
    """One line of the table in docs/reliability.md.

    ``detected``: it was noticed and said, or left no trace. ``survived``: the work went on to the
    same end, or ended cleanly. ``lost``: finished runs, stores or checkpoints that were lost.
    ``seconds``: the most work that had to be done again.
    """

    fault: str
    tried: int = 0
    detected: int = 0
    survived: int = 0
    lost: int = 0
    seconds: float = 0.0

    def add(self, detected: bool, survived: bool, lost: int = 0, seconds: float = 0.0) -> None:
        self.tried += 1
        self.detected += detected
        self.survived += survived
        self.lost += lost
        self.seconds = max(self.seconds, seconds)


@pytest.fixture
def record() -> Callable[[str], Record]:
    """record("kill -9 of a run") -> a line that is kept where FAULT_RECORDS names a file."""
    made: list[Record] = []

    def make(fault: str) -> Record:
        made.append(Record(fault))
        return made[-1]

    yield make
    for line in made:
        if file := os.environ.get("FAULT_RECORDS"):
            with Path(file).open("a", encoding="utf-8") as out:
                out.write(json.dumps(asdict(line)) + "\n")
        assert line.tried, line
        assert line.detected == line.survived == line.tried, line
        assert not line.lost, line


@pytest.fixture
def start(tmp_path: Path) -> Callable[..., Command]:
    """start("train", "model=vdsr", ...) -> a running command in the test's folder."""
    started: list[Command] = []

    def call(name: str, *overrides: str, **environment: str) -> Command:
        given = {"SR_CACHE": os.environ["SR_CACHE"], "OMP_NUM_THREADS": "1", **environment}
        started.append(Command(name, overrides, tmp_path, given))
        return started[-1]

    yield call
    for command in started:
        if command.process.is_alive():
            command.process.kill()


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """undisturbed("seed=1") -> the folder of a finished run of TINY, made once; copy to change."""
    folder, made = tmp_path_factory.mktemp("undisturbed"), {}
    environment = {"SR_CACHE": os.environ["SR_CACHE"], "OMP_NUM_THREADS": "1"}

    def call(*overrides: str) -> Path:
        if overrides not in made:
            run = folder / str(len(made))
            typed = [*TINY, *overrides, f"hydra.run.dir={run}"]
            command = Command("train", typed, folder, environment)
            assert command.wait() == 0, command.printed
            made[overrides] = run
        return made[overrides]

    return call


@pytest.fixture
def moments() -> random.Random:
    return random.Random(int(os.environ.get("FAULT_SEED", "0")))


#: A run of about a second: 30 steps of 6 epochs, scored every second epoch.
TINY = (
    "model=vdsr",
    "model.depth=3",
    "model.channels=4",
    "model.scales=[2]",
    "data=demo",
    "data.train=[astronaut.png]",
    "data.val.cat=[microaneurysms.png]",
    "data.test={demo:[microaneurysms.png]}",
    "data.steps_per_epoch=5",
    "data.batch_size=4",
    "patches.size=24",
    "patches.stride=24",
    "trainer.max_epochs=6",
    "trainer.max_time=null",
    "trainer.check_val_every_n_epoch=2",
    "trainer.log_every_n_steps=1",
    "log_images=0",
    "device=cpu",
)
