"""What a run that is continued takes over: checkpoint, metrics, and in its own folder W&B's id."""

import csv
import os
import secrets
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig
from pytorch_lightning.loggers import CSVLogger
from pytorch_lightning.utilities import rank_zero_only

from sr_experiments.cli.metric_rows import MetricRows
from sr_experiments.files import write_table, write_whole
from sr_experiments.inference.checkpoints import read_checkpoint
from sr_experiments.run_checkpoints import CHECKPOINTS
from sr_experiments.sweeps.command import JOB_MARK
from sr_experiments.sweeps.job import Job
from sr_experiments.sweeps.prior import changes, check_same, settle


def earlier_start(config: DictConfig, content: dict[str, Any]) -> Job | None:
    """How far this job of a cluster came when it was started before.

    A cluster starts a pre-empted or timed-out job again, with the same command in the same folder.
    Elsewhere the launcher of the sweep has looked, or the user says what to continue.
    """
    if HydraConfig.get().mode != RunMode.MULTIRUN:
        return None
    job = Job(0, [], Path(config.run_dir), content)
    check_same(job)
    settle(job)
    return job


def goes_on(config: DictConfig) -> bool:
    """Whether this run belongs into a folder that holds one: it continues that, or the sweep asks.

    A sweep has compared the configurations, and decided what becomes of an earlier attempt.
    """
    swept = JOB_MARK in os.environ or HydraConfig.get().mode == RunMode.MULTIRUN
    return swept or continues_itself(config)


def continues_itself(config: DictConfig) -> bool:
    """Whether the checkpoint to continue lies in the run's own folder."""
    if not config.get("ckpt_path"):
        return False
    return Path(config.run_dir).resolve() in Path(config.ckpt_path).resolve().parents


@rank_zero_only
def say_changes(config: DictConfig, content: dict[str, Any]) -> None:
    """Says where the configuration differs from the one that the continued checkpoint holds."""
    recorded = read_checkpoint(Path(config.ckpt_path))["config"]
    changed = changes(recorded, content, Path(config.run_dir))
    changed.pop("ckpt_path", None)
    if changed:
        said = ", ".join(f"{key} {old} -> {new}" for key, (old, new) in changed.items())
        print(f"changed since: {said}", flush=True)


def csv_logger(config: DictConfig) -> CSVLogger:
    """The logger of ``metrics.csv``, with the rows up to the continued checkpoint.

    Where a run is continued in another folder, these come from the folder of the checkpoint.
    """
    logger = CSVLogger(config.run_dir, name="", version="")
    _continue_rows(logger, config)
    return logger


def first_new_step(config: DictConfig) -> int | None:
    """The step from which a run that continues itself logs anew; None where it begins."""
    return _steps(config) if continues_itself(config) else None


def _steps(config: DictConfig) -> int:
    return int(read_checkpoint(Path(config.ckpt_path))["global_step"])


def _run_of(checkpoint: Path) -> Path:
    folder = checkpoint.parent
    return folder.parent if folder.name == CHECKPOINTS else folder


@rank_zero_only
def _continue_rows(logger: CSVLogger, config: DictConfig) -> None:
    own = Path(config.run_dir, "metrics.csv")
    origin = None
    if config.get("ckpt_path"):
        origin = own if continues_itself(config) else _run_of(Path(config.ckpt_path)) / own.name
    rows, names = rows_before(origin, _steps(config)) if origin and origin.is_file() else ([], [])
    if rows:
        write_table(own, rows, names)
    else:
        own.unlink(missing_ok=True)
    writer = MetricRows(logger.log_dir)
    writer.metrics_keys = names if rows else []
    logger._experiment = writer


def rows_before(path: Path, steps: int) -> tuple[list[dict[str, str]], list[str]]:
    """The rows up to a step and the names of the columns; none of a damaged file, which is kept."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            rows = [row for row in reader if int(float(row["step"] or 0)) < steps]
            return rows, list(reader.fieldnames or [])
    except (OSError, ValueError, KeyError, csv.Error):
        kept = path.with_name(f"{path.name}.damaged")
        path.replace(kept)
        print(f"warning: {path} is damaged; its rows are left out, the file is now {kept.name}")
        return [], []


def wandb_id(config: DictConfig) -> str:
    """A new id, or the one of the run that is continued."""
    path = Path(config.run_dir, "wandb_id")
    if continues_itself(config) and path.is_file():
        return path.read_text(encoding="utf-8").strip()
    new = secrets.token_hex(4)
    rank_zero_only(write_whole)(path, new + "\n")
    return new
