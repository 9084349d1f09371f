"""``metrics.csv``, which outlives a full disk."""

import csv
import os
from pathlib import Path
from typing import Any

from pytorch_lightning.loggers.csv_logs import ExperimentWriter

from sr_experiments.errors import kind_of
from sr_experiments.files import write_table


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
