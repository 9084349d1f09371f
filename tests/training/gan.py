"""A tiny GAN on noise, for the tests of this folder."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset

from sr_experiments.batches import TrainingBatch
from sr_experiments.losses import AdversarialLoss, GANLoss, MSELoss
from sr_experiments.models import Discriminator, SRResNet
from sr_experiments.training.clipping import Clipping, NoClipping
from sr_experiments.training.ganmodule import GANModule
from tests.training.recipes import adam, multistep


class Noise(IterableDataset[TrainingBatch]):
    """The same batches in every epoch, others on each process."""

    def __init__(self, batches: int) -> None:
        self.batches = batches

    def __len__(self) -> int:
        return self.batches

    def __iter__(self) -> Iterator[TrainingBatch]:
        rank = torch.distributed.get_rank() if torch.distributed.is_initialized() else 0
        generator = torch.Generator().manual_seed(rank)
        for _ in range(self.batches):
            target = torch.rand(2, 3, 32, 32, generator=generator)
            yield {
                "input": torch.nn.functional.avg_pool2d(target, 2),
                "target": target,
                "scale": torch.full((2,), 2.0),
                "index": torch.zeros(2),
            }


def module(
    clipping: Clipping | None = None,
    optimizer: Callable[..., Any] | None = None,
    accumulate: int = 1,
    kind: Any = "vanilla",
    scheduler: Callable[..., Any] | None = None,
) -> GANModule:
    torch.manual_seed(0)
    loss = GANLoss(
        AdversarialLoss(kind),
        Discriminator,
        {"pixel": 1.0, "adversarial": 0.1},
        pixel=MSELoss("mean"),
    )
    return GANModule(
        SRResNet((2,), blocks=1, channels=4),
        Discriminator(channels=4),
        loss,
        optimizer or partial(adam, lr=1e-3),
        scheduler or partial(multistep, milestones=[3], gamma=0.5, interval="step"),
        clipping or NoClipping(),
        {},
        {"model": {"_target_": "sr_experiments.models.SRResNet"}},
        accumulate,
    )


def fit(
    gan: GANModule, batches: int = 4, ckpt_path: Path | None = None, **options: Any
) -> pl.Trainer:
    trainer = pl.Trainer(
        **{
            "accelerator": "cpu",
            "max_epochs": 1,
            "logger": False,
            "enable_checkpointing": False,
            "enable_progress_bar": False,
            "enable_model_summary": False,
            "limit_val_batches": 0,
            "log_every_n_steps": 1,
            **options,
        }
    )
    data = DataLoader(Noise(batches), batch_size=None)
    trainer.fit(gan, data, ckpt_path=ckpt_path, weights_only=True)
    return trainer


def weights(gan: GANModule) -> Tensor:
    return torch.cat([p.detach().flatten() for p in gan.parameters()])


def stay_equal(rank: int) -> None:
    """Trains on one of two processes."""
    before = weights(module())
    gan = module(accumulate=2)
    fit(gan, devices=2, strategy="ddp_find_unused_parameters_true")
    mine = weights(gan)
    everyone = [torch.zeros_like(mine) for _ in range(2)]
    torch.distributed.all_gather(everyone, mine)
    assert gan.global_rank == rank
    assert gan.global_step == 4
    assert torch.equal(everyone[0], everyone[1]), "processes have come apart"
    assert not torch.equal(mine, before), "nothing was learnt"
    torch.distributed.destroy_process_group()
