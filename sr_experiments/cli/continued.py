"""What a run that continues in its own folder takes over: checkpoint, metrics, W&B id."""

import csv
import io
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
from sr_experiments.files import write_whole
from sr_experiments.inference.checkpoints import read_checkpoint
from sr_experiments.sweeps.command import JOB_MARK
from sr_experiments.sweeps.job import Job
from sr_experiments.sweeps.prior import check_same, settle


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


def csv_logger(config: DictConfig) -> CSVLogger:
    """The logger of ``metrics.csv``, with the rows up to the continued checkpoint."""
    logger = CSVLogger(config.run_dir, name="", version="")
    _outlive_a_full_disk(logger)
    if (steps := first_new_step(config)) is not None:
        _keep_rows(logger, Path(config.run_dir, "metrics.csv"), steps)
    return logger


def first_new_step(config: DictConfig) -> int | None:
    """The step from which a continued run logs anew; None where it begins."""
    if not continues_itself(config):
        return None
    return int(read_checkpoint(Path(config.ckpt_path))["global_step"])


@rank_zero_only
def _outlive_a_full_disk(logger: CSVLogger) -> None:
    logger._experiment = MetricRows(logger.log_dir)


@rank_zero_only
def _keep_rows(logger: CSVLogger, path: Path, steps: int) -> None:
    if not path.is_file():
        return
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        rows = [row for row in reader if int(float(row["step"] or 0)) < steps]
        names = list(reader.fieldnames or [])
    writer_of_logger = logger.experiment  # removes the file
    if rows:
        text = io.StringIO()
        writer = csv.DictWriter(text, names, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        write_whole(path, text.getvalue())
        writer_of_logger.metrics_keys = names


def wandb_id(config: DictConfig) -> str:
    """A new id, or the one of the run that is continued."""
    path = Path(config.run_dir, "wandb_id")
    if continues_itself(config) and path.is_file():
        return path.read_text(encoding="utf-8").strip()
    new = secrets.token_hex(4)
    rank_zero_only(write_whole)(path, new + "\n")
    return new
