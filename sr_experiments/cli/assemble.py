"""From a composed configuration to the objects of a run."""

import logging
import warnings
from functools import partial
from typing import Any, NoReturn

import pytorch_lightning as pl
from hydra.core.hydra_config import HydraConfig
from lightning_fabric.utilities.exceptions import MisconfigurationException
from omegaconf import DictConfig
from pytorch_lightning.loggers import Logger
from pytorch_lightning.strategies import DDPStrategy
from torch import nn

from sr_experiments.cli.build import build, call, check, check_arguments
from sr_experiments.cli.conf_dir import conf_dir
from sr_experiments.cli.early import checked, lightning_arguments
from sr_experiments.data import RestorationDataModule
from sr_experiments.errors import ConfigError
from sr_experiments.evaluation.benchmark import BenchmarkScore
from sr_experiments.losses import GANLoss
from sr_experiments.models import Network
from sr_experiments.studies.study import read_study
from sr_experiments.training.callbacks.progress import RunProgress
from sr_experiments.training.checkpoint_io import WholeCheckpointIO
from sr_experiments.training.fast_path import fast_forward
from sr_experiments.training.ganmodule import GANModule
from sr_experiments.training.module import RestorationModule

_REMARKS = (
    "does not have many workers",
    "Checkpoint directory",
    "exists and is not empty",
    "method of metric .* was called before",  # a process may have no image of a small set
    "isinstance.treespec",
    "The `srun` command is available",
    "The dirpath has changed",  # a run that is continued in another folder
    "sync_dist=True",  # scores are exchanged before they are logged
    "smaller than the logging interval",  # epochs are short on purpose
)


def plain(config: DictConfig, network: bool = True) -> dict[str, Any]:
    """The resolved configuration as nested dictionaries.

    Args:
        config: the composed one.
        network: check ``model`` too; not where a checkpoint brings the network's arguments.

    Raises:
        ConfigError: a ``_target_`` does not take an argument, or not of this type; a range is
            wrong.
    """
    content = checked(config, network)
    for key, node in content.items():
        if network or key != "model":
            check(key, node)
    for key in ("trainer", "device"):
        check_arguments(key, pl.Trainer, lightning_arguments(content.get(key) or {}))
    if "study" in content:
        content["study"] = _part_in_study(content["study"])
    return content


def _part_in_study(node: dict[str, Any]) -> dict[str, str]:
    """What a run records of its study; the rest stands in ``conf/study``.

    Raises:
        ConfigError: it is not one job of a study.
    """
    study, variant = read_study(node), node["variant"]
    if variant not in study.variants:
        raise ConfigError(
            f"study={study.name}: a study is a sweep; run it with `python train.py -m "
            f"study={study.name}`"
        )
    return {"name": study.name, "size": study.size, "variant": variant}


def build_data(config: DictConfig, network: Network, train: bool = True) -> RestorationDataModule:
    """The data module, fitted to the network's input; without ``train`` the test sets alone."""
    if train and not config.data.train:
        raise ConfigError("data.train: names no images; give folders, files or patterns")
    alone = {"train": [], "val": {}, "held_out": 0, "train_scales": None, "residency": "disk"}
    data: RestorationDataModule = build(
        "data",
        config.data,
        channels=network.in_channels,
        scales=network.scales,
        interpolated=not network.upsamples,
        **({} if train else alone),
    )
    return data


def build_scorers(
    config: DictConfig, data: RestorationDataModule, network: Network
) -> dict[str, BenchmarkScore]:
    """What scores the "val" and the "test" sets."""
    protocol = build("protocol", config.protocol)
    chosen = config.metrics if "metrics" in config else {}
    measures = {name: build(f"metrics.{name}", node) for name, node in chosen.items()}
    return {
        stage: BenchmarkScore(
            protocol,
            [s.name for s in sets],
            network.scales,
            measures,
            timed=stage == "test",
        )
        for stage, sets in data.benchmarks.items()
    }


