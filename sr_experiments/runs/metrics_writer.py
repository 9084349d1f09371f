"""Writes ``metrics.csv``, which outlives a full disk, and is continued with its run."""

import csv
import os
import secrets
from pathlib import Path
from typing import Any

from pytorch_lightning.loggers import CSVLogger
from pytorch_lightning.loggers.csv_logs import ExperimentWriter
from pytorch_lightning.utilities import rank_zero_only

from sr_experiments.errors import kind_of
from sr_experiments.files import write_table, write_whole
from sr_experiments.runs.checkpoints import continues_itself, move_aside, run_of
from sr_experiments.runs.run_files import METRICS


class MetricRows(ExperimentWriter):
    """Lightning's, which keeps rows in memory that the disk does not take.

    What is in the file stays there whole, and the rows follow when there is space again. Rows that
    are there at the start stay, too.
    """

    def _check_log_dir_exists(self) -> None: ...  # Lightning's removes the file

    def log_hparams(self, params: dict[str, Any]) -> None:
        """Writes no ``hparams.yaml``: ``config.yaml`` holds the same."""

    def save(self) -> None:
        """Appends the rows that are new."""
        path = Path(self.metrics_file_path)
        try:
            if self.metrics:
                self._append(path)
        except OSError as error:
            if kind_of(error) != "disk_full":
                raise
            print(f"warning: cannot write {path}: {error.strerror}; will try again", flush=True)

    def _append(self, path: Path) -> None:
        names = sorted(set(self.metrics_keys).union(*self.metrics))
        if names != self.metrics_keys or not path.is_file():
            written = self._written(path)
            names = sorted(set(names).union(*written[:1]))
            write_table(path, written, names)
            self.metrics_keys = names
        size = path.stat().st_size
        try:
            with path.open("a", newline="", encoding="utf-8") as file:
                csv.DictWriter(file, names).writerows(self.metrics)
        except OSError:
            os.truncate(path, size)
            raise
        self.metrics = []

    @staticmethod
    def _written(path: Path) -> list[dict[str, str]]:
        if not path.is_file():
            return []
        with path.open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))


def csv_logger(folder: Path, checkpoint: str | Path | None = None, steps: int = 0) -> CSVLogger:
    """The logger of ``metrics.csv``, with the rows up to the continued checkpoint.

    Where a run is continued in another folder, these come from the folder of the checkpoint, which
    stays as it is. Rows of an earlier attempt that are not continued, and a damaged file of the
    run's own, are moved aside.

    Args:
        folder: the run folder.
        checkpoint: what the run continues.
        steps: optimizer steps done there.
    """
    logger = CSVLogger(folder, name="", version="")
    _continue_rows(logger, folder / METRICS, checkpoint, steps)
    return logger


@rank_zero_only
def _continue_rows(logger: CSVLogger, own: Path, checkpoint: str | Path | None, steps: int) -> None:
    rows: list[dict[str, str]] = []
    names: list[str] = []
    if not continues_itself(own.parent, checkpoint):
        move_aside(own.parent, METRICS)
    origin = run_of(Path(checkpoint)) / METRICS if checkpoint else own
    if origin.is_file():
        try:
            rows, names = _rows_before(origin, steps)
        except (OSError, ValueError, KeyError, csv.Error):
            said = f"warning: {origin} is damaged; its rows are left out"
            if origin.exists() and origin.resolve() == own.resolve():
                said += f", the file is now {METRICS}.{move_aside(own.parent, METRICS)}"
            print(said, flush=True)
    if rows:
        write_table(own, rows, names)
    else:
        own.unlink(missing_ok=True)  # all of its rows will be measured again
    writer = MetricRows(logger.log_dir)
    writer.metrics_keys = names if rows else []
    logger._experiment = writer


def _rows_before(path: Path, steps: int) -> tuple[list[dict[str, str]], list[str]]:
    """The rows up to a step and the names of the columns; raises where the file is damaged."""
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        rows = [row for row in reader if int(float(row["step"] or 0)) < steps]
        return rows, list(reader.fieldnames or [])


def wandb_id(folder: Path, checkpoint: str | Path | None) -> str:
    """A new id, which is recorded, or the one of the run that is continued."""
    path = folder / "wandb_id"
    if continues_itself(folder, checkpoint) and path.is_file():
        return path.read_text(encoding="utf-8").strip()
    new = secrets.token_hex(4)
    rank_zero_only(write_whole)(path, new + "\n")
    return new
