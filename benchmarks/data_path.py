"""Patches per second from image stores, from PNG files and from 480 x 480 sub-images in LMDB.

``python benchmarks/data_path.py ../shared/data`` writes ``benchmarks/data_path.md``. The images are
Set14 and BSD200, tiled up to 2040 x 1404 as DIV2K's are, so that PNG decoding costs what it costs
there. All ways run in one process on one thread and deliver float32 batches of 16 crops of 96 x 96.
"""

import argparse
import io
import platform
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import lmdb
import numpy as np
import pytorch_lightning as pl
import torch
from PIL import Image
from torch import Tensor, nn

from sr_experiments.data import GridPatches, RandomPatches, RestorationDataModule
from sr_experiments.data.index import index_images
from sr_experiments.data.store.build import build_stores
from sr_experiments.data.store.reader import Residency, Source, make_reader
from sr_experiments.data.store.spec import StoreSpec
from sr_experiments.imaging import list_images, load_image, save_image
from sr_experiments.models import EDSR, VDSR
from sr_experiments.training.callbacks.timing import DataWaitMonitor

HEIGHT, WIDTH, CROP, BATCH = 1404, 2040, 96, 16


def make_images(data: Path, folder: Path, count: int) -> list[Path]:
    files = [*list_images(data / "Set14"), *list_images(data / "BSD200")]
    generator = random.Random(0)
    for i in range(count):
        canvas = torch.zeros(3, HEIGHT, WIDTH, dtype=torch.uint8)
        top = 0
        while top < HEIGHT:
            left, lowest = 0, HEIGHT
            while left < WIDTH:
                tile = load_image(generator.choice(files)).expand(3, -1, -1)
                tile = tile[:, : HEIGHT - top, : WIDTH - left]
                canvas[:, top : top + tile.shape[1], left : left + tile.shape[2]] = tile
                left, lowest = left + tile.shape[2], min(lowest, tile.shape[1])
            top += lowest
        save_image(canvas, folder / f"{i:04d}.png")
    return list_images(folder)


def make_lmdb(files: list[Path], path: Path) -> list[bytes]:
    """480 x 480 sub-images every 240 pixels as PNG of level 1, as BasicSR's scripts make them."""
    keys = []
    with lmdb.open(str(path), map_size=1 << 34) as database, database.begin(write=True) as entry:
        for file in files:
            with Image.open(file) as image:
                for top in range(0, HEIGHT - 479, 240):
                    for left in range(0, WIDTH - 479, 240):
                        out = io.BytesIO()
                        part = image.crop((left, top, left + 480, top + 480))
                        part.save(out, "PNG", compress_level=1)
                        keys.append(f"{file.stem}_{top}_{left}".encode())
                        entry.put(keys[-1], out.getvalue())
    return keys


def decoded(file: object) -> Tensor:
    """A random crop of an image file."""
    with Image.open(file) as image:  # type: ignore[arg-type]
        pixels = np.asarray(image)
    top = random.randrange(pixels.shape[0] - CROP + 1)
    left = random.randrange(pixels.shape[1] - CROP + 1)
    return torch.from_numpy(pixels[top : top + CROP, left : left + CROP].transpose(2, 0, 1).copy())


