"""Batches of patches for each process and epoch."""

from collections.abc import Callable, Iterator

import torch
from torch import Generator, Tensor
from torch.utils.data import Sampler

from sr_experiments.errors import ConfigError


class PatchSampler(Sampler[Tensor]):
    """Cuts each epoch's table of patches into batches, one share per process.

    The table depends on the seed and the epoch alone. All processes draw the same one and take
    different rows of it.

    Args:
        rows: draws the table of an epoch, [N, K], from a generator.
        batch_size: patches per batch and process.
        steps: batches per process and epoch; None: one pass over the table, without the incomplete
            last batch. With more steps than a pass holds, further passes are drawn.
        seed: seed of the run.
        rank: number of this process.
        world_size: number of processes.

    Raises:
        ValueError: an argument is below 1.
        ConfigError: a pass holds not even one batch for each process.
    """

    def __init__(
        self,
        rows: Callable[[Generator], Tensor],
        batch_size: int,
        steps: int | None,
        seed: int,
        rank: int = 0,
        world_size: int = 1,
    ) -> None:
        if batch_size < 1 or (steps is not None and steps < 1):
            raise ValueError(
                f"batch_size and steps must be at least 1, got {batch_size} and {steps}"
            )
        self.rows = rows
        self.seed = seed
        self.rank = rank
        self.epoch = 0
        self.share = slice(rank * batch_size, (rank + 1) * batch_size)
        self.rows_per_step = batch_size * world_size
        available = len(rows(Generator()))
        self.steps = steps or available // self.rows_per_step
        if self.steps == 0:
            raise ConfigError(
                f"data.batch_size: the images give {available} patches per epoch, fewer than one "
                f"batch of {self.rows_per_step}; use a smaller batch or stride, or more images"
            )
        # Lightning looks for set_epoch in the sampler that a batch sampler wraps.
        self.sampler = self

    def set_epoch(self, epoch: int) -> None:
        """Chooses the table to draw."""
        self.epoch = epoch

    def __len__(self) -> int:
        return self.steps

    def __iter__(self) -> Iterator[Tensor]:
        generator = Generator().manual_seed((self.seed << 24) + self.epoch)
        table = self.rows(generator)
        while len(table) < self.steps * self.rows_per_step:
            table = torch.cat([table, self.rows(generator)])
        for step in range(self.steps):
            yield table[step * self.rows_per_step :][self.share]
