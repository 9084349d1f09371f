"""Memory and open files of a long run: 20,000 steps and 200 validations of a tiny network.

``python benchmarks/endurance.py`` writes endurance.csv (a row a second) and endurance.png, and
prints the growth after the first tenth.
"""

import argparse
import csv
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

HERE = Path(__file__).parent
ROOT = HERE.parent


def command(folder: str, epochs: int) -> list[str]:
    return [
        *(sys.executable, str(ROOT / "train.py"), "model=vdsr", "model.depth=3"),
        *("model.channels=4", "model.scales=[2]", "data=demo", "data.train=[astronaut.png]"),
        *("data.val.cat=[microaneurysms.png]", "data.test={demo:[microaneurysms.png]}"),
        *("data.steps_per_epoch=100", "data.batch_size=4", f"trainer.max_epochs={epochs}"),
        *(
            "trainer.check_val_every_n_epoch=1",
            "trainer.max_time=null",
            "log_images=0",
            "device=cpu",
        ),
        *("patches.size=24", "patches.stride=24", f"hydra.run.dir={folder}/run"),
        "optim.lr=0.001",
    ]


def sample(pid: int) -> tuple[float, int]:
    """Resident MiB and open files of a process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    files = len(os.listdir(f"/proc/{pid}/fd"))  # noqa: PTH208
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20, files


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=200)
    parser.add_argument("--out", type=Path, default=HERE)
    arguments = parser.parse_args()
    rows: list[tuple[float, float, int]] = []
    with tempfile.TemporaryDirectory() as folder, open(os.devnull, "w") as nothing:  # noqa: PTH123
        process = subprocess.Popen(command(folder, arguments.epochs), stdout=nothing)
        begin = time.monotonic()
        # Only while it trains: what comes before and after are imports and the final scores.
        metrics = Path(folder, "run", "metrics.csv")
        while process.poll() is None:
            if metrics.exists():
                try:
                    memory, files = sample(process.pid)
                except OSError:
                    break
                if memory:  # not between its end and the wait for it
                    rows.append((time.monotonic() - begin, memory, files))
            time.sleep(1)
        if process.wait():
            sys.exit(f"the run failed with exit status {process.returncode}")
    with (arguments.out / "endurance.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["seconds", "resident_mib", "open_files"])
        writer.writerows([(f"{s:.1f}", f"{m:.1f}", n) for s, m, n in rows])
    draw(rows, arguments.out / "endurance.png")
    seconds, memory, files = (np.array(column) for column in zip(*rows, strict=True))
    part = (seconds - seconds[0]) / (seconds[-1] - seconds[0])
    later = (part > 0.1) & (part < 0.98)  # then the final scores are computed
    slope = np.polyfit(part[later], memory[later], 1)[0] / (100 * arguments.epochs) * 1e6
    print(f"{100 * arguments.epochs} steps, {arguments.epochs} validations, {seconds[-1]:.0f} s")
    span = f"{memory[later].min():.1f} to {memory[later].max():.1f} MiB"
    print(f"memory after the first tenth: {span}, slope {slope:+.2f} MiB per million steps")
    print(f"open files: {files[later].min()} to {files[later].max()}")


def draw(rows: list[tuple[float, float, int]], path: Path) -> None:
    seconds, memory, files = zip(*rows, strict=True)
    figure, (above, below) = plt.subplots(2, 1, sharex=True, figsize=(7, 4.5), layout="constrained")
    above.plot(seconds, memory)
    above.set(ylabel="resident memory, MiB", ylim=(0, 1.1 * max(memory)))
    below.plot(seconds, files)
    below.set(ylabel="open files", xlabel="seconds", ylim=(0, None))
    figure.savefig(path, dpi=120)


if __name__ == "__main__":
    main()
