"""What Trackio is told; the package itself is not among the tests' own."""

import sys
from types import SimpleNamespace
from typing import Any

import pytest

from sr_experiments.training.trackio_logger import TrackioLogger


class Recorded:
    """Stands for the module and for its run."""

    def __init__(self) -> None:
        self.calls: list[Any] = []

    def init(self, *names: str | None, config: dict[str, Any]) -> "Recorded":
        self.calls.append((*names, config))
        return self

    def log(self, metrics: dict[str, float], step: int | None) -> None:
        self.calls.append((metrics, step))

    def finish(self) -> None:
        self.calls.append("finished")


@pytest.fixture
def trackio(monkeypatch: pytest.MonkeyPatch) -> Recorded:
    recorded = Recorded()
    module = SimpleNamespace(init=recorded.init)
    monkeypatch.setitem(sys.modules, "trackio", module)  # type: ignore[arg-type]
    return recorded


def test_a_run_has_its_configuration_and_ends_once(trackio: Recorded) -> None:
    logger = TrackioLogger("project", "lr=0.1", "sweep")
    logger.log_hyperparams({"seed": 0})
    assert not trackio.calls  # nothing was measured
    logger.log_metrics({"train/loss": 1.0}, 10)
    logger.finalize("success")  # as Lightning does between training and test
    logger.log_metrics({"test/psnr": 30.0}, 10)
    logger.finish()
    logger.finish()
    assert trackio.calls == [
        ("project", "lr=0.1", "sweep", {"seed": 0}),
        ({"train/loss": 1.0}, 10),
        ({"test/psnr": 30.0}, 10),
        "finished",
    ]


def test_without_metrics_there_is_no_run(trackio: Recorded) -> None:
    TrackioLogger("project").finish()
    assert not trackio.calls
