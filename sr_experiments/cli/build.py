"""From a resolved configuration to the objects of a run."""

from collections.abc import Mapping, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NoReturn

import pytorch_lightning as pl
from hydra.core.hydra_config import HydraConfig
from hydra.errors import InstantiationException
from pytorch_lightning.loggers import Logger, WandbLogger
from pytorch_lightning.strategies import DDPStrategy
from torch import nn

from sr_experiments.cli.config.check import Config
from sr_experiments.cli.config.device import lightning_arguments
from sr_experiments.cli.config.files import conf_dir
from sr_experiments.cli.config.instantiate import blame, build, call_partial
from sr_experiments.cli.devices import BatchPlan, make_trainer
from sr_experiments.data import RestorationDataModule
from sr_experiments.errors import ConfigError, UserError
from sr_experiments.evaluation.benchmark import BenchmarkScore
from sr_experiments.inference.checkpoints import read_checkpoint
from sr_experiments.losses import GANLoss
from sr_experiments.metrics import ColourMetric
from sr_experiments.models import Network
from sr_experiments.models.network import check_network
from sr_experiments.runs.checkpoints import continues_itself
from sr_experiments.runs.identity import run_group, run_name
from sr_experiments.runs.metrics_writer import csv_logger, wandb_id
from sr_experiments.training.callbacks.progress import RunProgress
from sr_experiments.training.checkpoint_io import WholeCheckpointIO
from sr_experiments.training.fast_path import FastPath, fast_forward, set_backends
from sr_experiments.training.ganmodule import GANModule
from sr_experiments.training.loggers import check_wandb
from sr_experiments.training.module import RestorationModule

_PLAIN = FastPath()


def build_network(config: Config) -> Network:
    """The network of ``model``, of this project or from elsewhere.

    Raises:
        ConfigError: its constructor refused a value, or it is not what a network has to be.
    """
    target = config["model"].get("_target_")
    if not target:
        raise ConfigError("model: names no network; choose model=... or give model._target_=...")
    try:
        return check_network(build("model", config["model"]))
    except (UserError, InstantiationException):
        raise
    except ValueError as error:
        raise ConfigError(f"model: {error}") from None
    except Exception as error:  # the code of a network from elsewhere runs here for the first time
        raise ConfigError(f"model: {target} cannot restore an image: {blame(error)}") from None


def build_data(config: Config, network: Network, plan: BatchPlan) -> RestorationDataModule:
    """The images to train on, fitted to the network's input, and those to score.

    Args:
        config: of the run.
        network: which sees them.
        plan: the batches.

    Raises:
        ConfigError: there are no training images, or a key is wrong.
    """
    if not config["data"]["train"]:
        raise ConfigError("data.train: names no images; give folders, files or patterns")
    batches = {"batch_size": plan.per_device, "accumulate": plan.accumulate}
    return _build_data(config, network, batches)


def build_test_data(config: Config, network: Network) -> RestorationDataModule:
    """The test sets alone."""
    nothing: dict[str, Any] = {"train": [], "val": {}, "train_scales": None}
    return _build_data(config, network, nothing | {"held_out": 0, "residency": "disk"})


def _build_data(
    config: Config, network: Network, provided: Mapping[str, Any]
) -> RestorationDataModule:
    data: RestorationDataModule = build(
        "data",
        config["data"],
        channels=network.in_channels,
        scales=network.scales,
        interpolated=not network.upsamples,
        **provided,
    )
    return data


def build_scorers(
    config: Config, data: RestorationDataModule, network: Network
) -> dict[str, BenchmarkScore]:
    """What scores the "val" and the "test" sets.

    Args:
        config: of the run.
        data: the sets.
        network: which is scored.
    """
    protocol = build("protocol", config["protocol"])
    chosen = config.get("metrics") or {}
    further = {name: build(f"metrics.{name}", node) for name, node in chosen.items()}
    for name, metric in further.items():
        if isinstance(metric, ColourMetric) and protocol.source == "y":
            raise ConfigError(
                f"metrics.{name}: protocol={protocol.name} degrades Y alone, so that there is no "
                "colour to compare; choose protocol=edsr, or leave it out"
            )
    return {
        stage: BenchmarkScore(
            protocol,
            [s.name for s in sets],
            network.scales,
            further,
            timed=stage == "test",
        )
        for stage, sets in data.benchmarks.items()
    }


def build_module(
    config: Config,
    network: Network,
    scorers: dict[str, BenchmarkScore],
    plan: BatchPlan,
    path: FastPath = _PLAIN,
) -> RestorationModule:
    """The network with loss, optimizer, schedule, clipping and scores; the loss says if a GAN.

    Args:
        config: of the run; checkpoints hold it.
        network: to be trained.
        scorers: score the "val" and the "test" sets.
        plan: the learning rate's factor, and the batches per step.
        path: how a step is computed.
    """
    node = config.get("optim")
    if node and path.fused and not node.keys() & {"fused", "foreach", "differentiable"}:
        node = {**node, "fused": True}
    if node and "lr" in node and plan.lr_factor != 1:
        node = {**node, "lr": node["lr"] * plan.lr_factor}
    optimizer = build("optim", node)
    scheduler = build("scheduler", config.get("scheduler"))
    # Ranges of these two are checked by a call, before any image is read.
    made = call_partial("optim", optimizer, network)
    call_partial("scheduler", scheduler, made, lambda interval: 1)
    loss = build("loss", config.get("loss"))
    clipping = build("clipping", config.get("clipping"))
    common = (optimizer, scheduler, clipping, scorers, config)
    forward = fast_forward(network, path.compile, path.channels_last)
    if not isinstance(loss, GANLoss):
        return RestorationModule(network, loss, *common, forward=forward)
    make = partial(loss.discriminator, in_channels=network.in_channels)
    discriminator = call_partial("loss.discriminator", make)
    call_partial("optim", optimizer, discriminator)
    return GANModule(network, discriminator, loss, *common, plan.accumulate, forward)


