from pathlib import Path

import pytest
import pytorch_lightning as pl
import torch
from pytorch_lightning.plugins import MixedPrecision
from torch.utils.data import DataLoader, Dataset

from sr_experiments.errors import ConfigError, TrainingError
from sr_experiments.losses import MSELoss
from sr_experiments.models import SRCNN, VDSR, Network
from sr_experiments.training.callbacks.guard import TrainingGuard
from sr_experiments.training.clipping import AdjustableClipping, NoClipping
from sr_experiments.training.module import RestorationModule
from tests.training.recipes import constant, cosine, sgd


class Batches(Dataset):
    def __init__(self, count: int = 4, batch: int = 2) -> None:
        generator = torch.Generator().manual_seed(0)
        target = torch.rand(count, batch, 1, 24, 24, generator=generator)
        noise = 0.1 * torch.rand(target.shape, generator=generator)
        self.items = list(zip(target + noise, target, strict=True))

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int):
        noisy, target = self.items[index]
        return {"input": noisy, "target": target}


class Spy:
    """Clips nothing, and keeps what it saw."""

    def __init__(self) -> None:
        self.seen: list[torch.Tensor] = []

    def __call__(self, groups, count: bool = True) -> torch.Tensor:
        self.seen.append(torch.cat([p.grad.flatten() for g in groups for p in g["params"]]).clone())
        return torch.tensor(0.0)


def module(network: Network, clipping, lr: float = 0.01) -> RestorationModule:
    return RestorationModule(
        network,
        MSELoss(),
        lambda net: sgd(net, lr=lr),
        constant,
        clipping,
        {},
        {"model": {"_target_": "sr_experiments.models.VDSR"}},
    )


def fit(
    training: RestorationModule, tmp_path: Path, loader: DataLoader | None = None, **kwargs
) -> pl.Trainer:
    trainer = pl.Trainer(
        **{
            "accelerator": "cpu",
            "max_epochs": 1,
            "default_root_dir": tmp_path,
            "enable_progress_bar": False,
            "enable_model_summary": False,
            "enable_checkpointing": False,
            "logger": False,
            "limit_val_batches": 0,
            "limit_test_batches": 0,
            **kwargs,
        }
    )
    trainer.fit(training, loader or DataLoader(Batches(), batch_size=None))
    return trainer


def network() -> VDSR:
    torch.manual_seed(0)
    return VDSR(depth=3, channels=4)


def test_clipping_sees_the_gradients_of_the_loss(tmp_path: Path):
    spy = Spy()
    fit(module(network(), spy), tmp_path)
    batch = Batches()[0]
    twin = network()
    MSELoss()(twin(batch["input"]), batch["target"]).backward()
    expected = torch.cat([p.grad.flatten() for p in twin.parameters()])
    assert len(spy.seen) == 4
    assert torch.allclose(spy.seen[0], expected, atol=1e-6)


def test_clipping_is_called_once_per_accumulated_step(tmp_path: Path):
    spy, together = Spy(), Spy()
    fit(module(network(), spy), tmp_path, accumulate_grad_batches=2)
    assert len(spy.seen) == 2
    pairs = [Batches()[i] for i in range(2)]
    joined = [{k: torch.cat([p[k] for p in pairs]) for k in pairs[0]}]
    fit(module(network(), together), tmp_path, DataLoader(joined, batch_size=None))
    assert torch.allclose(spy.seen[0], together.seen[0], atol=1e-5)


def test_clipping_sees_unscaled_gradients_under_a_gradient_scaler(tmp_path: Path):
    spy, plain = Spy(), Spy()
    scaler = torch.amp.GradScaler("cpu", init_scale=64.0)
    precision = MixedPrecision("16-mixed", "cpu", scaler=scaler)
    fit(module(network(), spy), tmp_path, plugins=[precision])
    fit(module(network(), plain), tmp_path)
    largest = plain.seen[0].abs().max()
    assert (spy.seen[0] - plain.seen[0]).abs().max() < 0.05 * largest


def test_without_padding_the_middle_of_the_target_counts(tmp_path: Path):
    small = SRCNN(kernels=(5, 1, 3), channels=(4, 4), padding=False)
    training = module(small, NoClipping())
    batch = Batches()[0]
    training.log = lambda *args, **kwargs: None  # type: ignore[method-assign]
    loss = training.training_step(batch, 0)
    middle = batch["target"][..., 3:-3, 3:-3]
    assert torch.allclose(loss, MSELoss()(small(batch["input"]), middle))


def test_divergence_is_named(tmp_path: Path):
    with pytest.raises(TrainingError, match=r"diverged.*step \d+.*clipping=adjustable"):
        fit(
            module(network(), NoClipping(), lr=1e4),
            tmp_path,
            DataLoader(Batches(40), batch_size=None),
            callbacks=[TrainingGuard()],
        )


def test_a_dead_network_is_named(tmp_path: Path):
    dead = network()
    with torch.no_grad():
        dead.body[0].bias.fill_(-1e3)  # type: ignore[union-attr, operator]
    with pytest.raises(TrainingError, match="dead"):
        fit(
            module(dead, AdjustableClipping()),
            tmp_path,
            DataLoader(Batches(40), batch_size=None),
            callbacks=[TrainingGuard()],
        )


@pytest.mark.parametrize(
    ("losses", "bad"),
    [
        ([-3.0, -2.0, -1.0, 0.5, 2.0], None),  # a hinge loss
        ([0.0, 0.0, 0.0, 1.0, 2.0], None),
        ([-3.0, -2.0, -1.0, 3001.0], (4, 3001.0)),
        ([-3.0, -2.0, -1.0, -3001.0], (4, -3001.0)),
        ([0.0, 0.0, 0.0, 1.0, 1001.0], (5, 1001.0)),
    ],
)
def test_losses_below_zero_set_the_measure_too(
    losses: list[float], bad: tuple[int, float] | None
) -> None:
    guard = TrainingGuard(warmup=3)
    guard.losses = [torch.tensor(loss) for loss in losses]
    assert guard._judge() == bad


def test_a_schedule_over_the_run_needs_its_end(tmp_path: Path) -> None:
    endless = module(network(), NoClipping())
    endless.make_scheduler = cosine
    with pytest.raises(ConfigError, match=r"scheduler: .*trainer.max_epochs=-1.*constant"):
        fit(endless, tmp_path, max_epochs=-1, max_time="00:00:00:01")


def test_a_healthy_run_is_left_alone(tmp_path: Path):
    guard = TrainingGuard()
    loader = DataLoader(Batches(40), batch_size=None)
    trainer = fit(module(network(), AdjustableClipping()), tmp_path, loader, callbacks=[guard])
    assert trainer.global_step == 40
    assert guard.seen == 40
