"""Where a run's metrics go: ``metrics.csv`` always, W&B and TensorBoard where they are chosen."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig
from pytorch_lightning.loggers import CSVLogger, Logger, TensorBoardLogger, WandbLogger
from pytorch_lightning.utilities import rank_zero_only

from sr_experiments.cli.build import build
from sr_experiments.errors import ConfigError
from sr_experiments.inference.checkpoints import read_checkpoint
from sr_experiments.models import Network
from sr_experiments.models.cost import multiply_adds, parameters
from sr_experiments.runs.checkpoints import continues_itself
from sr_experiments.runs.identity import flatten, run_group, run_name
from sr_experiments.runs.metrics_writer import csv_logger, wandb_id

_RANKED_BY = ("val/psnr", "test/psnr")


def build_loggers(config: DictConfig, checkpoint: str | None = None) -> list[Logger]:
    """CSV always, then those that were chosen.

    Args:
        config: of the run.
        checkpoint: what the run continues.

    Raises:
        ConfigError: W&B is not installed, or is to be online and has no key.
    """
    folder = Path(config.run_dir)
    steps = int(read_checkpoint(Path(checkpoint))["global_step"]) if checkpoint else 0
    loggers: list[Logger] = [csv_logger(folder, checkpoint, steps)]
    typed = HydraConfig.get().overrides.task if HydraConfig.initialized() else []
    # Without a choice there is no such key.
    chosen = config.logger if "logger" in config else {}
    for name, node in chosen.items():
        provided: dict[str, Any] = {}
        if name == "wandb":
            _prepare_wandb(node)
            given = {
                "name": run_name(config, typed),
                "group": run_group(config),
                # Lightning sets a variable, which W&B reads only once in a process.
                "mode": "offline" if node.get("offline") else "online",
            }
            provided = {k: v for k, v in given.items() if node.get(k) is None}
            provided["id"] = wandb_id(folder, checkpoint)
        elif name == "tensorboard":
            # Or the curves of a continued run would go back in time.
            provided = {"purge_step": steps if continues_itself(folder, checkpoint) else None}
        loggers.append(build(f"logger.{name}", node, **provided))
        if isinstance(loggers[-1], WandbLogger):
            # Lightning hands it over though it is not set, and W&B warns of it.
            loggers[-1]._wandb_init.pop("anonymous", None)
    return loggers


def log_config(loggers: Sequence[Logger], content: dict[str, Any], network: Network) -> None:
    """Hands the resolved configuration and the network's cost to every logger.

    Absolute paths, which differ in every run, are left out or cut to their last names.
    """
    if any(not isinstance(logger, CSVLogger) for logger in loggers):
        content = portable(content, Path(content["run_dir"])) | {"network": _cost(network)}
    for logger in loggers:
        if isinstance(logger, TensorBoardLogger):
            _log_hparams(logger, content)
        else:
            logger.log_hyperparams(content)


def portable(content: Mapping[str, Any], run_folder: Path) -> dict[str, Any]:
    """A configuration without what names this machine or this run.

    Args:
        content: plain values, nested.
        run_folder: paths in it are left out, with the key.
    """
    kept: dict[str, Any] = {}
    for key, value in content.items():
        if isinstance(value, Mapping):
            kept[key] = portable(value, run_folder)
        elif isinstance(value, list):
            kept[key] = [_last_name(each) for each in value]
        elif not _is_absolute(value) or run_folder not in (Path(value), *Path(value).parents):
            kept[key] = _last_name(value)
    return kept


def _is_absolute(value: Any) -> bool:
    return isinstance(value, str) and Path(value).is_absolute()


def _last_name(value: Any) -> Any:
    return Path(value).name if _is_absolute(value) else value


def _cost(network: Network) -> dict[str, int]:
    cost = {"parameters": parameters(network)}
    try:
        return cost | {"multiply_adds_720p": multiply_adds(network)}
    except (RuntimeError, NotImplementedError, ValueError):
        return cost  # one's own network may need values to compute with


@rank_zero_only
def _log_hparams(logger: TensorBoardLogger, content: dict[str, Any]) -> None:
    """Fills TensorBoard's page of hyper-parameters, with the metrics that runs are ranked by.

    Lightning would log a value for each of these metrics, at step 0.
    """
    from torch.utils.tensorboard.summary import hparams

    writer = logger.experiment._get_file_writer()
    plain = {
        key: value if isinstance(value, bool | int | float) else str(value)
        for key, value in flatten(content).items()
    }
    for summary in hparams(plain, dict.fromkeys(_RANKED_BY, 0.0)):
        writer.add_summary(summary)


def _prepare_wandb(node: DictConfig) -> None:
    """Makes sure that W&B neither asks for a key nor waits for one.

    Raises:
        ConfigError: it is not installed; online logging without a key that W&B takes.
    """
    try:
        import wandb
    except ImportError:
        raise ConfigError(
            "logger=wandb: wandb is not installed; pip install 'sr-experiments[wandb]'"
        ) from None
    os.environ.setdefault("WANDB_SILENT", "true")
    if node.get("offline"):
        return
    try:
        problem = "" if wandb.login(prompt=False) else "no key"
    except wandb.Error as error:  # a wrong key, or nobody to ask
        problem = " ".join(str(error).split())
    if problem:
        raise ConfigError(
            f"logger.wandb.offline=false: {problem}; set WANDB_API_KEY or run `wandb login`, or "
            "stay offline and upload later with `wandb sync`"
        )
