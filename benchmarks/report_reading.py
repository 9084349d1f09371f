"""How long 1,000 runs take to be read, grouped and reported: `python benchmarks/report_reading.py`.

Each run folder is as a training of 80 epochs with 9,960 steps leaves it: a configuration of 130
lines, 996 rows of training and 16 of validation.
"""

import csv
import json
import shutil
import sys
import tempfile
import time
from pathlib import Path

import yaml
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from sr_experiments.cli.config.files import conf_dir
from sr_experiments.report.build import build_content, make_subject
from sr_experiments.runs.read import read_runs
from sr_experiments.studies.variants import group_by_variant

STEPS, EPOCHS = 9960, 80
VALIDATED = [f"val/set5_x{scale}/{name}_y" for scale in (2, 3, 4) for name in ("psnr", "ssim")]
TRAINED = ["train/loss", "train/lr", "train/clipped", "train/data_wait"]


def main(count: int) -> None:
    folder = Path(tempfile.mkdtemp())
    try:
        make(folder, count)
        start = time.perf_counter()
        runs = read_runs([folder])
        read = time.perf_counter()
        groups = group_by_variant(runs)
        grouped = time.perf_counter()
        content = build_content(make_subject(runs))
        built = time.perf_counter()
    finally:
        shutil.rmtree(folder)
    assert len(runs) == count
    assert all(run.state == "finished" for run in runs)
    assert len(content["configurations"]) == len(groups)
    print(f"{count} runs of {len(groups)} configurations")
    print(f"| read | {read - start:.1f} s |")
    print(f"| grouped | {grouped - read:.1f} s |")
    print(f"| grouped, and all of the report's content | {built - grouped:.1f} s |")


def make(folder: Path, count: int) -> None:
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        composed = compose("train", ["experiment=vdsr_paper", "run_dir=RUN"])
    plain = OmegaConf.to_container(composed, resolve=False)
    assert isinstance(plain, dict)
    for number in range(count):
        run = folder / str(number)
        run.mkdir()
        seed, rate = number % 5, 0.1 / (1 + number // 5)
        plain["seed"], plain["optim"]["lr"] = seed, rate
        (run / "config.yaml").write_text(yaml.dump(plain, Dumper=yaml.CSafeDumper))
        (run / "overrides.yaml").write_text(f"- optim.lr={rate}\n- seed={seed}\n")
        status = {"state": "finished", "schema": 1, "metrics": {"test/set5_x2/psnr_y": 36.9}}
        (run / "status.json").write_text(json.dumps(status))
        (run / "environment.json").write_text('{"git": "abc", "packages": {"torch": "2.15.0"}}')
        write_metrics(run / "metrics.csv", number)


def write_metrics(path: Path, number: int) -> None:
    with path.open("w", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["epoch", "step", "train/seconds", *TRAINED, *VALIDATED])
        of_epoch = STEPS / EPOCHS
        for step in range(9, STEPS, 10):
            values = [(step + number) / 7919 for _ in TRAINED]
            rows.writerow([int(step / of_epoch), step, "", *values, *["" for _ in VALIDATED]])
        for epoch in range(4, EPOCHS, 5):
            values = [30 + epoch / 7919 + number / 104729 for _ in VALIDATED]
            last = round((epoch + 1) * of_epoch) - 1
            rows.writerow([epoch, last, epoch * 1.5, *["" for _ in TRAINED], *values])


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
