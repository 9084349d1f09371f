"""Tabulates the minis: gain over bicubic, steps and minutes; minis.md tells how they were run."""

import csv
import json
import os
import platform
import sys
from pathlib import Path


def main() -> None:
    print("| recipe | set | scale | bicubic dB | PSNR dB | gain dB | protocol | steps | minutes |")
    print("|---|---|---|---|---|---|---|---|---|")
    runs = [run for folder in sys.argv[1:] for run in sorted(Path(folder).glob("*/status.json"))]
    for status in runs:
        print("\n".join(lines(status.parent)))
    print(f"\n{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}")


def lines(run: Path) -> list[str]:
    status = json.loads((run / "status.json").read_text())
    overrides = (run / "overrides.yaml").read_text()
    name = next(line for line in overrides.splitlines() if "experiment=" in line).split("=")[1]
    if status["state"] != "finished":
        return [f"| {name} | {status['state']}: {status['error']['message']} |"]
    with (run / "metrics.csv").open() as file:
        steps = max(int(row["step"]) for row in csv.DictReader(file))
    with (run / "results.csv").open() as file:
        rows = list(csv.DictReader(file))
    return [
        f"| {name} | {row['benchmark']} | x{float(row['scale']):g} | "
        f"{float(row['bicubic_psnr']):.3f} | {float(row['psnr']):.3f} | "
        f"{float(row['gain']):+.3f} | {row['protocol']} | {steps} | {status['seconds'] / 60:.1f} |"
        for row in rows
    ]


if __name__ == "__main__":
    main()