def build_scoring(config: Config, network: Network, scorer: BenchmarkScore) -> RestorationModule:
    """The network with what scores it, and with nothing to train it.

    Args:
        config: of the evaluation.
        network: to be scored.
        scorer: scores the "test" sets.
    """
    scorers = {"test": scorer}
    return RestorationModule(network, nn.Identity(), _none, _none, _none, scorers, config)


def _none(*_: Any, **__: Any) -> NoReturn:
    raise AssertionError("what scores does not train")


def build_loggers(config: Config, checkpoint: Path | None = None) -> list[Logger]:
    """Makes the logger of ``metrics.csv``, then those that were chosen.

    Args:
        config: of the run.
        checkpoint: what the run continues.

    Raises:
        ConfigError: the logger is not installed, or is to be online and has no key.
    """
    folder = Path(config["run_dir"])
    steps = int(read_checkpoint(checkpoint)["global_step"]) if checkpoint else 0
    loggers: list[Logger] = [csv_logger(folder, checkpoint, steps)]
    for name, node in (config.get("logger") or {}).items():
        provided: dict[str, Any] = {}
        if name == "wandb":
            provided = _wandb_arguments(config, checkpoint)
        elif name == "tensorboard":
            # Or the curves of a continued run would go back in time.
            provided = {"purge_step": steps if continues_itself(folder, checkpoint) else None}
        elif name in ("mlflow", "trackio"):
            provided = _run_names(config, name)
        loggers.append(build(f"logger.{name}", node, **provided))
        if isinstance(loggers[-1], WandbLogger):
            # Lightning hands it over though it is not set, and W&B warns of it.
            loggers[-1]._wandb_init.pop("anonymous", None)
    return loggers


def _wandb_arguments(config: Config, checkpoint: Path | None) -> dict[str, Any]:
    node, folder = config["logger"]["wandb"], Path(config["run_dir"])
    check_wandb(bool(node.get("offline")))
    wanted = {
        **_names(config),
        # Lightning sets a variable, which W&B reads only once in a process.
        "mode": "offline" if node.get("offline") else "online",
    }
    missing = {key: value for key, value in wanted.items() if node.get(key) is None}
    return {**missing, "id": wandb_id(folder, checkpoint)}


def _names(config: Config) -> dict[str, str | None]:
    """What a run, and those it belongs to, are called where it is logged."""
    typed = HydraConfig.get().overrides.task if HydraConfig.initialized() else []
    return {"name": run_name(config, typed), "group": run_group(config)}


def _run_names(config: Config, logger: str) -> dict[str, Any]:
    """The same as arguments of MLflow's or Trackio's logger.

    Raises:
        ConfigError: the package is not installed.
    """
    if find_spec(logger) is None:
        raise ConfigError(
            f"logger={logger}: {logger} is not installed; pip install 'sr-experiments[{logger}]'"
        )
    names, node = _names(config), config["logger"][logger]
    if logger == "mlflow":
        tags = {"group": names["group"]} if names["group"] else {}
        return {"run_name": node.get("run_name") or names["name"], "tags": tags}
    return {key: value for key, value in names.items() if node.get(key) is None}


def build_trainer(
    config: Config,
    module: RestorationModule,
    plan: BatchPlan,
    callbacks: Sequence[pl.Callback] = (),
    path: FastPath | None = None,
) -> pl.Trainer:
    """The Trainer of a run, without loggers, which write.

    Args:
        config: of the run.
        module: what it trains or scores.
        plan: the batches per step.
        callbacks: beside the one that shows progress.
        path: how a training step is computed; None where nothing trains.

    Raises:
        ConfigError: there are no such devices, or an argument is refused.
    """
    arguments = {**(config.get("trainer") or {}), **lightning_arguments(config["device"])}
    arguments["accumulate_grad_batches"] = plan.accumulate
    if path:
        arguments["precision"] = path.precision
    if isinstance(module, GANModule):
        # It accumulates by itself, so that the trainer's steps are batches.
        arguments["accumulate_grad_batches"] = 1
        if (arguments.get("max_steps") or -1) > 0:
            arguments["max_steps"] *= plan.accumulate
    baseline = next((scorer.baseline for scorer in module.scorers.values()), "bicubic")
    trainer = make_trainer(
        **arguments,
        plugins=[WholeCheckpointIO()],
        default_root_dir=config["run_dir"],
        logger=[],
        callbacks=[*callbacks, RunProgress(_short_form(), baseline)],
        enable_progress_bar=False,
        enable_model_summary=False,
        enable_checkpointing=any(isinstance(c, pl.callbacks.Checkpoint) for c in callbacks),
        use_distributed_sampler=False,  # the data module shares out, without duplicates
    )
    if path:
        typed = arguments.get("benchmark")
        free = not arguments.get("deterministic")
        set_backends(path, benchmark=free if typed is None else bool(typed))
    if trainer.overfit_batches:  # type: ignore[attr-defined]
        trainer.limit_val_batches = 1.0  # scores are those of whole sets
    # A run takes signals itself; at Lightning's, a terminated run ends with status 0.
    trainer._signal_connector.register_signal_handlers = lambda: None  # type: ignore[method-assign]
    if isinstance(module, GANModule):
        _alternate(trainer, str(arguments.get("strategy")))
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