def build_module(
    config: DictConfig,
    content: dict[str, Any],
    network: Network,
    scorers: dict[str, BenchmarkScore],
) -> RestorationModule:
    """The network with loss, optimizer, schedule, clipping and scores; the loss says if a GAN."""
    optimizer = build("optim", config.optim)
    scheduler = build("scheduler", config.scheduler)
    # Ranges of these two are checked by a call, before any image is read.
    call("scheduler", scheduler, call("optim", optimizer, network), lambda interval: 1)
    loss = build("loss", config.loss)
    clipping = build("clipping", config.clipping)
    fast = {key: bool(config.device.get(key)) for key in ("compile", "channels_last")}
    common = (optimizer, scheduler, clipping, scorers, content)
    forward = fast_forward(network, **fast)
    if not isinstance(loss, GANLoss):
        return RestorationModule(network, loss, *common, forward=forward)
    make = partial(loss.discriminator, in_channels=network.in_channels)
    discriminator = call("loss.discriminator", make)
    call("optim", optimizer, discriminator)
    accumulate = (content.get("trainer") or {}).get("accumulate_grad_batches") or 1
    return GANModule(network, discriminator, loss, *common, accumulate, forward)


def build_scoring(
    content: dict[str, Any], network: Network, scorers: dict[str, BenchmarkScore]
) -> RestorationModule:
    """The network with what scores it, and with nothing to train it."""
    return RestorationModule(network, nn.Identity(), _none, _none, _none, scorers, content)


def _none(*_: Any, **__: Any) -> NoReturn:
    raise AssertionError("what scores does not train")


def build_trainer(
    config: DictConfig,
    loggers: list[Logger],
    callbacks: list[pl.Callback],
    module: RestorationModule,
) -> pl.Trainer:
    """The Trainer of a run."""
    quieten()
    arguments = {**(config.get("trainer") or {}), **lightning_arguments(config.device)}
    if isinstance(module, GANModule):
        # It accumulates by itself; and each of its steps leaves the other network's gradients out.
        arguments["accumulate_grad_batches"] = 1
    baseline = next((scorer.baseline for scorer in module.scorers.values()), "bicubic")
    try:
        trainer = pl.Trainer(
            **arguments,
            plugins=[WholeCheckpointIO()],
            default_root_dir=config.run_dir,
            logger=loggers,
            callbacks=[*callbacks, RunProgress(_short_form(), baseline)],
            enable_progress_bar=False,
            enable_model_summary=False,
            enable_checkpointing=any(isinstance(c, pl.callbacks.Checkpoint) for c in callbacks),
            use_distributed_sampler=False,  # the data module shares out, without duplicates
        )
    except (ValueError, TypeError, RuntimeError, MisconfigurationException) as error:
        raise ConfigError(f"device or trainer: {error}") from None
    if trainer.overfit_batches:  # type: ignore[attr-defined]
        trainer.limit_val_batches = 1.0  # scores are those of whole sets
    # A run takes signals itself; at Lightning's, a terminated run ends with status 0.
    trainer._signal_connector.register_signal_handlers = lambda: None  # type: ignore[method-assign]
    if isinstance(module, GANModule):
        _alternate(trainer, arguments["strategy"])
    return trainer


def _alternate(trainer: pl.Trainer, typed: str) -> None:
    """Makes the trainer's strategy wait for the gradients of one network at a time.

    Raises:
        ConfigError: the strategy of several processes is none that can.
    """
    # After the choice, as any spelling, also "auto", may mean it.
    if isinstance(trainer.strategy, DDPStrategy):
        trainer.strategy._ddp_kwargs["find_unused_parameters"] = True
    elif trainer.world_size > 1:
        raise ConfigError(
            f"device.strategy={typed}: a loss with a discriminator "
            "trains two networks in turn, which only ddp does on several devices; give "
            "device.strategy=ddp"
        )


def _short_form() -> str | None:
    """The override that makes a small recipe of the chosen model's, if there is one."""
    choices = HydraConfig.get().runtime.choices if HydraConfig.initialized() else {}
    name = f"{choices.get('model')}_mini"
    known = (conf_dir() / "experiment" / f"{name}.yaml").is_file()
    return f"experiment={name}" if known and choices.get("experiment") != name else None


def quieten() -> None:
    """Silences remarks of libraries that a user of this project cannot act on."""
    for name in ("pytorch_lightning", "lightning.pytorch", "lightning_fabric"):
        logging.getLogger(name).setLevel(logging.WARNING)
    for remark in _REMARKS:
        warnings.filterwarnings("ignore", f".*{remark}.*")
