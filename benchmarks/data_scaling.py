"""How preparation, start-up and memory grow with the number of images.

``python benchmarks/data_scaling.py`` writes ``benchmarks/data_scaling.md``. For each size, images
of 200 x 200 are generated and, each in a process of its own: stores are built for EDSR x2 (LR and
HR), a training set is opened and its first batch cut, and the same is done for the stream of
ImageNet-like folders (50 images each), with and without its cached list.
"""

import argparse
import json
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

import torch

from sr_experiments.imaging import save_image

MEASURE = """
import json, resource, sys, time
from sr_experiments.data import RandomPatches, RestorationDataModule
from sr_experiments.imaging import Degradation
residency, root, cache = sys.argv[1:]
imported = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
began = time.perf_counter()
data = RestorationDataModule(
    root=root, train=["*/*.png"] if residency != "stream" else ["."], val={}, test={},
    patches=RandomPatches(48, 1, 16), channels=3, scales=[2], interpolated=False,
    degradation=Degradation(resize="uint8"), cache=cache, residency=residency)
next(iter(data.train_dataloader()))
took = time.perf_counter() - began
whose = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
usage = [resource.getrusage(who).ru_maxrss for who in whose]
print(json.dumps([took, (usage[0] - imported) / 1024, usage[1] / 1024]))
"""


def measure(residency: str, root: Path, cache: Path) -> list[float]:
    """Seconds, MB beside imports, MB of the largest builder."""
    command = [sys.executable, "-W", "ignore", "-c", MEASURE, residency, str(root), str(cache)]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found: list[float] = json.loads(out.splitlines()[-1])
    return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--sizes", type=int, nargs="+", default=[100, 1000, 10000])
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    lines = []
    with tempfile.TemporaryDirectory() as name:
        made = 0
        generator = torch.Generator().manual_seed(0)
        for size in arguments.sizes:
            while made < size:
                image = torch.randint(256, (3, 200, 200), generator=generator, dtype=torch.uint8)
                path = Path(name) / "images" / f"{made // 50:04d}" / f"{made:06d}.png"
                save_image(image, path)
                made += 1
            cache = Path(name) / f"cache{size}"
            build = measure("disk", path.parents[1], cache)
            start = measure("disk", path.parents[1], cache)
            listing = measure("stream", path.parents[1], cache)
            stream = measure("stream", path.parents[1], cache)
            cells = [
                f"{size:,}",
                f"{build[0]:.2f} s ({1000 * build[0] / size:.1f} ms an image)",
                f"{build[1]:.0f} / {build[2]:.0f} MB",
                f"{start[0]:.2f} s",
                f"{start[1]:.0f} MB",
                f"{listing[0]:.2f} s",
                f"{stream[0]:.2f} s",
                f"{stream[1]:.0f} MB",
            ]
            lines.append(f"| {' | '.join(cells)} |")
            print(lines[-1], flush=True)
    heads = [
        "images",
        "preparation",
        "its memory: main / builder",
        "start-up with stores",
        "memory",
        "stream: first start",
        "stream: later starts",
        "memory",
    ]
    text = "\n".join(
        [
            "# Data at scale",
            "",
            f"`python {' '.join(sys.argv)}`, 2 cores, AMD EPYC, Python "
            f"{platform.python_version()}, torch {torch.__version__}.",
            "Times are from the construction of the data module to the first batch. Memory is the "
            "growth of the peak over that after the imports; for builders it is all of it.",
            "",
            f"| {' | '.join(heads)} |",
            "|" + "---|" * len(heads),
            *lines,
            "",
        ]
    )
    Path(__file__).with_suffix(".md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
