"""Restores photographs part by part, as if each were restored at once."""

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from typing import NamedTuple

import torch
from torch import Tensor

from sr_experiments.errors import ConfigError
from sr_experiments.imaging import imresize, round_half_up
from sr_experiments.imaging.resize import as_fraction
from sr_experiments.inference.receptive_field import ReceptiveField, receptive_field
from sr_experiments.inference.tiles import Tile, plan_tiles
from sr_experiments.inference.upscaler import Upscaler
from sr_experiments.inference.whole_statistics import Region, WholeStatistics
from sr_experiments.memory import free_memory, peak_memory, used_memory

_CUBIC = 3  # pixels that bicubic interpolation sees on each side, and one for its rounding
_LARGEST = 1_500_000  # pixels of the network's input at once: larger tiles gain nothing
_UNMEASURED = 256**2  # the same, where memory cannot be measured
_SIDES = (48, 144)  # of the inputs of the network that are measured
_SPARE = 0.85  # of what is free; allocators need the rest
_PASSES = 24  # over an image for its statistics at most
_SETTLED = 1e-6  # change of statistics that is none

OnTile = Callable[[int], None]


@dataclass(frozen=True)
class Cost:
    """Memory that a tile takes: fixed bytes, and bytes for each of its pixels."""

    fixed: float
    per_pixel: float


class Plan(NamedTuple):
    """How an image is cut.

    Attributes:
        rows: the tiles, row by row.
        remark: what makes the result differ from that of the whole image; empty: nothing does.
    """

    rows: list[list[Tile]]
    remark: str = ""

    @property
    def tiles(self) -> int:
        """Number of tiles."""
        return sum(map(len, self.rows))


