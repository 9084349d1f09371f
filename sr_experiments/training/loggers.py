"""What loggers get beside metrics: the configuration, the network's cost, and a key that works."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pytorch_lightning.loggers import CSVLogger, Logger, TensorBoardLogger
from pytorch_lightning.utilities import rank_zero_only

from sr_experiments.errors import ConfigError
from sr_experiments.models import Network
from sr_experiments.models.cost import multiply_adds, parameters
from sr_experiments.runs.identity import flatten

_RANKED_BY = ("val/psnr", "test/psnr")


def log_config(
    loggers: Sequence[Logger], content: dict[str, Any], network: Network | None = None
) -> None:
    """Hands the resolved configuration and the network's cost to every logger.

    Absolute paths, which differ in every run, are left out or cut to their last names.

    Args:
        loggers: those of the run.
        content: its configuration.
        network: its network; None where it has several.
    """
    if any(not isinstance(logger, CSVLogger) for logger in loggers):
        content = portable(content, Path(content["run_dir"]))
        content |= {"network": _cost(network)} if network else {}
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


def check_wandb(offline: bool) -> None:
    """Makes sure that W&B neither asks for a key nor waits for one.

    Args:
        offline: whether it needs none.

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
    if offline:
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
