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
        groups: [items], the group of each item (first column); a step's batches are of one group.
        repeats: every epoch has the first one's table, to overfit it.

    Attributes:
        epoch: the table to draw.
        start: batches of the next pass that are left out, since a run that is continued has had
            them; 0 after it has begun.

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
        groups: Tensor | None = None,
        repeats: bool = False,
    ) -> None:
        if batch_size < 1 or (steps is not None and steps < 1):
            raise ValueError(
                f"batch_size and steps must be at least 1, got {batch_size} and {steps}"
            )
        self.rows = rows
        self.seed = seed
        self.rank = rank
        self.epoch = 0
        self.start = 0
        self.groups = groups
        self.repeats = repeats
        self.share = slice(rank * batch_size, (rank + 1) * batch_size)
        self.rows_per_step = batch_size * world_size
        table = rows(Generator())
        available = len(self._batches(table, Generator())[0])
        if len(table) == 0 or (available == 0 and steps is None):
            raise ConfigError(
                f"data.batch_size: the images give {len(table)} patches per epoch, fewer than one "
                f"batch of {self.rows_per_step}; use a smaller batch or stride, or more images"
            )
        self.steps = steps or available
        # Lightning looks for set_epoch in the sampler that a batch sampler wraps.
        self.sampler = self

    def set_epoch(self, epoch: int) -> None:
        """Chooses the table to draw."""
        self.epoch = 0 if self.repeats else epoch

    def __len__(self) -> int:
        return self.steps

    def __iter__(self) -> Iterator[Tensor]:
        start, self.start = self.start, 0
        generator = Generator().manual_seed((self.seed << 24) + self.epoch)
        rest, step = self.rows(generator), 0
        while step < self.steps:
            batches, rest = self._batches(rest, generator)
            for batch in batches[: self.steps - step]:
                if step >= start:
                    yield batch[self.share]
                step += 1
            if step < self.steps:
                rest = torch.cat([rest, self.rows(generator)])

    def _batches(self, table: Tensor, generator: Generator) -> tuple[list[Tensor], Tensor]:
        """Batches for all processes together, and the rows that are too few for another one."""
        if self.groups is None:
            return _cut(table, self.rows_per_step)
        group = self.groups[table[:, 0]]
        cut = [_cut(table[group == name], self.rows_per_step) for name in group.unique()]
        batches = [batch for batches, _ in cut for batch in batches]
        order = torch.randperm(len(batches), generator=generator).tolist()
        return [batches[i] for i in order], torch.cat([rest for _, rest in cut])


def _cut(table: Tensor, size: int) -> tuple[list[Tensor], Tensor]:
    whole = len(table) // size * size
    return list(table[:whole].split(size)) if whole else [], table[whole:]
