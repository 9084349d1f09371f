"""The ``device`` keys that Lightning does not know: effective batch and learning-rate scaling."""

import math

import pytorch_lightning as pl
from omegaconf import DictConfig, OmegaConf
from pytorch_lightning.utilities import rank_zero_only

from sr_experiments.cli.build import build
from sr_experiments.data import RestorationDataModule
from sr_experiments.errors import ConfigError
from sr_experiments.training.ganmodule import GANModule
from sr_experiments.training.module import RestorationModule


def fit_to_devices(
    config: DictConfig, trainer: pl.Trainer, data: RestorationDataModule, module: RestorationModule
) -> None:
    """Shares out the effective batch, and scales the learning rate if that was asked for.

    Steps, per epoch and in all, are those of the optimizer, however many batches each takes.

    The rate's factor is the effective batch over the recipe's batch (``data.batch_size``), or the
    square root of that (Goyal et al., arXiv 1706.02677, Sec. 2.1; Krizhevsky, arXiv 1404.5997).

    Raises:
        ConfigError: the effective batch cannot be shared out evenly.
    """
    recipe = data.batch_size
    if isinstance(module, GANModule):  # which accumulates by itself
        trainer.accumulate_grad_batches = module.accumulate
    if config.device.effective_batch is not None:
        _share(config.device.effective_batch, trainer, data)
    effective = data.batch_size * trainer.world_size * trainer.accumulate_grad_batches
    if config.device.scale_lr is not None and effective != recipe:
        factor = effective / recipe
        factor = math.sqrt(factor) if config.device.scale_lr == "sqrt" else factor
        scaled = OmegaConf.merge(config.optim, {"lr": config.optim.lr * factor})
        assert isinstance(scaled, DictConfig)
        module.make_optimizer = build("optim", scaled)
        _say(f"learning rate {config.optim.lr:g} x {factor:.4g} for a batch of {effective}")
    accumulated = trainer.accumulate_grad_batches
    data.accumulated = accumulated  # an epoch's steps are those of the optimizer
    if isinstance(module, GANModule):
        module.accumulate, trainer.accumulate_grad_batches = accumulated, 1
        if trainer.max_steps > 0:  # its steps are batches
            trainer.fit_loop.epoch_loop.max_steps *= accumulated


def _share(effective: int, trainer: pl.Trainer, data: RestorationDataModule) -> None:
    """Splits a batch over processes, and over accumulated steps where it exceeds the recipe's."""
    if trainer.accumulate_grad_batches != 1:
        raise ConfigError(
            "device.effective_batch: decides on accumulation itself; leave "
            "trainer.accumulate_grad_batches at 1"
        )
    share, rest = divmod(effective, trainer.world_size)
    if rest:
        raise ConfigError(
            f"device.effective_batch={effective}: cannot be shared out to {trainer.world_size} "
            "processes; give a multiple of their number"
        )
    steps = next(n for n in range(1, share + 1) if share % n == 0 and share // n <= data.batch_size)
    data.batch_size = share // steps
    trainer.accumulate_grad_batches = steps
    _say(
        f"batch of {effective}: {trainer.world_size} processes x {data.batch_size} patches x "
        f"{steps} accumulated steps"
    )


@rank_zero_only
def _say(text: str) -> None:
    print(text, flush=True)
