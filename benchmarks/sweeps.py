"""What a sweep costs beyond its jobs: `python benchmarks/sweeps.py [jobs]`.

1. Eight tiny trainings, side by side by the launcher, against the same commands in turn.
2. Many jobs of next to nothing: seconds per job beyond what the job's own process takes by itself,
   and the memory of the sweep's process.
"""

import os
import platform
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parents[1]
QUICK = ROOT / "tests" / "sweeps" / "quick_job.py"
TINY = [
    *("model=vdsr", "model.channels=4", "data.train=[astronaut.png]", "data.steps_per_epoch=2"),
    *("data.val={demo:[coins.png]}", "data.test={demo:[coins.png]}"),
    *("trainer.max_epochs=1", "log_images=0", "device=cpu"),
]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}


def seconds(*command: str) -> float:
    begin = time.perf_counter()
    subprocess.run([sys.executable, *command], env=ENVIRONMENT, check=True, capture_output=True)
    return time.perf_counter() - begin


def side_by_side(folder: Path) -> None:
    train = str(ROOT / "train.py")
    axes = {"model.depth": "4,6", "optim.lr": "0.1,0.01", "seed": "0,1"}
    grid = [f"{key}={values}" for key, values in axes.items()]
    together = seconds(train, "-m", *TINY, *grid, f"hydra.sweep.dir={folder}/eight")
    alone = 0.0
    for number in range(8):
        chosen = [
            f"{key}={values.split(',')[number >> bit & 1]}"
            for bit, (key, values) in enumerate(axes.items())
        ]
        alone += seconds(train, *TINY, *chosen, f"hydra.run.dir={folder}/alone/{number}")
    print("| eight tiny trainings | seconds | ratio |\n|---|---|---|")
    print(f"| one after the other | {alone:.1f} | 1.00 |")
    print(f"| `-m`, 2 at a time | {together:.1f} | {together / alone:.2f} |\n")


def many(folder: Path, jobs: int) -> None:
    alone = [seconds(str(QUICK), f"hydra.run.dir={folder}/one/{i}") for i in range(5)]
    command = [sys.executable, str(QUICK), "-m", f"seed=range({jobs})", "sweep.slots=1"]
    begin = time.perf_counter()
    process = subprocess.Popen(
        [*command, f"hydra.sweep.dir={folder}/many"], env=ENVIRONMENT, stdout=subprocess.DEVNULL
    )
    memory = 0
    while process.poll() is None:
        memory = max(memory, _mebibytes(process.pid))
        time.sleep(0.1)
    total = time.perf_counter() - begin
    assert process.returncode == 0
    skipped = seconds(str(QUICK), "-m", f"sweep.resume={folder}/many")
    by_itself = sorted(alone)[len(alone) // 2]
    print(f"| {jobs} jobs of next to nothing, one at a time | |\n|---|---|")
    print(f"| seconds per job | {total / jobs:.3f} |")
    print(f"| the same process by itself | {by_itself:.3f} |")
    print(f"| launcher's share per job | {total / jobs - by_itself:.3f} |")
    print(f"| seconds to find all {jobs} finished | {skipped:.1f} |")
    print(f"| peak memory of the sweep's process | {memory} MiB |")


def _mebibytes(pid: int) -> int:
    """Resident memory of a process (Linux)."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) // 1024 for line in lines if line.startswith("VmRSS")), 0)


def main() -> None:
    jobs = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    names = ("torch", "pytorch-lightning", "hydra-core")
    versions = ", ".join(f"{name} {version(name)}" for name in names)
    print(f"{os.cpu_count()} cores, {platform.processor() or platform.machine()}; {versions}\n")
    with tempfile.TemporaryDirectory() as folder:
        side_by_side(Path(folder))
        many(Path(folder), jobs)


if __name__ == "__main__":
    main()
