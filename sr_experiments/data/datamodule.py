"""The LightningDataModule of every set of images."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytorch_lightning as pl
import torch
from pytorch_lightning.utilities import rank_zero_only
from torch.utils.data import DataLoader

from sr_experiments.batches import EvaluationItem, TrainingBatch
from sr_experiments.data.evaluation_set import EvaluationSet, Share, find_provided
from sr_experiments.data.file_list import list_trees
from sr_experiments.data.image_set import HELD_OUT, ImageSet, hold_out, image_set, resolve_root
from sr_experiments.data.index import ImageInfo, index_images
from sr_experiments.data.loader import PatchLoader, TimedLoader
from sr_experiments.data.patches import Patches, RandomPatches, check_at_least
from sr_experiments.data.sampler import PatchSampler
from sr_experiments.data.store.open import StoredImages, store_images
from sr_experiments.data.store.reader import make_reader
from sr_experiments.data.store.residency import ResidencyOption, choose
from sr_experiments.data.streaming import Broken, StreamingSet, skipped
from sr_experiments.data.training_set import TrainingSet
from sr_experiments.data.validate import find_issues
from sr_experiments.errors import ImageError
from sr_experiments.imaging import Degradation
from sr_experiments.ranges import Count, CountOrZero

Benchmarks = Mapping[str, Sequence[str]]


class RestorationDataModule(pl.LightningDataModule):
    """Patches of training images, and whole images of benchmark sets.

    Args:
        root: folder below which the entries lie; ``pkg://package/folder`` means one inside an
            installed package.
        train: folders, files or patterns of the training images; none where nothing is trained.
        val: benchmark sets that are scored during training: a name and its entries.
        held_out: training images that are not trained on but scored during training, beside
            ``val``, as the set "held_out".
        test: benchmark sets that are scored at the end.
        patches: the rule that places patches.
        channels: 1 = Y, 3 = RGB; the network's.
        scales: the network's.
        train_scales: those of them that it is trained on; None: all.
        interpolated: whether the network's input is already enlarged.
        degradation: how inputs are made; None: MATLAB's bicubic in double precision.
        low_resolution: low-resolution images that exist already: entries for each scale. None:
            ``degradation`` makes them. ``val`` and ``test`` take those with their images' names.
        cache: folder for image stores and lists; made if it does not exist.
        residency: where images live while training: "disk", "host" memory, the "device", whichever
            of these fits ("auto"), or "stream": no store, each patch's image is decoded for it.
        broken: for streams: "stop" at an image that cannot be used, or "skip" it.
        strict: doubts about the images (leaks from test sets, gray for colour) stop the run.
        batch_size: patches per step and process; None: that of ``patches``.
        patches_per_epoch: patches per epoch in all processes; None: see ``steps_per_epoch``.
        steps_per_epoch: steps per epoch; None: those of ``patches``.
        num_workers: loader processes; 0 cuts patches in the training process.
        seed: seed of the order, the places, the symmetries and the noise.
        accumulate: batches per step of the optimizer.

    Raises:
        ValueError: a value is out of range, or two exclude each other.
        ImageError: an entry of any list does not exist.
    """

    def __init__(
        self,
        root: str,
        train: Sequence[str],
        val: Benchmarks,
        test: Benchmarks,
        patches: Patches,
        channels: int,
        scales: Sequence[float],
        interpolated: bool,
        held_out: CountOrZero = 0,
        train_scales: Sequence[float] | None = None,
        degradation: Degradation | None = None,
        low_resolution: Mapping[float, Sequence[str]] | None = None,
        cache: str = "~/.cache/sr_experiments",
        residency: ResidencyOption = "auto",
        broken: Broken = "stop",
        strict: bool = False,
        batch_size: Count | None = None,
        patches_per_epoch: Count | None = None,
        steps_per_epoch: Count | None = None,
        num_workers: CountOrZero = 0,
        seed: int = 0,
        accumulate: Count = 1,
    ) -> None:
        super().__init__()
        check_at_least(0, num_workers=num_workers, held_out=held_out)
        check_at_least(1, batch_size=batch_size, patches_per_epoch=patches_per_epoch)
        check_at_least(1, steps_per_epoch=steps_per_epoch)
        if patches_per_epoch and steps_per_epoch:
            raise ValueError("patches_per_epoch and steps_per_epoch exclude each other")
        if not interpolated and any(scale != int(scale) for scale in scales):
            raise ValueError(
                f"scales must be whole for networks with low-resolution input, got {list(scales)}"
            )
        if train_scales is not None and (not train_scales or not set(train_scales) <= set(scales)):
            raise ValueError(
                f"train_scales must be among the network's scales {list(scales)}, "
                f"got {list(train_scales)}"
            )
        self.patches = patches
        self.channels = channels
        self.scales = tuple(scales)
        self.train_scales = tuple(scales if train_scales is None else train_scales)
        self.interpolated = interpolated
        self.degradation = degradation or Degradation()
        self.cache = Path(cache).expanduser()
        self.residency = residency
        self.broken: Broken = broken
        self.strict = strict
        self.batch_size = batch_size or patches.batch_size
        self.patches_per_epoch = patches_per_epoch
        self.steps_per_epoch = steps_per_epoch
        self.accumulate = accumulate
        self.num_workers = num_workers
        self.seed = seed
        # Files are listed at once, so that a wrong folder is reported before anything is computed.
        folder = resolve_root(root)
        if residency == "stream":
            self._check_stream(low_resolution)
            self.streamed = list_trees([folder / entry for entry in train], self.cache)
            self.train_set = ImageSet("train", ())
        else:
            self.train_set = image_set("train", folder, train) if train else ImageSet("train", ())
        self.named = {str(p.absolute()) for p in (folder / entry for entry in train) if p.is_file()}
        self.low_resolution = {
            scale: image_set(f"low_resolution.{scale}", folder, entries)
            for scale, entries in (low_resolution or {}).items()
        }
        self.benchmarks: dict[str, list[ImageSet]] = {
            stage: [image_set(name, folder, entries) for name, entries in sets.items()]
            for stage, sets in (("val", val), ("test", test))
        }
        self.held_out: tuple[str, ...] = ()
        if held_out:
            self._hold_out(held_out)

    @property
    def training_images(self) -> int:
        """Number of training images."""
        if self.residency == "stream":
            return len(self.streamed)
        return len(self.train_set.files)

    @property
    def _ranks(self) -> tuple[int, int]:
        return (self.trainer.global_rank, self.trainer.world_size) if self.trainer else (0, 1)

    def prepare_data(self) -> None:
        """Looks at all images and builds the stores, in one process per machine."""
        if self.trainer and self.trainer.state.fn != "fit":
            return
        if self.residency == "stream":
            self._report.unlink(missing_ok=True)
        else:
            self._report_issues(self._entries())
            self._store()

    def train_dataloader(self) -> DataLoader[TrainingBatch]:
        """Batches of patches."""
        dataset = self._stream() if self.residency == "stream" else self._training_set()
        rank, processes = self._ranks
        steps = self.steps_per_epoch or self.patches.steps_per_epoch
        if self.patches_per_epoch:
            at_once = self.batch_size * processes * self.accumulate
            steps = max(self.patches_per_epoch // at_once, 1)
        sampler = PatchSampler(
            dataset.rows,
            self.batch_size,
            steps and steps * self.accumulate,
            self.seed,
            rank,
            processes,
            dataset.groups,
            repeats=bool(self.trainer and self.trainer.overfit_batches),  # type: ignore[attr-defined]
        )
        return PatchLoader(dataset, self.num_workers, sampler, self._device)

    def val_dataloader(self) -> DataLoader[EvaluationItem | None]:
        """Whole images of the ``val`` sets; None where this process has fewer than others."""
        return self._evaluation_loader("val")

    def test_dataloader(self) -> DataLoader[EvaluationItem | None]:
        """Whole images of the ``test`` sets; None where this process has fewer than others."""
        return self._evaluation_loader("test")

    def evaluation_set(self, stage: str) -> EvaluationSet:
        """Whole images of the "val" or the "test" sets, with the low-resolution files they have."""
        sets = self.benchmarks[stage]
        return EvaluationSet(
            sets, self.scales, find_provided(sets, self.low_resolution, self.cache)
        )

    def teardown(self, stage: str) -> None:
        """Says at the end how many images a stream skipped."""
        if stage == "fit" and self.residency == "stream" and (names := skipped(self._report)):
            _say(f"warning: {len(names)} broken or too small images were skipped: {self._report}")

    @property
    def _device(self) -> torch.device:
        return self.trainer.strategy.root_device if self.trainer else torch.device("cpu")

    @property
    def _report(self) -> Path:
        return self.streamed.kept.with_suffix(".skipped")

    def _store(self) -> StoredImages:
        return store_images(
            self._entries(),
            self.train_scales,
            self.channels,
            self.interpolated,
            self.degradation,
            self.cache,
            self.low_resolution,
            self.patches.size,
        )

    def _hold_out(self, count: int) -> None:
        if self.residency == "stream":
            raise ValueError("held_out must be 0 with residency=stream; name images in val")
        if any(images.name == HELD_OUT for images in self.benchmarks["val"]):
            raise ValueError(f"val: {HELD_OUT} is the set of data.held_out; take another name")
        self.train_set, held = hold_out(self.train_set, count)
        self.held_out = held.files
        self.benchmarks["val"].append(held)

    def _entries(self) -> list[ImageInfo]:
        """The training images, without copies of held-out ones (as t65 is one of t36 in T91)."""
        entries = index_images(self.train_set.files, self.cache)
        held = {entry.digest for entry in index_images(self.held_out, self.cache)}
        return [entry for entry in entries if entry.digest not in held]

    def _report_issues(self, entries: Sequence[ImageInfo]) -> None:
        sets = {s.name: s for sets in self.benchmarks.values() for s in sets}
        tests = {name: index_images(s.files, self.cache) for name, s in sets.items()}
        issues = find_issues(entries, tests, self.channels, self.named)
        if issues and self.strict:
            raise ImageError("\n".join([*issues, "(data.strict=false turns this into a warning)"]))
        for issue in issues:
            _say(f"warning: {issue}")

    def _training_set(self) -> TrainingSet:
        stored = self._store()
        stores = list(dict.fromkeys(stored.inputs.stores + stored.targets.stores))
        local = self.trainer.num_devices if self.trainer else 1
        option = self.residency
        assert option != "stream"
        residency, about = choose(option, stores, self._device, local, self.num_workers)
        _say(f"{len(stored.images)} pairs, {about}")
        if residency == "device" and self.num_workers:
            raise ImageError("data.residency=device cuts patches itself; set data.num_workers=0")
        inputs = make_reader(stored.inputs, residency, self._device)
        same = stored.inputs.stores == stored.targets.stores
        targets = inputs if same else make_reader(stored.targets, residency, self._device)
        return TrainingSet(
            stored.images,
            stored.scales,
            stored.sizes,
            inputs,
            targets,
            self.patches,
            self.degradation,
            self.interpolated,
        )

    def _check_stream(self, low_resolution: object) -> None:
        if not isinstance(self.patches, RandomPatches):
            raise ValueError(
                "residency=stream cannot lay a grid on images of unknown size; use patches=random"
            )
        if low_resolution:
            raise ValueError("low_resolution images cannot be streamed; use another residency")

    def _stream(self) -> StreamingSet:
        assert isinstance(self.patches, RandomPatches)
        return StreamingSet(
            self.streamed,
            self.train_scales,
            self.channels,
            self.interpolated,
            self.patches,
            self.degradation,
            self.broken,
            self._report,
        )

    def _evaluation_loader(self, stage: str) -> DataLoader[EvaluationItem | None]:
        own = Share(self.evaluation_set(stage), *self._ranks)
        return TimedLoader(own, self.num_workers, batch_size=None)


@rank_zero_only
def _say(text: str) -> None:
    print(text, flush=True)