def rate(batch: Callable[[], Tensor], seconds: float, repeats: int) -> float:
    """Patches per second, the median of some runs."""
    batch()
    found = []
    for _ in range(repeats):
        count, began = 0, time.perf_counter()
        while time.perf_counter() - began < seconds:
            count += len(batch())
        found.append(count / (time.perf_counter() - began))
    return sorted(found)[len(found) // 2]


def stored(files: list[Path], cache: Path, residency: Residency) -> Callable[[], Tensor]:
    store = build_stores(index_images(files, cache, 0), [StoreSpec(3)], cache, 0)[0]
    sources = [Source(store, i) for i in range(len(files))]
    reader = make_reader(sources, residency, torch.device("cpu"))
    rule = RandomPatches(CROP, 1000, BATCH)
    rows = rule.rows([(HEIGHT, WIDTH)] * len(files), torch.Generator().manual_seed(0))
    batches = iter(rows.split(BATCH) * 1000)

    def batch() -> Tensor:
        table = next(batches)
        return reader.read_patches(table, table[:, 1:3], CROP).div_(255)

    return batch


class Training(pl.LightningModule):
    """The bare training step of a network."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.waits: list[float] = []

    def training_step(self, batch: dict[str, Tensor], index: int) -> Tensor:
        return nn.functional.l1_loss(self.network(batch["input"]), batch["target"])

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.Adam(self.parameters(), 1e-4)


def wait(network: nn.Module, files: list[Path], cache: Path, steps: int, **how: object) -> float:
    """Share of a step that waits for its batch."""
    data = RestorationDataModule(
        root=str(files[0].parent),
        train=["*.png"],
        val={},
        test={},
        scales=[2],
        cache=str(cache),
        steps_per_epoch=steps,
        **how,  # type: ignore[arg-type]
    )
    watch = DataWaitMonitor()
    trainer = pl.Trainer(
        max_epochs=1,
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        log_every_n_steps=10**6,
        callbacks=[watch],
        use_distributed_sampler=False,
    )
    trainer.fit(Training(network), datamodule=data)
    return float(trainer.callback_metrics["train/data_wait"])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path, help="folder with Set14 and BSD200")
    parser.add_argument("--images", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--steps", type=int, default=4)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    random.seed(0)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = make_images(arguments.data, folder / "images", arguments.images)
        keys = make_lmdb(files, folder / "lmdb")
        database = lmdb.open(str(folder / "lmdb"), readonly=True, lock=False)
        reader = database.begin(buffers=True)

        def from_lmdb() -> Tensor:
            chosen = random.choices(keys, k=BATCH)
            crops = [decoded(io.BytesIO(bytes(reader.get(key)))) for key in chosen]
            return torch.stack(crops).float().div_(255)

        def from_png() -> Tensor:
            return torch.stack([decoded(random.choice(files)) for _ in range(2)]).float().div_(255)

        ways: dict[str, Callable[[], Tensor]] = {
            "PNG file, decoded for each crop": from_png,
            "480 x 480 sub-images in LMDB": from_lmdb,
            **{
                f"store, residency={residency}": stored(files, folder / "cache", residency)
                for residency in ("disk", "host", "device")
            },
        }
        rates = {way: rate(batch, arguments.seconds, 3) for way, batch in ways.items()}
        waits = {
            "VDSR-20, batch 64 of 41 x 41": wait(
                VDSR([2]),
                files,
                folder / "cache",
                arguments.steps,
                patches=GridPatches(41, 41, 64),
                channels=1,
                interpolated=True,
            ),
            "EDSR-baseline x2, batch 16 of 48 x 48": wait(
                EDSR([2]),
                files,
                folder / "cache",
                arguments.steps,
                patches=RandomPatches(48, 100, 16),
                channels=3,
                interpolated=False,
            ),
        }
    base = rates["480 x 480 sub-images in LMDB"]
    lines = [
        "# Data path",
        "",
        f"`python {' '.join(sys.argv)}`, one thread, 2 cores, AMD EPYC, Python "
        f"{platform.python_version()}, torch {torch.__version__}, lmdb {lmdb.__version__}; PIL "
        "decodes in both other ways.",
        f"{arguments.images} images of {WIDTH} x {HEIGHT} (Set14 and BSD200, tiled); float32 "
        f"batches of {CROP} x {CROP} RGB crops; the page cache is warm; median of three runs.",
        "",
        "| way | crops/s | ratio to LMDB |",
        "|---|---|---|",
        *(f"| {way} | {value:,.0f} | {value / base:,.2f} |" for way, value in rates.items()),
        "",
        "Share of a training step that waits for its batch (`train/data_wait`), no loader workers, "
        "one thread:",
        "",
        "| training | data_wait |",
        "|---|---|",
        *(f"| {name} | {100 * value:.3f} % |" for name, value in waits.items()),
        "",
    ]
    text = "\n".join(lines)
    Path(__file__).with_suffix(".md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