class TiledUpscaler:
    """Restores images of any size within a memory budget.

    Args:
        upscaler: restores a part; its network is in eval mode.
        scale: of the result.
        budget: bytes that the process, or the accelerator, may hold; None: most of what is free.
        device: of the network.

    Attributes:
        change: by which the statistics of the latest image still moved in the last pass.
    """

    def __init__(
        self, upscaler: Upscaler, scale: float, budget: int | None, device: torch.device
    ) -> None:
        self.upscaler, self.scale, self.ratio = upscaler, scale, as_fraction(scale)
        self.budget, self.device = budget, device
        self.change = 0.0
        self._averages = bool(WholeStatistics(upscaler.network).layers)
        self._cost: dict[tuple[int, bool], Cost | None] = {}

    @cached_property
    def seen(self) -> ReceptiveField:
        """The receptive field of the network."""
        return receptive_field(copy.deepcopy(self.upscaler.network).cpu())

    @property
    def overlap(self) -> int | None:
        """Pixels of an image that are seen around each tile; None: no bound is known."""
        if self.seen.radius is None:
            return None
        if self.upscaler.network.upsamples:
            return max(self.seen.radius, _CUBIC)
        return -int(-self.seen.radius // self.ratio) + _CUBIC

    @property
    def align(self) -> int:
        """Distances of pixels that fall on pixels of the result, and are treated alike."""
        interpolated = not self.upscaler.network.upsamples
        return self.seen.period * (self.ratio.denominator if interpolated else 1)

    def result_size(self, image: Tensor) -> tuple[int, int]:
        """Height and width of the result of [..., H, W]."""
        height, width = (-int(-side * self.ratio // 1) for side in image.shape[-2:])
        return height, width

    def plan(self, image: Tensor, alpha: Tensor | None = None, held: int = 0) -> Plan:
        """Cuts an image.

        Args:
            image: [C, H, W].
            alpha: [1, H, W], its transparency; None: none.
            held: bytes that the result will take beside the tiles.

        Raises:
            ConfigError: the budget is too small for any tile.
        """
        height, width = image.shape[-2:]
        pixels = self._pixels(image, alpha is not None, held)
        if pixels >= height * width:
            return Plan([[Tile((0, height), (0, width), (0, height), (0, width))]])
        overlap = 64 if self.overlap is None else self.overlap
        cut = None
        while cut is None and overlap >= _CUBIC:
            cut = plan_tiles((height, width), pixels, overlap, self.align)
            # Tiles that consist of overlap would take hours, without need: far pixels count little.
            if cut and _work(cut) > 16 * height * width and overlap > 64:
                cut = None
            if cut is None:
                overlap //= 2
        if cut is None:
            raise ConfigError(
                f"memory: too little for a part of this image of {width} x {height}; give more"
            )
        return Plan(cut, self._remark(overlap))

    def __call__(
        self, image: Tensor, alpha: Tensor | None, plan: Plan, on_tile: OnTile
    ) -> Iterator[Tensor]:
        """Restores an image, in rows of tiles from the top.

        Args:
            image: uint8 or uint16 [1 or 3, H, W].
            alpha: the same [1, H, W], enlarged beside it by bicubic interpolation; None: none.
            plan: of this image.
            on_tile: is told the pixels of each tile that is done.

        Yields:
            [1 to 4, n, width] of the same type; together the whole result.
        """
        self.change = 0.0
        with WholeStatistics(self.upscaler.network) as statistics:
            if plan.tiles > 1 and statistics.layers:
                self._settle(image, plan, statistics, on_tile)
            for row in plan.rows:
                done = []
                for tile in row:
                    statistics.begin_tile(_region(tile))
                    done.append(self._restore(image, alpha, tile))
                    on_tile(_area(tile))
                yield torch.cat(done, dim=-1)

    def _settle(
        self, image: Tensor, plan: Plan, statistics: WholeStatistics, on_tile: OnTile
    ) -> None:
        """Passes over the image until the statistics are those of the whole."""
        for _ in range(min(_PASSES, len(statistics.layers) + 1)):
            for tile in (tile for row in plan.rows for tile in row):
                statistics.begin_tile(_region(tile))
                self._restore(image, None, tile)
                on_tile(0)
            self.change = statistics.end_pass()
            if self.change < _SETTLED:
                break

    def _restore(self, image: Tensor, alpha: Tensor | None, tile: Tile) -> Tensor:
        """The result of one tile, without what is only seen."""
        parts = [self.upscaler(self._seen(image, tile), self.scale)]
        if alpha is not None:
            x = self._seen(alpha, tile)
            parts.append(x if self.ratio == 1 else imresize(x, self.ratio))
        result = torch.cat(parts, dim=1)[0]
        for dim, (start, end), (first, _) in (
            (-2, tile.rows, tile.seen_rows),
            (-1, tile.columns, tile.seen_columns),
        ):
            # The last one ends where the result of the whole image ends, rounded up.
            a, b = (-int(-x * self.ratio // 1) for x in (start, end))
            result = result.narrow(dim, a - int(first * self.ratio), b - a)
        return _to_levels(result, image.dtype)

    def _seen(self, image: Tensor, tile: Tile) -> Tensor:
        """What a tile sees, [1, C, h, w] on 0..255."""
        (top, bottom), (left, right) = tile.seen_rows, tile.seen_columns
        x = image[None, :, top:bottom, left:right].to(self.device)
        dtype = torch.float32 if self.device.type == "mps" else torch.float64
        return x.to(dtype) / (257 if image.dtype == torch.uint16 else 1)

    def _pixels(self, image: Tensor, alpha: bool, held: int) -> int:
        """Pixels of the image that a tile may have."""
        size = image.shape[-2] * image.shape[-1]
        factor = 1.0 if self.upscaler.network.upsamples else float(self.ratio) ** 2
        if self.budget is None and size * factor <= _SIDES[1] ** 2:
            return size
        most = int(_LARGEST / factor)
        if self._averages:
            most = size  # exact, and cheaper than passes
        key = (image.shape[0], alpha)
        if key not in self._cost:
            self._cost[key] = self._measure(*key)
        if (cost := self._cost[key]) is None:
            return min(most, int(_UNMEASURED / factor))
        if self.budget is None:
            free = free_memory(self.device) * 0.5
        else:
            free = self.budget - used_memory(self.device)
        free -= held if self.device.type == "cpu" else 0
        return max(0, min(most, int((free * _SPARE - cost.fixed) / cost.per_pixel)))

    def _measure(self, channels: int, alpha: bool) -> Cost | None:
        """The memory that two small images take, and thereby any."""
        factor = 1 if self.upscaler.network.upsamples else self.ratio
        taken: list[tuple[int, int]] = []
        for wanted in _SIDES:
            side = -int(-wanted // factor)
            x = torch.full((channels, side, side), 128, dtype=torch.uint8)
            tile = Tile((0, side), (0, side), (0, side), (0, side))
            run = partial(self._restore, x, x[:1] if alpha else None, tile)
            if not taken:
                run()  # the first time, libraries are loaded
            peak = peak_memory(run, self.device)
            if peak is None:
                return None
            taken.append((side**2, peak))
        (few, low), (many, high) = taken
        slope = max((high - low) / (many - few), high / many / 2) if many > few else high / many
        return Cost(max(0.0, low - slope * few), max(slope, 1.0))

    def _remark(self, overlap: int) -> str:
        name = type(self.upscaler.network).__name__
        if self.overlap is None or overlap < self.overlap:
            sees = "sees the whole image" if self.overlap is None else f"sees {self.overlap} pixels"
            return f"{name} {sees}, its tiles only {overlap} around them: more memory is more exact"
        return ""


def _to_levels(x: Tensor, dtype: torch.dtype) -> Tensor:
    """Values on 0..255 as the levels of an integer type."""
    if dtype == torch.uint16:
        return round_half_up(x * 257).clamp(0, 65535).to(torch.int32).cpu().to(dtype)
    return round_half_up(x).clamp(0, 255).to(dtype).cpu()


def _region(tile: Tile) -> Region:
    fractions: list[float] = []
    for (start, end), (first, last) in (
        (tile.rows, tile.seen_rows),
        (tile.columns, tile.seen_columns),
    ):
        fractions += [(start - first) / (last - first), (end - first) / (last - first)]
    return Region(*fractions)


def _area(tile: Tile) -> int:
    return (tile.rows[1] - tile.rows[0]) * (tile.columns[1] - tile.columns[0])


def _work(rows: list[list[Tile]]) -> int:
    """Pixels that are seen by all tiles together."""
    return sum(
        (tile.seen_rows[1] - tile.seen_rows[0]) * (tile.seen_columns[1] - tile.seen_columns[0])
        for row in rows
        for tile in row
    )
