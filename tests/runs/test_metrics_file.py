import csv
import errno
import os
from pathlib import Path

import pytest

from sr_experiments.runs.metrics_file import steps_done
from sr_experiments.runs.metrics_writer import MetricRows, csv_logger


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("new", [{"loss": 3.0}, {"loss": 3.0, "val/psnr": 30.0}])
def test_rows_wait_for_space_and_none_is_torn(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    new: dict[str, float],
):
    writer, path = MetricRows(str(tmp_path)), tmp_path / "metrics.csv"
    writer.log_metrics({"loss": 1.0}, 0)
    writer.save()
    before = path.read_bytes()
    writer.log_metrics(new, 1)

    class Full(csv.DictWriter):
        def writerows(self, rows) -> None:
            self.writer.writerow(["half a r"])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(csv, "DictWriter", Full)
        writer.save()
        writer.save()
    assert path.read_bytes() == before
    assert capsys.readouterr().out.count(f"warning: cannot write {path}: No space left") == 2
    writer.log_metrics({"loss": 4.0}, 2)
    writer.save()
    assert [row["loss"] for row in rows(path)] == ["1.0", "3.0", "4.0"]
    assert [row["step"] for row in rows(path)] == ["0", "1", "2"]


@pytest.mark.parametrize(
    "content", [b"\x80\xff\x00", b"loss,psnr\n1.0,30.0\n", b"step,loss\nx,1.0\n"]
)
def test_a_damaged_file_is_kept_aside(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes
) -> None:
    path = tmp_path / "metrics.csv"
    for kept in ("metrics.csv.1", "metrics.csv.2"):
        path.write_bytes(content)
        csv_logger(tmp_path, f"{tmp_path}/checkpoints/last.ckpt", 10)
        assert not path.exists()
        assert path.with_name(kept).read_bytes() == content
        warning = f"warning: {path} is damaged; its rows are left out, the file is now {kept}"
        assert warning in capsys.readouterr().out


def test_a_damaged_file_of_another_run_stays_as_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other, own = tmp_path / "other" / "metrics.csv", tmp_path / "own"
    other.parent.mkdir()
    own.mkdir()
    other.write_bytes(b"\x80\xff\x00")
    csv_logger(own, f"{other.parent}/checkpoints/last.ckpt", 10)
    assert list(other.parent.iterdir()) == [other]
    assert f"warning: {other} is damaged; its rows are left out\n" in capsys.readouterr().out


def test_the_rows_of_a_run_that_begins_anew_are_moved_aside(tmp_path: Path) -> None:
    path = tmp_path / "metrics.csv"
    for kept in ("metrics.csv.1", "metrics.csv.2"):
        path.write_text("step,epoch,loss\n0,0,1.0\n")
        csv_logger(tmp_path)
        assert not path.exists()
        assert path.with_name(kept).read_text() == "step,epoch,loss\n0,0,1.0\n"


def test_the_rows_up_to_a_checkpoint_are_continued(tmp_path: Path) -> None:
    path = tmp_path / "metrics.csv"
    path.write_text("step,epoch,loss\n0,0,1.0\n9,0,0.5\n10,1,0.4\n")
    csv_logger(tmp_path, f"{tmp_path}/checkpoints/last.ckpt", 10)
    assert [row["loss"] for row in rows(path)] == ["1.0", "0.5"]
    assert list(tmp_path.iterdir()) == [path]


def test_steps_are_counted_before_and_after_the_test(tmp_path: Path) -> None:
    csv_file = tmp_path / "metrics.csv"
    csv_file.write_text("epoch,step,test/psnr,val/psnr\n0,3359,,36.5\n")
    assert steps_done(tmp_path) == 3360
    csv_file.write_text("epoch,step,test/psnr,val/psnr\n0,3359,,36.5\n1,3360,36.5,\n")
    assert steps_done(tmp_path) == 3360
